// SPDX-License-Identifier: GPL-3.0-or-later
// A population as rows of one state against its arms one by one, on the CPU.
#include "core/base/torch.h"
#include "core/meta/families.h"
#include "core/meta/population_unroll.h"
#include "core/samplers/l2e_learned.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

FamilyConfig family(std::int64_t width, std::int64_t points_max) {
  FamilyConfig config;
  config.width_min = config.width_max = width;
  config.depth_min = config.depth_max = 2;
  config.points_min = 8;
  config.points_max = points_max;
  config.validation_points = 16;
  return config;
}

std::shared_ptr<const LearnedSampler> l2e_of(double step_multiplier = 0.002) {
  L2eDynamicsConfig config;
  config.step_multiplier = step_multiplier;
  config.alpha_multiplier = config.beta_multiplier = 1.0;
  config.friction = 3.0;
  config.hidden = {16, 9};
  return make_learned_l2e(config);
}

std::vector<float> phi_of(std::uint64_t seed, std::size_t size) {
  const std::vector<double> z = normals(seed, size, 0.1);
  return {z.begin(), z.end()};
}

/// Arms of different phi, task, data count, width and length.
std::vector<Arm> arms_of(std::size_t count) {
  std::vector<Arm> arms;
  for (std::size_t i = 0; i < count; ++i) {
    const RngKey key = RngKey{99}.fold_in(i);
    auto task = std::make_shared<const MetaTask>(make_task(family(i % 2 == 0 ? 6 : 9, 30), key));
    const auto sampler = l2e_of();
    arms.push_back({std::move(task),
                    sampler,
                    phi_of(i, sampler->size()),
                    {20 + static_cast<std::int64_t>(i), 8, 4},
                    key.fold_in(8)});
  }
  return arms;
}

}  // namespace

class TestPopulation : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void armsMoveAsTheyDoAlone() {
    const RunControl control;
    const std::vector<Arm> arms = arms_of(7);
    std::vector<double> alone;
    for (const Arm& arm : arms) alone.push_back(unroll(arm, control));
    const std::vector<double> together = unroll_population(arms, torch::kCPU, control);
    for (const double loss : alone) QVERIFY(std::isfinite(loss));
    ERGO_OK(vectors_differ(together, alone, 1e-3, "losses"));
    QVERIFY(alone[0] != alone[2]);
  }

  /// Rows with data of their own, of different number, against each posterior alone.
  void rowsHaveTheirOwnData() {
    std::vector<Posterior> rows;
    std::int64_t least = 1000, most = 0;
    for (std::uint64_t i = 0; i < 6; ++i) {
      const MetaTask task = make_task(family(7, 40), RngKey{5}.fold_in(i));
      if (!rows.empty() && task.posterior.shape_key() != rows[0].shape_key()) continue;
      rows.push_back(task.posterior);
      least = std::min(least, task.posterior.data_count());
      most = std::max(most, task.posterior.data_count());
    }
    QVERIFY(rows.size() >= 2 && least < most);
    const auto count = static_cast<std::int64_t>(rows.size());
    const torch::Tensor theta =
        random_tensor(3, {count, rows[0].layout.size()}, torch::kDouble, 0.5);
    const auto together = make_population_potential(rows, torch::kDouble);
    const Evaluation& e = together->evaluate(theta);
    for (std::int64_t c = 0; c < count; ++c) {
      const auto alone = make_autograd_potential(rows[static_cast<std::size_t>(c)], torch::kDouble);
      alone->bind_all();
      const Evaluation& expected = alone->evaluate(theta.slice(0, c, c + 1));
      ERGO_OK(
          differs(e.potential[c].item<double>(), expected.potential.item<double>(), 1e-11, "U"));
      ERGO_OK(vectors_differ(doubles(e.grad[c]), doubles(expected.grad), 1e-11, "grad"));
    }
  }

  void aDivergedArmCostsInfinity() {
    const RunControl control;
    std::vector<Arm> arms = arms_of(3);
    arms[2].sampler = l2e_of(1e60);  // positions overflow float32
    QVERIFY(std::isinf(unroll(arms[2], control)));
    const std::vector<double> losses = unroll_population(arms, torch::kCPU, control);
    QVERIFY(std::isfinite(losses[0]) && std::isfinite(losses[1]));
    QVERIFY(std::isinf(losses[2]));
  }

  void aStopLeavesNothing() {
    RunControl control;
    control.stop();
    std::vector<Arm> arms = arms_of(2);
    for (Arm& arm : arms) arm.plan = {2000, 1000, 4};
    for (const double loss : unroll_population(arms, torch::kCPU, control))
      QVERIFY(std::isnan(loss));
  }
};

QTEST_APPLESS_MAIN(TestPopulation)
#include "tst_population.moc"
