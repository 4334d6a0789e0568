// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/noise.h"
#include "core/diagnostics/ess.h"
#include "core/diagnostics/rhat.h"
#include "core/kernels/leapfrog.h"
#include "core/samplers/hmc.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

SamplerContext context_of(std::int64_t steps, std::int64_t burn_in) {
  SamplerContext context;
  context.total_steps = steps;
  context.burn_in = burn_in;
  return context;
}

double energy(const torch::Tensor& momentum, double potential) {
  return potential + 0.5 * momentum.square().sum().item<double>();
}

/// Passes everything on and counts the evaluations.
class CountedPotential final : public Potential {
 public:
  explicit CountedPotential(Potential& inner) : inner_(inner) {}
  void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
    inner_.bind(rows, batch);
  }
  void bind_all() override { inner_.bind_all(); }
  const Evaluation& evaluate(const torch::Tensor& position) override {
    ++evaluations;
    return inner_.evaluate(position);
  }
  std::int64_t data_count() const override { return inner_.data_count(); }
  const ParameterLayout& layout() const override { return inner_.layout(); }
  std::int64_t evaluations = 0;

 private:
  Potential& inner_;
};

double mean(const std::vector<double>& v) { return mean_of(v); }

/// Empty when the mean is `expected` within five standard errors and the chain mixes enough.
std::string mean_is(const diagnostics::Chains& chains, double expected, double least_ess) {
  std::vector<double> pooled;
  for (const auto& chain : chains) pooled.insert(pooled.end(), chain.begin(), chain.end());
  const double ess = diagnostics::ess_bulk(chains);
  if (!(ess > least_ess)) return fmt::format("effective draws: {}", ess);
  const double error = sd_of(pooled) / std::sqrt(ess);
  if (std::abs(mean(pooled) - expected) < 5.0 * error) return {};
  return fmt::format("mean {} +- {}, expected {}", mean(pooled), error, expected);
}

}  // namespace

class TestHmc : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { torch::set_num_threads(1); }

  /// Transitions against loops over scalars, large steps so that some are rejected.
  void transitionsFollowTheirEquations() {
    const torch::NoGradGuard no_grad;
    const std::vector<double> p = {1.0, 3.0, 0.4};
    constexpr double eps = 0.95, length = 4.0, jitter = 0.3;
    QuadraticPotential quadratic(diagonal(p), 3);
    CountedPotential potential(quadratic);
    const auto sampler = make_hmc({eps, length, jitter, 0.0, 100}, context_of(40, 0));
    const RngKey key{5};
    ChainState state = sampler->init(random_tensor(2, {1, 3}, torch::kDouble), 4);
    std::vector<double> theta = doubles(state.position);
    int accepted = 0;
    std::int64_t evaluations = 1;  // of the initial position
    for (std::int64_t t = 1; t <= 40; ++t) {
      const TransitionInfo info = sampler->step(key, state, potential);
      ScalarStream uniform(key.fold_in(4).fold_in(static_cast<std::uint64_t>(t - 1)));
      const auto steps =
          static_cast<int>(std::ceil(length * (1.0 - jitter * uniform.uniform()) / eps));
      std::vector<double> x = theta, r(3);
      fill_normal(key, 4, t, 3, r.data());
      const auto total = [&] {
        double sum = 0.0;
        for (std::size_t i = 0; i < 3; ++i) sum += 0.5 * p[i] * x[i] * x[i] + 0.5 * r[i] * r[i];
        return sum;
      };
      const double start = total();
      double before = 0.0;  // U where the transition began
      for (std::size_t i = 0; i < 3; ++i) before += 0.5 * p[i] * theta[i] * theta[i];
      QVERIFY(std::abs(info.potential.item<double>() - before) < 1e-11 * (1.0 + before));
      for (int s = 0; s < steps; ++s) {
        for (std::size_t i = 0; i < 3; ++i) {
          r[i] -= 0.5 * eps * p[i] * x[i];
          x[i] += eps * r[i];
          r[i] -= 0.5 * eps * p[i] * x[i];
        }
      }
      if (uniform.uniform() < std::exp(start - total())) theta = x, ++accepted;
      evaluations += steps;  // one per leapfrog step
      ERGO_OK(vectors_differ(doubles(state.position), theta, 1e-11));
    }
    QVERIFY(accepted > 5 && accepted < 38);  // both outcomes were compared
    QCOMPARE(state.gradient_evaluations, evaluations);
    QCOMPARE(potential.evaluations, evaluations);
    QVERIFY(sampler->needs_full_batch());
  }

  /// The arithmetic of a trajectory against loops over scalars, of every length.
  void kernelsFollowTheirEquations() {
    for (std::int64_t n = 0; n < 70; ++n) {
      const std::vector<double> x = normals(1, static_cast<std::size_t>(n)),
                                y = normals(2, x.size());
      std::vector<double> wide = y;
      std::vector<float> narrow(y.begin(), y.end());
      const std::vector<float> addend(x.begin(), x.end());
      add_scaled(0.3, x.data(), wide.data(), n);
      add_scaled(0.3f, addend.data(), narrow.data(), n);
      double energy = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        ERGO_OK(differs(wide[i], y[i] + 0.3 * x[i], 1e-15));
        ERGO_OK(differs(static_cast<double>(narrow[i]), y[i] + 0.3 * x[i], 1e-6));
        energy += 0.5 * x[i] * x[i];
      }
      ERGO_OK(differs(kinetic_energy(x.data(), n), energy, 1e-13));
      ERGO_OK(differs(kinetic_energy(addend.data(), n), energy, 1e-6));
    }
  }

  void leapfrogIsReversible() {
    const torch::NoGradGuard no_grad;
    const Posterior posterior = small_posterior(small_data(2, 0), {6, 5}, "tanh");
    const auto potential = make_fused_potential(posterior, torch::kDouble);
    potential->bind_all();
    const torch::Tensor start = initial_position(posterior, RngKey{3}, 0, torch::kDouble);
    torch::Tensor theta = start.clone();
    const torch::Tensor first = random_tensor(9, {1, start.size(1)}, torch::kDouble);
    torch::Tensor r = first.clone(), grad = potential->evaluate(theta).grad.clone();
    leapfrog(theta, r, grad, 0.01, 40, *potential);
    QVERIFY(same_bits(grad, potential->evaluate(theta).grad));
    QVERIFY((theta - start).abs().max().item<double>() > 0.1);
    r.neg_();
    leapfrog(theta, r, grad, 0.01, 40, *potential);
    ERGO_OK(vectors_differ(doubles(theta), doubles(start), 1e-10));
    ERGO_OK(vectors_differ(doubles(r.neg()), doubles(first), 1e-10));
  }

  /// Halving eps at the same time divides the energy error by four.
  void energyErrorIsSecondOrder() {
    const torch::NoGradGuard no_grad;
    const Posterior posterior = small_posterior(small_data(2, 0), {6}, "tanh");
    const auto potential = make_fused_potential(posterior, torch::kDouble);
    potential->bind_all();
    std::vector<double> error;
    for (const std::int64_t steps : {40, 80, 160}) {
      torch::Tensor theta = initial_position(posterior, RngKey{3}, 0, torch::kDouble);
      torch::Tensor r = random_tensor(9, {1, theta.size(1)}, torch::kDouble);
      const double start = energy(r, potential->evaluate(theta).potential.item<double>());
      torch::Tensor grad = potential->evaluate(theta).grad.clone();
      const double eps = 0.2 / static_cast<double>(steps);
      const double end = leapfrog(theta, r, grad, eps, steps, *potential);
      error.push_back(std::abs(energy(r, end) - start));
    }
    for (std::size_t i = 0; i + 1 < error.size(); ++i) {
      const double ratio = error[i] / error[i + 1];
      QVERIFY2(ratio > 3.6 && ratio < 4.4, qPrintable(QString::number(ratio)));
    }
  }

  void momentsOfAGaussian() {
    const torch::NoGradGuard no_grad;
    const std::vector<double> p = {1.0, 4.0, 0.25};
    QuadraticPotential potential(diagonal(p), 3);
    const auto sampler = make_hmc({0.3, 3.0, 0.5, 0.8, 100}, context_of(1700, 200));
    std::vector<diagnostics::Chains> value(3, diagnostics::Chains(2)), square = value;
    for (std::int64_t chain = 0; chain < 2; ++chain) {
      ChainState state = sampler->init(torch::full({1, 3}, 2.0, torch::kDouble), chain);
      for (int t = 1; t <= 1700; ++t) {
        sampler->step(RngKey{11}, state, potential);
        if (t <= 200) continue;
        const std::vector<double> x = doubles(state.position);
        for (std::size_t i = 0; i < 3; ++i) {
          value[i][static_cast<std::size_t>(chain)].push_back(x[i]);
          square[i][static_cast<std::size_t>(chain)].push_back(x[i] * x[i]);
        }
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      ERGO_OK(mean_is(value[i], 0.0, 400));
      ERGO_OK(mean_is(square[i], 1.0 / p[i], 400));
      QVERIFY(diagnostics::rhat(value[i]) < 1.02);
    }
  }

  void adaptationReachesItsTarget() {
    const torch::NoGradGuard no_grad;
    std::vector<double> p;
    for (int i = 0; i < 20; ++i) p.push_back(std::pow(1.3, i));
    QuadraticPotential potential(diagonal(p), 20);
    const std::vector<std::pair<double, double>> cases = {{0.65, 1e-3}, {0.8, 5.0}, {0.9, 0.03}};
    for (const auto& [target, start] : cases) {
      const auto sampler = make_hmc({start, 0.5, 0.2, target, 2000}, context_of(900, 400));
      ChainState state = sampler->init(torch::zeros({1, 20}, torch::kDouble), 0);
      for (int t = 0; t < 400; ++t) sampler->step(RngKey{12}, state, potential);
      const double adapted = sampler->info(state).at("step_size");
      for (int t = 0; t < 500; ++t) sampler->step(RngKey{12}, state, potential);
      const auto info = sampler->info(state);
      QCOMPARE(info.at("step_size"), adapted);  // frozen after the burn-in
      QVERIFY2(std::abs(info.at("acceptance") - target) < 0.07,
               qPrintable(QString::number(info.at("acceptance"))));
    }
  }

  /// A trajectory that leaves the finite numbers is rejected, not followed.
  void nonFiniteTrajectoryIsRejected() {
    const torch::NoGradGuard no_grad;
    QuadraticPotential potential(diagonal({1e200}), 1);
    const auto sampler = make_hmc({1e3, 1e5, 0.0, 0.0, 100}, context_of(3, 0));
    ChainState state = sampler->init(torch::full({1, 1}, 1e-90, torch::kDouble), 0);
    const torch::Tensor before = state.position.clone();
    const TransitionInfo info = sampler->step(RngKey{1}, state, potential);
    QVERIFY(same_bits(state.position, before));
    // U where it stands, without the kinetic energy.
    QVERIFY(std::abs(info.potential.item<double>() - 5e19) < 1e6);
    QCOMPARE(sampler->info(state).at("acceptance"), 0.0);
  }
};

QTEST_GUILESS_MAIN(TestHmc)
#include "tst_hmc.moc"
