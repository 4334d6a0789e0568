// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chain_group.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>

#include "core/base/out_of_memory.h"
#include "core/base/purpose.h"
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"

namespace ergo {
namespace {

constexpr std::size_t device_look_every = 32;  // a look waits for the device

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

ChainGroup::ChainGroup(const Experiment& experiment, const SamplerPlan& plan,
                       std::vector<Chain*> chains, std::uint64_t seed,
                       torch::Tensor given_positions)
    : experiment_(experiment),
      plan_(plan),
      chains_(std::move(chains)),
      seed_(seed),
      seconds_now_(experiment.config.device == "cpu" ? thread_cpu_seconds : wall_seconds),
      start_(std::move(given_positions)),
      noise_key_(purpose_key(seed, Purpose::noise)),
      stream_(torch::Device(experiment.config.device)),
      look_every_(stream_.is_cpu() ? 1 : device_look_every) {}

void ChainGroup::prepare() {
  potential_ =
      make_potential(experiment_.posterior,
                     torch::TensorOptions().dtype(experiment_.dtype).device(stream_.device()),
                     experiment_.config.gradient);
  const std::int64_t batch = experiment_.config.batch_size;
  if (batch == 0 || plan_.sampler->needs_full_batch()) {
    potential_->bind_all();
  } else {
    for (const Chain* chain : chains_) {
      batches_.emplace_back(purpose_key(seed_, Purpose::minibatch), chain->number(),
                            experiment_.posterior.data_count(), batch);
    }
  }
  restored_ ? go_on() : begin();
}

void ChainGroup::begin() {
  if (!start_.defined()) {
    const RngKey key = purpose_key(seed_, Purpose::initial_position);
    std::vector<torch::Tensor> rows;
    for (const Chain* chain : chains_) {
      rows.push_back(
          initial_position(experiment_.posterior, key, chain->number(), experiment_.dtype));
    }
    start_ = torch::cat(rows);
  }
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    chains_[c]->add_snapshot(start_[static_cast<std::int64_t>(c)].clone());
  }
  state_ =
      plan_.sampler->init(start_.to(stream_.device(), experiment_.dtype, false, true).contiguous(),
                          chains_.front()->number());
  start_ = torch::Tensor();
}

/// By init(), which knows on which device each part lives.
void ChainGroup::go_on() {
  state_ =
      plan_.sampler->init(restored_->position.to(stream_.device(), experiment_.dtype, false, true),
                          chains_.front()->number());
  state_.momentum.copy_(restored_->momentum);
  for (std::size_t i = 0; i < state_.extra.size(); ++i) state_.extra[i].copy_(restored_->extra[i]);
  state_.step = first_step_ = restored_->step;
  state_.gradient_evaluations = restored_->evaluations;
  restored_.reset();
}

GroupState ChainGroup::state() {
  if (restored_) return *restored_;
  GroupState copy{state_.step, state_.gradient_evaluations, {}, {}, {}};
  if (finished() || !potential_) return copy;
  const auto on_cpu = [](const torch::Tensor& x) {
    return x.to(torch::kCPU, x.scalar_type(), false, true).contiguous();
  };
  stream_.run([&] {
    copy.position = on_cpu(state_.position);
    copy.momentum = on_cpu(state_.momentum);
    for (const torch::Tensor& extra : state_.extra) copy.extra.push_back(on_cpu(extra));
  });
  return copy;
}

void ChainGroup::restore(GroupState state) {
  const bool ended = std::all_of(chains_.begin(), chains_.end(),
                                 [](const Chain* chain) { return chain->finished(); });
  state_.step = state.step;
  state_.gradient_evaluations = state.evaluations;
  steps_done_.store(state.step);
  finished_.store(ended, std::memory_order_release);
  if (ended || !state.position.defined()) return;
  const auto count = static_cast<std::int64_t>(chains_.size());
  const auto fits = [](const torch::Tensor& a, const torch::Tensor& b) {
    return b.defined() && a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type();
  };
  const torch::Tensor shape =
      torch::zeros({count, experiment_.posterior.layout.size()}, experiment_.dtype);
  const ChainState like = plan_.sampler->init(shape, chains_.front()->number());
  bool good = fits(like.position, state.position) && fits(like.momentum, state.momentum) &&
              like.extra.size() == state.extra.size() && state.step >= 0 &&
              state.step < plan_.collection.steps;
  for (std::size_t i = 0; good && i < like.extra.size(); ++i)
    good = fits(like.extra[i], state.extra[i]);
  if (!good) throw std::invalid_argument("a state of other chains");
  restored_ = std::move(state);
}

void ChainGroup::advance(const RunControl& control, double seconds) {
  const torch::NoGradGuard no_grad;
  const double end = wall_seconds() + seconds;
  slice_begin_ = seconds_now_();
  recording_seconds_ = 0.0;
  try {
    stream_.run([&] {
      if (!potential_) prepare();
      while (transition(control) && wall_seconds() < end) {
      }
      if (!finished()) look();
    });
  } catch (const std::exception& error) {
    const bool memory = is_out_of_memory(error);
    end_all([&](Chain& chain) {
      if (memory)
        chain.halt(state_.step + 1, "out of memory on " + experiment_.config.device);
      else
        chain.diverge(state_.step + 1, std::string("failed: ") + error.what());
    });
  }
  const double spent = seconds_now_() - slice_begin_ - recording_seconds_;
  for (Chain* chain : chains_) {
    chain->flush();
    chain->add_seconds(spent / static_cast<double>(chains_.size()));
  }
}

bool ChainGroup::transition(const RunControl& control) {
  if (finished() || !control.may_advance(granted_used_)) return false;
  const std::int64_t t = state_.step + 1;
  if (!batches_.empty()) {
    rows_.clear();
    for (MinibatchStream& stream : batches_) {
      const auto& rows = stream.rows(t);
      rows_.insert(rows_.end(), rows.begin(), rows.end());
    }
    potential_->bind(rows_, experiment_.config.batch_size);
  }
  TransitionInfo info = take();
  const auto per_chain = state_.gradient_evaluations / static_cast<std::int64_t>(chains_.size());
  const bool collecting = plan_.collection.collects(t);
  steps_done_.store(t, std::memory_order_relaxed);
  // The next transition overwrites the potentials.
  pending_.push_back(
      {t, per_chain, collecting, look_every_ == 1 ? info.potential : info.potential.clone()});
  const bool last = t == plan_.collection.steps;
  const bool wanted = wants_position(t), recorded = chains_.front()->records(t);
  const bool followed = chains_.front()->on_curve(t) || chains_.front()->ends_look(t);
  if (pending_.size() >= look_every_ || wanted || recorded || followed || last) look();
  if (wanted && !finished()) show_position(t);
  if (recorded && !finished()) record_values();
  if (followed && !finished()) follow_curve(t);
  if (last && !finished()) finish();
  return !finished();
}

TransitionInfo ChainGroup::take() {
  if (!graph_) {
    capture_when_warm();
    if (!graph_) return plan_.sampler->step(noise_key_, state_, *potential_);
  } else {
    ++state_.step;
    state_.gradient_evaluations += static_cast<std::int64_t>(chains_.size());
  }
  graph_->replay();
  return captured_;
}

/// Capturing counts the transition but does not do it; the replay that follows does. Where it fails
/// the transitions go on as they were.
void ChainGroup::capture_when_warm() {
  if (stream_.is_cpu() || state_.step - first_step_ < warm_transitions || !potential_->repeats() ||
      !plan_.sampler->repeats(state_)) {
    return;
  }
  const std::int64_t step = state_.step, evaluations = state_.gradient_evaluations;
  graph_ =
      stream_.capture([this] { captured_ = plan_.sampler->step(noise_key_, state_, *potential_); });
  if (graph_) return;
  state_.step = step;
  state_.gradient_evaluations = evaluations;
}

bool ChainGroup::wants_position(std::int64_t t) const {
  return chains_.front()->keeps(t) || chains_.front()->shows(t);
}

/// Potentials of the pending transitions, [transitions, chains], on the CPU.
torch::Tensor ChainGroup::pending_potentials() const {
  if (pending_.size() == 1) return pending_.front().potential.cpu().unsqueeze(0);
  std::vector<torch::Tensor> list;
  for (const Pending& pending : pending_) list.push_back(pending.potential);
  return torch::stack(list).cpu();
}

/// Hands the pending transitions to the chains.
void ChainGroup::look() {
  if (pending_.empty()) return;
  const torch::Tensor potentials = pending_potentials();
  const bool wide = potentials.scalar_type() == torch::kDouble;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Pending& p = pending_[i];
    for (std::size_t c = 0; c < chains_.size(); ++c) {
      if (chains_[c]->finished()) continue;
      const std::size_t at = i * chains_.size() + c;
      const double potential = wide ? potentials.data_ptr<double>()[at]
                                    : static_cast<double>(potentials.data_ptr<float>()[at]);
      chains_[c]->add_point(p.t, potential, p.collecting, p.evaluations);
    }
  }
  pending_.clear();
  finish_with_all();
}

void ChainGroup::show_position(std::int64_t t) {
  const torch::Tensor position = state_.position.to(torch::kCPU);
  // A momentum that is not finite can leave the position finite: a network with ReLU hides it.
  const torch::Tensor momentum_is_finite = state_.momentum.isfinite().all(1).to(torch::kCPU);
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    if (chains_[c]->finished()) continue;
    const torch::Tensor row = position[static_cast<std::int64_t>(c)];
    if (chains_[c]->keeps(t)) chains_[c]->add_draw(t, row.clone());
    if (!momentum_is_finite.data_ptr<bool>()[c] && !chains_[c]->finished())
      chains_[c]->diverge(t, "the momentum is not finite");
    if (chains_[c]->shows(t) && !chains_[c]->finished()) chains_[c]->add_snapshot(row);
  }
  finish_with_all();
}

/// After a look, so that the time in which a device caught up counts as the sampler's.
void ChainGroup::record_values() {
  const double begin = seconds_now_();
  const torch::Tensor values = experiment_.function_values->of(state_.position);
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    const float* row = values.data_ptr<float>() + static_cast<std::int64_t>(c) * values.size(1);
    if (!chains_[c]->finished()) chains_[c]->add_values(row, values.size(1));
  }
  recording_seconds_ += seconds_now_() - begin;
}

/// Positions are kept as they are: a curve ends no chain.
void ChainGroup::follow_curve(std::int64_t t) {
  const double begin = seconds_now_();
  const double spent = begin - slice_begin_ - recording_seconds_;
  const bool wanted = chains_.front()->on_curve(t), ends = chains_.front()->ends_look(t);
  const torch::Tensor position = wanted ? state_.position.to(torch::kCPU) : torch::Tensor();
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    if (chains_[c]->finished()) continue;
    if (wanted) chains_[c]->add_curve_position(t, position[static_cast<std::int64_t>(c)].clone());
    if (ends) chains_[c]->add_cost(t, spent / static_cast<double>(chains_.size()));
  }
  recording_seconds_ += seconds_now_() - begin;
}

void ChainGroup::finish_with_all() {
  if (std::all_of(chains_.begin(), chains_.end(), [](Chain* c) { return c->finished(); })) finish();
}

void ChainGroup::end_all(const std::function<void(Chain&)>& how) {
  for (Chain* chain : chains_) {
    if (!chain->finished()) how(*chain);
  }
  pending_.clear();
  finish();
}

void ChainGroup::finish() {
  std::map<std::string, double> info;
  if (state_.position.defined()) info = plan_.sampler->info(state_);
  for (Chain* chain : chains_) chain->finish(info);
  finished_.store(true, std::memory_order_release);
  graph_.reset();
  captured_ = {};
  potential_.reset();
  state_.device.reset();
}

double ChainGroup::fraction() const {
  if (finished()) return 1.0;
  return static_cast<double>(steps_done_.load(std::memory_order_relaxed)) /
         static_cast<double>(plan_.collection.steps);
}

bool ChainGroup::may_advance(const RunControl& control) const {
  std::int64_t used = granted_used_;
  return !finished() && control.may_advance(used);
}

}  // namespace ergo
