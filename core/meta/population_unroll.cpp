// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/population_unroll.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "core/base/out_of_memory.h"
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"
#include "core/run/collection.h"
#include "core/run/device_stream.h"
#include "core/run/report.h"
#include "core/samplers/device_steps.h"

namespace ergo {
namespace {

constexpr std::int64_t ask_every = 64;  // transitions between two looks at the control

/// What one row of a population's potential said.
class RowPotential final : public Potential {
 public:
  explicit RowPotential(const Potential& whole) : whole_(whole) {}
  void take(const Evaluation& all, std::int64_t row) {
    evaluation_ = {all.potential.slice(0, row, row + 1), all.grad.slice(0, row, row + 1)};
  }
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}
  const Evaluation& evaluate(const torch::Tensor&) override { return evaluation_; }
  std::int64_t data_count() const override { return whole_.data_count(); }
  const ParameterLayout& layout() const override { return whole_.layout(); }

 private:
  const Potential& whole_;
  Evaluation evaluation_;
};

/// Arms of one network shape as rows of one state.
class RowUnroll {
 public:
  RowUnroll(std::vector<const Arm*> arms, const torch::Device& device)
      : arms_(std::move(arms)), stream_(device) {
    for (const Arm* arm : arms_) {
      samplers_.push_back(sampler_of(*arm));
      const UnrollPlan& plan = arm->plan;
      plans_.push_back(
          plan_collection(*samplers_.back(), "meta", plan.steps, plan.burn_in, plan.draws));
      steps_ = std::max(steps_, arm->plan.steps);
    }
    draws_.resize(arms_.size());
    finite_to_the_end_.resize(arms_.size());
  }

  /// @return false when stopped.
  bool run(const RunControl& control) {
    bool whole = true;
    stream_.run([&] {
      prepare();
      for (std::int64_t t = 1; t <= steps_ && whole; ++t) {
        if (t % ask_every == 0 && control.stopped()) whole = false;
        step();
        collect(t);
      }
    });
    return whole;
  }

  double loss(std::size_t row) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!finite_to_the_end_[row].item<bool>()) return infinity;
    Report report(arms_[row]->task->posterior);
    for (const torch::Tensor& draw : draws_[row]) report.add_draw(draw.cpu());
    const double loss = report.test_nll();
    return std::isfinite(loss) ? loss : infinity;
  }

 private:
  void prepare() {
    const auto options = torch::TensorOptions(torch::kFloat).device(stream_.device());
    std::vector<Posterior> posteriors;
    std::vector<torch::Tensor> start;
    for (const Arm* arm : arms_) {
      posteriors.push_back(arm->task->posterior);
      start.push_back(
          initial_position(arm->task->posterior, arm->key.fold_in(2), 0, torch::kFloat));
    }
    potential_ = make_population_potential(std::move(posteriors), options);
    torch::Tensor position = torch::cat(start).to(options);
    finite_ = torch::ones({position.size(0)}, options.dtype(torch::kBool));
    if (runs_on_device(position)) together_ = arms_.front()->sampler->population(rows());
    if (together_) {
      state_ = together_->init(position);
      return;
    }
    for (std::size_t c = 0; c < arms_.size(); ++c) {
      const auto row = static_cast<std::int64_t>(c);
      alone_.push_back(samplers_[c]->init(position.slice(0, row, row + 1), 0));
    }
    state_.position = std::move(position);
  }

  std::vector<PopulationRow> rows() const {
    std::vector<PopulationRow> rows;
    for (const Arm* arm : arms_)
      rows.push_back({arm->phi, arm->task->posterior.data_count(), noise_key(*arm)});
    return rows;
  }

  static RngKey noise_key(const Arm& arm) { return arm.key.fold_in(1); }

  void step() {
    if (together_ && !graph_ && state_.step >= warm_transitions)
      graph_ = stream_.capture([this] { move(); });
    if (graph_)
      graph_->replay();
    else
      move();
    ++state_.step;
  }

  void move() {
    const Evaluation& evaluation = potential_->evaluate(state_.position);
    finite_.logical_and_(evaluation.potential.isfinite());
    if (together_)
      together_->move(state_, evaluation.grad, potential_->layout());
    else
      move_rows(evaluation);
  }

  /// One row after the other, in place, by the arm's own sampler.
  void move_rows(const Evaluation& all) {
    RowPotential potential(*potential_);
    for (std::size_t c = 0; c < arms_.size(); ++c) {
      potential.take(all, static_cast<std::int64_t>(c));
      samplers_[c]->step(noise_key(*arms_[c]), alone_[c], potential);
    }
  }

  torch::Tensor momentum(std::size_t row) const {
    return together_ ? state_.momentum[static_cast<std::int64_t>(row)] : alone_[row].momentum;
  }

  /// Copies stay on the device: looking would wait for it.
  void collect(std::int64_t t) {
    for (std::size_t c = 0; c < arms_.size(); ++c) {
      const auto row = static_cast<std::int64_t>(c);
      if (t == arms_[c]->plan.steps)
        finite_to_the_end_[c] = finite_[row].logical_and(momentum(c).isfinite().all());
      if (t <= arms_[c]->plan.steps && plans_[c].keeps(t))
        draws_[c].push_back(state_.position[row].clone());
    }
  }

  std::vector<const Arm*> arms_;
  DeviceStream stream_;
  std::vector<std::unique_ptr<Sampler>> samplers_;
  std::vector<CollectionPlan> plans_;
  std::int64_t steps_ = 0;
  std::unique_ptr<Potential> potential_;
  ChainState state_;
  std::unique_ptr<PopulationStep> together_;
  std::vector<ChainState> alone_;  ///< views of state_'s rows where they do not move together
  torch::Tensor finite_;           ///< whether every potential so far was, [rows]
  std::unique_ptr<StepGraph> graph_;
  std::vector<std::vector<torch::Tensor>> draws_;
  std::vector<torch::Tensor> finite_to_the_end_;  ///< finite_ of a row at its own last transition
};

std::vector<double> unroll_groups(const std::vector<Arm>& arms, const torch::Device& device,
                                  const RunControl& control) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    groups[arms[i].task->posterior.shape_key()].push_back(i);
  }
  std::vector<double> losses(arms.size(), std::numeric_limits<double>::quiet_NaN());
  for (const auto& [shape, members] : groups) {
    std::vector<const Arm*> rows;
    for (const std::size_t i : members) rows.push_back(&arms[i]);
    RowUnroll unroll(std::move(rows), device);
    if (!unroll.run(control))
      return std::vector<double>(arms.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < members.size(); ++k) losses[members[k]] = unroll.loss(k);
  }
  return losses;
}

}  // namespace

std::vector<double> unroll_population(const std::vector<Arm>& arms, const torch::Device& device,
                                      const RunControl& control) {
  try {
    return unroll_groups(arms, device, control);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    throw Error(ExitCode::internal,
                fmt::format("Device '{}' has not enough memory for the unrolls of {} arms; "
                            "lower field 'pairs'.",
                            device.str(), arms.size()));
  }
}

}  // namespace ergo
