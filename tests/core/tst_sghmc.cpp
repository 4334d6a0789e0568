// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "core/base/noise.h"
#include "core/samplers/csgmcmc.h"
#include "core/samplers/deep_ensemble.h"
#include "core/samplers/sghmc.h"
#include "core/schedules/cosine_cycle.h"
#include "tests/support/plain_math.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

const std::vector<double> precisions = {0.5, 1.0, 2.0, 3.0, 0.1};
constexpr std::int64_t params = 5;
constexpr RngKey key{77};

SamplerContext context_of(std::int64_t steps) {
  SamplerContext context;
  context.total_steps = steps;
  return context;
}

std::vector<double> noise_of(RngKey noise_key, std::int64_t chain, std::int64_t t) {
  std::vector<double> noise(params);
  fill_normal(noise_key, chain, t, params, noise.data());
  return noise;
}

/// Ten transitions of `sampler` against loops with the step size and temperature of each step.
template <class Setting>
std::string follows_loops(const Sampler& sampler, torch::Dtype dtype, double tolerance,
                          std::int64_t steps, Setting setting) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor start = random_tensor(1, {2, params}, dtype);
  QuadraticPotential potential(diagonal(precisions), params);
  ChainState state = sampler.init(start.clone(), 3);
  std::vector<PlainState> plain = {PlainState(doubles(start[0])), PlainState(doubles(start[1]))};
  for (std::int64_t t = 1; t <= steps; ++t) {
    const TransitionInfo info = sampler.step(key, state, potential);
    const std::array<double, 3> now = setting(t);  // step size, friction, temperature
    if (auto p = differs(info.step_size, now[0], 1e-12, "step size"); !p.empty()) return p;
    for (std::int64_t c = 0; c < 2; ++c) {
      PlainState& chain = plain[static_cast<std::size_t>(c)];
      std::vector<double> grad = chain.theta;
      for (std::size_t i = 0; i < grad.size(); ++i) grad[i] *= precisions[i];
      plain_sghmc(now[0], now[1], now[2], grad, noise_of(key, 3 + c, t), chain);
      for (const auto& [tensor, vector] :
           {std::pair(state.momentum[c], chain.r), std::pair(state.position[c], chain.theta)}) {
        if (auto p = vectors_differ(doubles(tensor), vector, tolerance); !p.empty()) return p;
      }
    }
  }
  if (state.step != steps) return "the state does not count its steps";
  return state.gradient_evaluations == 2 * steps ? "" : "gradient evaluations are miscounted";
}

ChainState random_state(torch::Dtype dtype, const Sampler& sampler) {
  ChainState state = sampler.init(random_tensor(5, {3, 37}, dtype), 0);
  state.momentum = random_tensor(6, {3, 37}, dtype);
  return state;
}

}  // namespace

class TestSghmc : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void sghmcFollowsItsEquation_data() { dtypes(); }
  void sghmcFollowsItsEquation() {
    QFETCH(bool, wide);
    const auto sampler = make_sghmc({0.05, 2.0, 0.7}, context_of(10));
    ERGO_OK(follows_loops(*sampler, wide ? torch::kDouble : torch::kFloat, wide ? 1e-13 : 2e-6, 10,
                          [](std::int64_t) {
                            return std::array{0.05, 2.0, 0.7};
                          }));
  }

  /// Without friction or temperature there is no noise: the key must not matter.
  void sghmcWithoutNoise() {
    for (const SghmcConfig& config : {SghmcConfig{0.05, 0.0, 1.0}, SghmcConfig{0.05, 2.0, 0.0}}) {
      const auto sampler = make_sghmc(config, context_of(10));
      ERGO_OK(follows_loops(*sampler, torch::kDouble, 1e-13, 10, [&config](std::int64_t) {
        return std::array{0.05, config.friction, 0.0};
      }));
    }
  }

  /// A position that is no plain block of memory takes the torch path and gives the same numbers.
  void stridedPositionsFallBack() {
    const torch::NoGradGuard no_grad;
    const auto sampler = make_sghmc({0.1, 1.0, 0.5}, context_of(1));
    ChainState dense = random_state(torch::kFloat, *sampler);
    ChainState strided = random_state(torch::kFloat, *sampler);
    strided.position = strided.position.t().contiguous().t();
    QVERIFY(!strided.position.is_contiguous());
    QuadraticPotential potential(torch::eye(37, torch::kDouble), 37);
    sampler->step(key, dense, potential);
    sampler->step(key, strided, potential);
    ERGO_OK(vectors_differ(doubles(strided.position), doubles(dense.position), 1e-6));
  }

  void cosineSchedule() {
    const CosineCycle cycle(0.4, 20, 2);  // L = 10
    QCOMPARE(cycle.length(), std::int64_t(10));
    ERGO_OK(differs(cycle.step_size(1), 0.4, 1e-15));
    ERGO_OK(differs(cycle.step_size(6), 0.4 * std::sqrt(0.5), 1e-15));  // p = 1/2
    ERGO_OK(differs(cycle.step_size(11), 0.4, 1e-15));                  // a new cycle
    ERGO_OK(differs(cycle.step_size(10), 0.4 * std::sin(std::numbers::pi / 20.0), 1e-14));
    QCOMPARE(CosineCycle(1.0, 21, 2).length(), std::int64_t(11));  // ceil(21 / 2)
    ERGO_OK(differs(CosineCycle(1.0, 21, 2).phase(21), 9.0 / 11.0, 1e-15));
  }

  void csgmcmcFollowsItsEquation() {
    CsgmcmcConfig config;
    config.step_size = 0.06;
    config.friction = 3.0;
    config.cycles = 2;
    config.sampling_fraction = 0.3;
    const auto sampler = make_csgmcmc(config, context_of(20));
    const auto phase = [](std::int64_t t) { return static_cast<double>((t - 1) % 10) / 10.0; };
    ERGO_OK(follows_loops(*sampler, torch::kDouble, 1e-13, 20, [phase](std::int64_t t) {
      const double eps = 0.06 * std::sqrt(0.5 * (1.0 + std::cos(std::numbers::pi * phase(t))));
      return std::array{eps, 3.0, (t - 1) % 10 >= 7 ? 1.0 : 0.0};
    }));
    const DrawSchedule gives_draws = sampler->draw_schedule();
    for (std::int64_t t = 1; t <= 20; ++t) {
      QVERIFY2(gives_draws(t) == ((t - 1) % 10 >= 7), std::to_string(t).c_str());
    }
  }

  /// The parts are what the schedule says, transition by transition.
  void collectablePartsAreWhatTheScheduleSays() {
    const auto agrees = [](const Sampler& sampler, std::int64_t steps) {
      std::vector<bool> inside(static_cast<std::size_t>(steps) + 1, false);
      for (const TransitionSpan& part : sampler.collectable()) {
        for (std::int64_t t = part.first; t <= std::min(part.last, steps); ++t)
          inside[static_cast<std::size_t>(t)] = true;
      }
      const DrawSchedule schedule = sampler.draw_schedule();
      for (std::int64_t t = 1; t <= steps; ++t) {
        if (inside[static_cast<std::size_t>(t)] != (!schedule || schedule(t))) return false;
      }
      return true;
    };
    for (const std::int64_t steps : {1, 7, 20, 101, 1000}) {
      for (const std::int64_t cycles : {1, 2, 3, 7, 300}) {
        for (const double fraction : {0.001, 0.2, 0.25, 0.3, 1.0 / 3.0, 1.0}) {
          const auto sampler = make_csgmcmc({0.05, 3.0, 1.0, cycles, fraction}, context_of(steps));
          QVERIFY2(agrees(*sampler, steps), qPrintable(QString::number(steps)));
        }
      }
      QVERIFY(agrees(*make_deep_ensemble({0.08, 5.0}, context_of(steps)), steps));
      QVERIFY(agrees(*make_sghmc({}, context_of(steps)), steps));
    }
  }

  void csgmcmcIsNoisyInTheSamplingPartOnly() {
    const torch::NoGradGuard no_grad;
    const auto sampler = make_csgmcmc({0.05, 3.0, 1.0, 1, 0.5}, context_of(8));
    QuadraticPotential potential(diagonal(precisions), params);
    ChainState a = sampler->init(random_tensor(1, {1, params}, torch::kDouble), 0);
    ChainState b = sampler->init(a.position.clone(), 0);
    for (std::int64_t t = 1; t <= 8; ++t) {
      sampler->step(RngKey{1}, a, potential);
      sampler->step(RngKey{2}, b, potential);
      QCOMPARE(sampler->draw_schedule()(t), t > 4);
      QCOMPARE(same_bits(a.position, b.position), t <= 4);
    }
  }

  void ensembleFollowsItsEquation() {
    const auto sampler = make_deep_ensemble({0.08, 5.0}, context_of(12));
    ERGO_OK(follows_loops(*sampler, torch::kDouble, 1e-13, 12, [](std::int64_t t) {
      const double p = static_cast<double>(t - 1) / 12.0;
      return std::array{0.08 * std::sqrt(0.5 * (1.0 + std::cos(std::numbers::pi * p))), 5.0, 0.0};
    }));
    for (std::int64_t t = 1; t <= 12; ++t) QCOMPARE(sampler->draw_schedule()(t), t == 12);
  }

  /// One cycle without noise is the ensemble's optimiser, to the bit.
  void oneCycleWithoutNoiseIsAnEnsembleMember() {
    const torch::NoGradGuard no_grad;
    const auto cyclical = make_csgmcmc({0.05, 3.0, 0.0, 1, 0.2}, context_of(30));
    const auto member = make_deep_ensemble({0.05, 3.0}, context_of(30));
    QuadraticPotential potential(diagonal(precisions), params);
    ChainState a = cyclical->init(random_tensor(1, {1, params}, torch::kFloat), 0);
    ChainState b = member->init(a.position.clone(), 0);
    for (int t = 0; t < 30; ++t) {
      cyclical->step(key, a, potential);
      member->step(key, b, potential);
    }
    QVERIFY(same_bits(a.position, b.position));
    QVERIFY(!same_bits(a.position, random_tensor(1, {1, params}, torch::kFloat)));
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }
};

QTEST_GUILESS_MAIN(TestSghmc)
#include "tst_sghmc.moc"
