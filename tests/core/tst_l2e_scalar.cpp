// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <cmath>

#include "core/base/error.h"
#include "core/samplers/l2e_scalar.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr std::int64_t params = 11;

ParameterLayout layout() {
  ParameterLayout blocks;
  blocks.add("weight", {4, 2});
  blocks.add("bias", {3});
  return blocks;
}

EnergyParameters bent(std::uint64_t seed = 6) {
  EnergyParameters p;
  p.weights = EnergyWeights({5, 4});
  const std::vector<double> z = normals(seed, p.size(), 0.5);
  p.set_flat(std::vector<float>(z.begin(), z.end()));
  p.alpha_multiplier = p.beta_multiplier = 0.7;
  return p;
}

/// Quantities of two chains, float64.
struct Point {
  torch::Tensor gradient = random_tensor(1, {2, params}, torch::kDouble);
  torch::Tensor position = random_tensor(2, {2, params}, torch::kDouble);
  torch::Tensor momentum = random_tensor(3, {2, params}, torch::kDouble);
  torch::Tensor averages = random_tensor(4, {2, l2e_averages, params}, torch::kDouble);
  ParameterLayout blocks = layout();
  KineticInputs inputs() const { return {gradient, position, momentum, averages, blocks}; }
};

/// rms(r) sum_i G(x_i) by plain numbers, with the normalisers of `at` whatever theta and r are.
double energy(const EnergyParameters& phi, const Point& at, const torch::Tensor& position,
              const torch::Tensor& momentum, std::int64_t chain) {
  const auto rms = [&](const torch::Tensor& row, const BlockInfo& block) {
    const torch::Tensor part =
        row.slice(0, block.offset, block.offset + ParameterLayout::size_of(block));
    return std::sqrt(1e-5 + part.square().mean().item<double>());
  };
  const auto silu = [](double z) { return z / (1.0 + std::exp(-z)); };
  const EnergyWeights& w = phi.weights;
  double sum = 0.0;
  for (const BlockInfo& block : at.blocks.blocks()) {
    std::vector<torch::Tensor> rows = {at.gradient[chain], position[chain], momentum[chain]};
    std::vector<torch::Tensor> fixed = {at.gradient[chain], at.position[chain], at.momentum[chain]};
    for (std::int64_t j = 0; j < l2e_averages; ++j) {
      rows.push_back(at.averages[chain][j]);
      fixed.push_back(at.averages[chain][j]);
    }
    for (std::int64_t i = 0; i < ParameterLayout::size_of(block); ++i) {
      std::vector<double> x;
      for (std::size_t j = 0; j < rows.size(); ++j)
        x.push_back(rows[j][block.offset + i].item<double>() / rms(fixed[j], block));
      std::vector<double> h(w.b0.begin(), w.b0.end());
      for (std::size_t k = 0; k < h.size(); ++k) {
        for (std::size_t j = 0; j < x.size(); ++j) h[k] += w.w0[k * x.size() + j] * x[j];
        h[k] = silu(h[k]);
      }
      double g = 0.5 * w.momentum_square * x[2] * x[2];
      for (std::size_t m = 0; m < w.b1.size(); ++m) {
        double z = w.b1[m];
        for (std::size_t k = 0; k < h.size(); ++k) z += w.w1[m * h.size() + k] * h[k];
        g += w.w2[m] * silu(z);
      }
      sum += rms(at.momentum[chain], block) * g;
    }
  }
  return 0.7 * sum;
}

}  // namespace

class TestL2eScalar : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// alpha = dK/dtheta and beta = dK/dr at frozen normalisers, by central differences.
  void isTheGradientOfItsEnergy() {
    const EnergyParameters phi = bent();
    const Point at;
    const KineticOutputs out =
        energy_outputs(torch::tensor(phi.flat()).to(torch::kDouble), phi, at.inputs());
    constexpr double h = 1e-5;
    for (std::int64_t c = 0; c < 2; ++c) {
      for (std::int64_t i = 0; i < params; ++i) {
        torch::Tensor step = torch::zeros({2, params}, torch::kDouble);
        step[c][i] = h;
        const double by_position = (energy(phi, at, at.position + step, at.momentum, c) -
                                    energy(phi, at, at.position - step, at.momentum, c)) /
                                   (2.0 * h);
        const double by_momentum = (energy(phi, at, at.position, at.momentum + step, c) -
                                    energy(phi, at, at.position, at.momentum - step, c)) /
                                   (2.0 * h);
        ERGO_OK(differs(out.alpha[c][i].item<double>(), by_position, 1e-7, "alpha"));
        ERGO_OK(differs(out.beta[c][i].item<double>(), by_momentum, 1e-7, "beta"));
      }
    }
  }

  /// Zero curl at frozen normalisers: d alpha_i / d r_i = d beta_i / d theta_i. With normalisers
  /// that move with r and theta, which is how the sampler runs, it is not zero.
  void hasNoCurlAtFrozenNormalisers() {
    const EnergyParameters phi = bent();
    const Point at;
    const torch::Tensor flat = torch::tensor(phi.flat()).to(torch::kDouble);
    torch::Tensor theta = at.position.clone().requires_grad_(true);
    torch::Tensor r = at.momentum.clone().requires_grad_(true);
    // The rms count as constants in the graph of energy_outputs().
    const KineticOutputs out =
        energy_outputs(flat, phi, {at.gradient, theta, r, at.averages, at.blocks});
    double largest = 0.0;
    for (std::int64_t i = 0; i < params; ++i) {
      const auto slope = [&](const torch::Tensor& of, const torch::Tensor& by) {
        return torch::autograd::grad({of[0][i]}, {by}, {}, true)[0][0][i].item<double>();
      };
      const double a = slope(out.alpha, r), b = slope(out.beta, theta);
      ERGO_OK(differs(a, b, 1e-12));
      largest = std::max(largest, std::abs(a));
    }
    QVERIFY(largest > 1e-2);
    double moving = 0.0;
    for (std::int64_t i = 0; i < params; ++i)
      moving = std::max(moving, std::abs(moving_curl(flat, phi, at, i)));
    QVERIFY2(moving > 1e-3, std::to_string(moving).c_str());
  }

  void kernelEqualsPlainOperations() {
    const torch::NoGradGuard no_grad;
    for (const L2eWidths widths : {L2eWidths{5, 4}, L2eWidths{32, 32}, L2eWidths{1, 3}}) {
      EnergyParameters phi = bent();
      phi.weights = EnergyWeights(widths);
      const std::vector<double> z = normals(9, phi.size(), 0.3);
      phi.set_flat(std::vector<float>(z.begin(), z.end()));
      Point at;
      const KineticOutputs expected =
          energy_outputs(torch::tensor(phi.flat()).to(torch::kDouble), phi, at.inputs());
      for (torch::Tensor* t : {&at.gradient, &at.position, &at.momentum, &at.averages})
        *t = t->to(torch::kFloat);
      const auto kinetic = make_energy_kinetic(phi);
      ERGO_OK(on_every_target([&]() -> std::string {
        torch::Tensor alpha = torch::empty_like(at.position), beta = torch::empty_like(alpha);
        kinetic->evaluate(at.inputs(), &alpha, beta);
        const std::string wrong = vectors_differ(doubles(alpha), doubles(expected.alpha), 2e-5);
        return wrong.empty() ? vectors_differ(doubles(beta), doubles(expected.beta), 2e-5) : wrong;
      }));
    }
  }

  /// The start of a training is near SGHMC in direction: beta along r.
  void kineticStartFollowsTheMomentum() {
    L2eDynamicsConfig config;
    config.beta_multiplier = 1.0;
    const auto learned = make_learned_l2e_scalar(config);
    EnergyParameters phi;
    phi.alpha_multiplier = phi.beta_multiplier = 1.0;
    phi.set_flat(learned->initial("kinetic", RngKey{4}));
    const Point at;
    const KineticOutputs out =
        energy_outputs(torch::tensor(phi.flat()).to(torch::kDouble), phi, at.inputs());
    const double cosine =
        torch::cosine_similarity(out.beta.reshape({1, -1}), at.momentum.reshape({1, -1}))
            .item<double>();
    QVERIFY2(cosine > 0.9, std::to_string(cosine).c_str());
  }

  void parametersSurviveTheirFile() {
    const std::filesystem::path file = folder() / "phi.safetensors";
    EnergyParameters phi = bent();
    phi.schedule = StepSchedule::cosine;
    phi.friction = 4.0;
    save_energy_parameters(file, phi);
    const EnergyParameters again = load_energy_parameters(file);
    QVERIFY(again.flat() == phi.flat());
    QVERIFY((again.weights.hidden == L2eWidths{5, 4}));
    QVERIFY(again.schedule == StepSchedule::cosine);
    QCOMPARE(again.friction, 4.0);
    save_meta_parameters(file, MetaParameters());
    ERGO_OK(wrong_error([&] { load_energy_parameters(file); }, ExitCode::data,
                        "sampler 'l2e', not of l2e_scalar"));
  }

 private:
  /// d alpha_i / d r_i - d beta_i / d theta_i of the first chain, the normalisers moving too.
  static double moving_curl(const torch::Tensor& flat, const EnergyParameters& phi, const Point& at,
                            std::int64_t i) {
    constexpr double h = 1e-5;
    const auto out = [&](double a, double b) {
      torch::Tensor theta = at.position.clone(), r = at.momentum.clone();
      theta[0][i] += a;
      r[0][i] += b;
      return energy_outputs(flat, phi, {at.gradient, theta, r, at.averages, at.blocks});
    };
    const auto first = [i](const torch::Tensor& t) { return t[0][i].item<double>(); };
    return (first(out(0, h).alpha) - first(out(0, -h).alpha) - first(out(h, 0).beta) +
            first(out(-h, 0).beta)) /
           (2.0 * h);
  }

  std::filesystem::path folder() const { return folder_.path().toStdString(); }
  QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(TestL2eScalar)
#include "tst_l2e_scalar.moc"
