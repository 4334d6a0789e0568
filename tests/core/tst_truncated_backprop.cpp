// SPDX-License-Identifier: GPL-3.0-or-later
// The gradient of truncated unrolls against finite differences of the same loss, float64.

#include "core/base/torch.h"
#include "core/meta/families.h"
#include "core/meta/outer_step.h"
#include "core/meta/truncated_backprop.h"
#include "core/run/report.h"
#include "core/samplers/l2e_learned.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr std::int64_t window = 6;

/// L2E 9-3-4-2 on a sine with a network of four hidden units: 50 numbers in phi.
Arm tiny_arm(std::int64_t steps, std::int64_t burn_in) {
  FamilyConfig family;
  family.points_min = family.points_max = 8;
  family.width_min = family.width_max = 4;
  family.depth_min = family.depth_max = 1;
  family.validation_points = 12;
  L2eDynamicsConfig dynamics;
  dynamics.hidden = {3, 4};
  dynamics.step_multiplier = 0.02;
  dynamics.alpha_multiplier = dynamics.beta_multiplier = 1.0;
  dynamics.friction = 2.0;
  Arm arm;
  arm.key = RngKey{12};
  arm.task = std::make_shared<const MetaTask>(make_task(family, arm.key));
  arm.sampler = make_learned_l2e(dynamics);
  const std::vector<double> z = normals(4, arm.sampler->size(), 0.5);
  arm.phi = std::vector<float>(z.begin(), z.end());
  arm.plan = {steps, burn_in, 3};
  return arm;
}

torch::Tensor phi_of(const Arm& arm) { return torch::tensor(arm.phi).to(torch::kDouble); }

WindowedLoss loss_at(const Arm& arm, const torch::Tensor& phi, bool second_order) {
  const RunControl control;
  return windowed_loss(arm, phi, {window, second_order}, control);
}

/// Central differences of `loss` in every coordinate of phi.
std::vector<double> differences(const torch::Tensor& phi,
                                const std::function<double(const torch::Tensor&)>& loss) {
  constexpr double h = 1e-6;
  std::vector<double> gradient;
  for (std::int64_t i = 0; i < phi.size(0); ++i) {
    torch::Tensor plus = phi.clone(), minus = phi.clone();
    plus[i] += h;
    minus[i] -= h;
    gradient.push_back((loss(plus) - loss(minus)) / (2.0 * h));
  }
  return gradient;
}

double largest(const std::vector<double>& values) {
  double most = 0.0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

/// Gradients recorded one after the other, whatever the position.
class Recorded final : public Potential {
 public:
  explicit Recorded(const Posterior& posterior)
      : live_(make_autograd_potential(posterior, torch::kDouble)) {
    live_->bind_all();
  }
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}
  const Evaluation& evaluate(const torch::Tensor& position) override {
    if (next_ == tape_.size()) {
      const Evaluation& e = live_->evaluate(position.detach());
      tape_.push_back({e.potential.clone(), e.grad.clone()});
    }
    return tape_[next_++];
  }
  void rewind() { next_ = 0; }
  std::int64_t data_count() const override { return live_->data_count(); }
  const ParameterLayout& layout() const override { return live_->layout(); }

 private:
  std::unique_ptr<Potential> live_;
  std::vector<Evaluation> tape_;
  std::size_t next_ = 0;
};

/// The loss of the first window by the definition: transitions, K = 3 draws of 6, meta-loss.
double first_window(const Arm& arm, const torch::Tensor& phi, Potential& potential) {
  const torch::NoGradGuard no_grad;
  const Posterior& posterior = arm.task->posterior;
  const SamplerContext context{&potential.layout(), window, 0, posterior.data_count(), {}};
  ChainState state =
      sampler_of(arm)->init(initial_position(posterior, arm.key.fold_in(2), 0, torch::kDouble), 0);
  std::vector<torch::Tensor> draws;
  for (std::int64_t t = 1; t <= window; ++t) {
    state = arm.sampler->differentiable_step(phi, arm.key.fold_in(1), state, potential, context);
    if (t % 2 == 0) draws.push_back(state.position);
  }
  return bma_loss(posterior, torch::cat(draws)).item<double>();
}

}  // namespace

class TestTruncatedBackprop : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void secondOrderIsTheWholeDerivativeOfAWindow() {
    const Arm arm = tiny_arm(window, 0);
    const torch::Tensor phi = phi_of(arm);
    const WindowedLoss got = loss_at(arm, phi, true);
    const auto live = make_autograd_potential(arm.task->posterior, torch::kDouble);
    live->bind_all();
    ERGO_OK(differs(got.loss, first_window(arm, phi, *live), 1e-12, "loss"));
    const std::vector<double> expected =
        differences(phi, [&](const torch::Tensor& at) { return first_window(arm, at, *live); });
    QVERIFY(largest(expected) > 1e-3);
    ERGO_OK(vectors_differ(got.gradient, expected, 1e-6, "gradient"));
  }

  /// Without second_order: the derivative where grad U stays what it was at this phi.
  void firstOrderHoldsTheGradientOfUFixed() {
    const Arm arm = tiny_arm(window, 0);
    const torch::Tensor phi = phi_of(arm);
    const WindowedLoss got = loss_at(arm, phi, false);
    Recorded recorded(arm.task->posterior);
    ERGO_OK(differs(got.loss, first_window(arm, phi, recorded), 1e-12, "loss"));
    const std::vector<double> expected = differences(phi, [&](const torch::Tensor& at) {
      recorded.rewind();
      return first_window(arm, at, recorded);
    });
    ERGO_OK(vectors_differ(got.gradient, expected, 1e-6, "gradient"));
    const std::vector<double> whole = loss_at(arm, phi, true).gradient;
    QVERIFY(!vectors_differ(got.gradient, whole, 1e-3).empty());
  }

  /// Two windows are the mean of the first one and of one that begins after a burn-in: the second
  /// takes its start for a constant. What is left over of the unroll is not taken.
  void windowsAreCutApart() {
    const Arm first = tiny_arm(window, 0), second = tiny_arm(2 * window, window);
    for (const bool second_order : {false, true}) {
      const WindowedLoss a = loss_at(first, phi_of(first), second_order);
      const WindowedLoss b = loss_at(second, phi_of(second), second_order);
      const Arm whole = tiny_arm(2 * window + 5, 0);
      const WindowedLoss both = loss_at(whole, phi_of(whole), second_order);
      ERGO_OK(differs(both.loss, 0.5 * (a.loss + b.loss), 1e-10));
      std::vector<double> mean = a.gradient;
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = 0.5 * (mean[i] + b.gradient[i]);
      ERGO_OK(vectors_differ(both.gradient, mean, 1e-8));
      QVERIFY(a.loss != b.loss);
    }
  }

  void lossIsTheReportsNll() {
    const Posterior posterior = tiny_arm(window, 0).task->posterior;
    Report report(posterior);
    std::vector<torch::Tensor> draws;
    for (std::uint64_t k = 0; k < 4; ++k) {
      draws.push_back(initial_position(posterior, RngKey{k}, 0, torch::kFloat));
      report.add_draw(draws.back().reshape({-1}));
    }
    const double loss = bma_loss(posterior, torch::cat(draws).to(torch::kDouble)).item<double>();
    ERGO_OK(differs(loss, report.test_nll(), 1e-5));
  }

  /// A fixed task in float32, as the trainer does it.
  void stepsLowerTheLoss() {
    for (const bool second_order : {false, true}) {
      const Arm arm = tiny_arm(4 * window, 2 * window);
      OuterConfig config;
      config.learning_rate = config.final_learning_rate = 0.02;
      MetaState state;
      state.phi = state.mean_phi = arm.phi;
      state.trainer = Adam(arm.phi.size()).state();
      const auto now = [&] {
        Arm at = arm;
        at.phi = state.phi;
        return loss_at(at, torch::tensor(at.phi), second_order);
      };
      const double before = now().loss;
      for (int i = 0; i < 15; ++i) outer_step(state, now().gradient, config, 15);
      const double after = now().loss;
      QVERIFY2(after < 0.9 * before,
               qPrintable(QStringLiteral("%1, then %2").arg(before).arg(after)));
    }
  }

  void divergenceAndStopAreTold() {
    Arm arm = tiny_arm(window, 0);
    RunControl control;
    L2eDynamicsConfig wild;
    wild.hidden = {3, 4};
    wild.step_multiplier = 1e60;
    arm.sampler = make_learned_l2e(wild);
    const WindowedLoss diverged =
        windowed_loss(arm, torch::tensor(arm.phi), {window, false}, control);
    QVERIFY(std::isinf(diverged.loss));
    QCOMPARE(diverged.gradient, std::vector<double>(arm.phi.size(), 0.0));
    control.stop();
    QVERIFY(std::isnan(
        windowed_loss(tiny_arm(window, 0), torch::tensor(arm.phi), {window, false}, control).loss));
  }
};

QTEST_APPLESS_MAIN(TestTruncatedBackprop)
#include "tst_truncated_backprop.moc"
