// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/torch.h"
#include "core/meta/families.h"
#include "core/meta/stein_kl.h"
#include "core/posteriors/potentials.h"
#include "core/samplers/meta_sgmcmc_learned.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

class TestSteinKl : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// Of draws of N(1, 4) in two dimensions, grad log q is (1 - x) / 4.
  void estimatesTheScoreOfAGaussian() {
    const torch::Tensor x = random_tensor(3, {400, 2}, torch::kDouble) * 2.0 + 1.0;
    const torch::Tensor expected = (1.0 - x) / 4.0, got = stein_gradient(x, 1.0);
    const torch::Tensor inside = ((x - 1.0).abs() < 3.0).all(1);  // few draws lie further out
    const double cosine = torch::cosine_similarity(got.index({inside}).reshape({1, -1}),
                                                   expected.index({inside}).reshape({1, -1}))
                              .item<double>();
    QVERIFY2(cosine > 0.95, std::to_string(cosine).c_str());
    const double slope =
        ((got * expected).index({inside}).sum() / expected.square().index({inside}).sum())
            .item<double>();
    QVERIFY2(std::abs(slope - 1.0) < 0.15, std::to_string(slope).c_str());
  }

  /// By the definition, element by element.
  void equalsItsFormula() {
    const torch::Tensor x = random_tensor(4, {5, 3}, torch::kDouble);
    std::vector<double> squared;
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 5; ++j)
        if (i != j) squared.push_back((x[i] - x[j]).square().sum().item<double>());
    std::sort(squared.begin(), squared.end());
    const double width = squared[(squared.size() - 1) / 2] / 2.0;
    torch::Tensor a = torch::zeros({5, 5}, torch::kDouble), b = torch::zeros_like(x);
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j < 5; ++j) {
        a[i][j] = torch::exp(-(x[i] - x[j]).square().sum() / (2.0 * width));
        b[i] += a[i][j] * (x[i] - x[j]) / width;
      }
    }
    const torch::Tensor residual =
        torch::mm(a + 0.3 * torch::eye(5, torch::kDouble), stein_gradient(x, 0.3)) + b;
    QVERIFY(residual.abs().max().item<double>() < 1e-12);
    const torch::Tensor equal = torch::ones({4, 2}, torch::kDouble);
    QCOMPARE(stein_gradient(equal, 0.3).abs().max().item<double>(), 0.0);
  }

  /// One window of several chains, step by step by the definition.
  void gradientOfAWindow() {
    FamilyConfig family;
    family.points_min = family.points_max = 12;
    family.width_min = family.width_max = 4;
    family.depth_min = family.depth_max = 1;
    constexpr std::int64_t window = 9, every = 3, chains = 4;
    Arm arm;
    arm.key = RngKey{12};
    arm.task = std::make_shared<const MetaTask>(make_task(family, arm.key));
    arm.sampler = make_learned_meta_sgmcmc({0.002, 3.0, 1.0, 4});
    arm.phi = arm.sampler->initial("quiet", RngKey{3});
    arm.plan = {window, 0, 3};
    const RunControl control;
    const torch::Tensor phi = torch::tensor(arm.phi).to(torch::kDouble);
    const WindowedLoss got = stein_kl(arm, phi, {window, false, chains}, every, 0.5, control);

    const Posterior& posterior = arm.task->posterior;
    const auto potential = make_autograd_potential(posterior, torch::kDouble);
    potential->bind_all();
    std::vector<torch::Tensor> starts, kept;
    for (std::int64_t c = 0; c < chains; ++c)
      starts.push_back(initial_position(posterior, arm.key.fold_in(2), c, torch::kDouble));
    const SamplerContext context{&potential->layout(), window, 0, posterior.data_count(), {}};
    const torch::Tensor leaf = phi.clone().requires_grad_(true);
    ChainState state = sampler_of(arm)->init(torch::cat(starts), 0);
    for (std::int64_t t = 1; t <= window; ++t) {
      state =
          arm.sampler->differentiable_step(leaf, arm.key.fold_in(1), state, *potential, context);
      if (t % every == 0) kept.push_back(state.position);
    }
    const torch::Tensor draws = torch::cat(kept);
    QCOMPARE(draws.size(0), std::int64_t(12));
    const Evaluation& at = potential->evaluate(draws.detach());
    const torch::Tensor slope = (at.grad + stein_gradient(draws.detach(), 0.5)) / 12.0;
    ERGO_OK(differs(got.loss, at.potential.mean().item<double>() / 12.0, 1e-5, "loss"));
    const torch::Tensor expected = torch::autograd::grad({(draws * slope).sum()}, {leaf})[0];
    QVERIFY(expected.abs().max().item<double>() > 1e-3);
    ERGO_OK(vectors_differ(got.gradient, doubles(expected), 1e-4, "gradient"));
  }
};

QTEST_GUILESS_MAIN(TestSteinKl)
#include "tst_stein_kl.moc"
