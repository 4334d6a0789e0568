// SPDX-License-Identifier: GPL-3.0-or-later
// Gradient and L2E step of the toy on one core against LibTorch eager.
#include <spdlog/fmt/fmt.h>

#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/samplers/l2e.h"
#include "tests/bench/eager_peers.h"
#include "tests/bench/kernel_call.h"
#include "tests/bench/measure.h"
#include "tests/bench/suites.h"
#include "tests/bench/toy.h"

namespace ergo::bench {
namespace {

/// A peer that computes something else must not be timed: both sides in float32 agree to a few
/// thousand units in the last place of the largest entry, whatever the order of summation.
constexpr double float32_accuracy = 2e-5;

void require_equal(const torch::Tensor& ours, const torch::Tensor& theirs, const char* what) {
  const double scale = ours.abs().max().item<double>();
  const double difference = (ours - theirs).abs().max().item<double>();
  if (scale > 0 && difference <= float32_accuracy * scale) return;
  throw std::runtime_error(
      fmt::format("{} differ by {:.3g} of the largest entry, more than float32 accuracy", what,
                  difference / scale));
}

torch::Tensor concatenated(const std::vector<torch::Tensor>& list) {
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& part : list) parts.push_back(part.flatten());
  return torch::cat(parts);
}

struct ToyGradient {
  Posterior posterior = toy_posterior();
  std::unique_ptr<Potential> ours = make_fused_potential(posterior, torch::kFloat);
  EagerNetwork eager{posterior};
  torch::Tensor position;

  ToyGradient() {
    ours->bind_all();
    position = initial_position(posterior, RngKey::from_seed(5), 0, torch::kFloat);
    eager.set_position(position);
    const torch::Tensor grad = ours->evaluate(position).grad[0];
    require_equal(grad, concatenated(eager.gradient_by_autograd()), "gradients (autograd peer)");
    require_equal(grad, concatenated(eager.gradient_by_decay()), "gradients (weight-decay peer)");
  }
};

void toy_gradient(benchmark::State& state) {
  ToyGradient toy;
  measure_in_turns(state,
                   {{"ours_s", 400, [&] { toy.ours->evaluate(toy.position); }},
                    {"autograd_s", 40, [&] { toy.eager.gradient_by_autograd(); }},
                    {"decay_s", 40, [&] { toy.eager.gradient_by_decay(); }}},
                   4);
}

struct ToyStep {
  Posterior posterior = toy_posterior();
  std::unique_ptr<Potential> potential = make_fused_potential(posterior, torch::kFloat);
  RngKey key = RngKey::from_seed(11);
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<EagerL2e> addmm, loop;
  ChainState state;

  explicit ToyStep(const MetaParameters& phi)
      : sampler(make_l2e(phi, context_of(posterior))),
        addmm(make_concatenated_l2e(posterior, phi)),
        loop(make_looping_l2e(posterior, phi)) {
    potential->bind_all();
    state = stirred(*sampler, posterior, 21);
    addmm->set_state(state);
    loop->set_state(state);
  }

  /// One step on either side from the same state with the same noise.
  void check() {
    const torch::Tensor noise = torch::empty({state.position.size(1)});
    fill_normal(key, 0, state.step + 1, noise.numel(), noise.data_ptr<float>());
    const torch::Tensor before = state.position[0].clone();
    sampler->step(key, state, *potential);
    for (EagerL2e* peer : {addmm.get(), loop.get()}) {
      peer->step(noise);
      require_equal(state.momentum[0], peer->momentum(), "momenta");
      require_equal(state.extra[0][0], peer->averages(), "averages");
      require_equal(state.position[0], peer->position(), "positions");
      // The step is small beside the position: hold it to the rounding of the position itself.
      const torch::Tensor moved = state.position[0] - before, theirs = peer->position() - before;
      const double rounding = before.abs().max().item<double>() * 0x1p-22;
      const double off = (moved - theirs).abs().max().item<double>();
      if (off > 1e-4 * moved.abs().max().item<double>() + rounding) {
        throw std::runtime_error(fmt::format("position updates differ by {:.3g}", off));
      }
    }
  }
};

/// FLOP that no implementation of the step avoids: forward and backward passes of the network, one
/// full evaluation, and one that reuses the first layer's share of the eight other features.
double flop_of_step(const Posterior& posterior) {
  const auto params = static_cast<double>(posterior.layout.size());
  const auto points = static_cast<double>(posterior.data_count());
  return params * (6.0 * points + 2.0 * l2e_network_flop - 2.0 * (8 * 32 + 32));
}

void toy_l2e_step(benchmark::State& state) {
  ToyStep(random_phi(3)).check();
  ToyStep toy(shipped_phi());
  toy.check();
  measure_in_turns(state,
                   {{"ours_s", 100, [&] { toy.sampler->step(toy.key, toy.state, *toy.potential); }},
                    {"addmm_s", 25, [&] { toy.addmm->step(); }},
                    {"loop_s", 10, [&] { toy.loop->step(); }}},
                   4);
  state.counters["limit_s"] = flop_of_step(toy.posterior) / fma_peak_flops();
}

/// The first difference between the sides ends the benchmark, with its sentence.
void guarded(benchmark::State& state, void (*repetition)(benchmark::State&)) {
  try {
    const torch::NoGradGuard no_grad;
    repetition(state);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

}  // namespace

void add_toy_benchmarks() {
  add_benchmark("toy_gradient", 15, [](auto& state) { guarded(state, toy_gradient); });
  add_benchmark("toy_l2e_step", 15, [](auto& state) { guarded(state, toy_l2e_step); });
}

}  // namespace ergo::bench
