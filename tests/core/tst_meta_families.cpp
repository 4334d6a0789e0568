// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>
#include <set>

#include "core/base/torch.h"
#include "core/meta/families.h"
#include "core/meta/unroll.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

FamilyConfig family_of(const std::string& functions) {
  FamilyConfig config;
  config.functions = functions;
  config.gap_min = 0.4;
  config.gap_max = 0.7;
  return config;
}

/// The sd of the task's likelihood.
double noise_of(const MetaTask& task) {
  return 1.0 / std::sqrt(task.posterior.likelihood->row_numbers().front());
}

MetaTask task_of(const FamilyConfig& config, std::uint64_t number) {
  return make_task(config, RngKey::from_seed(6).fold_in(number));
}

/// Widest interval of [-1, 1] that no training input lies in.
double widest_hole(const Split& split) {
  std::vector<double> x = split.x.values;
  x.insert(x.end(), {-1.0, 1.0});
  std::sort(x.begin(), x.end());
  double widest = 0.0;
  for (std::size_t i = 1; i < x.size(); ++i) widest = std::max(widest, x[i] - x[i - 1]);
  return widest;
}

SamplerContext context_of(const MetaTask& task, std::int64_t steps) {
  SamplerContext context;
  context.layout = &task.posterior.layout;
  context.total_steps = steps;
  context.data_count = task.posterior.data_count();
  return context;
}

}  // namespace

class TestMetaFamilies : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void tasksAreDeterministic_data() { families(); }
  void tasksAreDeterministic() {
    QFETCH(QString, name);
    const FamilyConfig config = family_of(name.toStdString());
    const MetaTask a = task_of(config, 1), b = task_of(config, 1), c = task_of(config, 2);
    QVERIFY(a.posterior.data->train.x.values == b.posterior.data->train.x.values);
    QVERIFY(a.posterior.data->train.y == b.posterior.data->train.y);
    QVERIFY(a.posterior.data->test.y == b.posterior.data->test.y);
    QCOMPARE(a.true_nll, b.true_nll);
    QVERIFY(a.posterior.data->train.y != c.posterior.data->train.y);
  }

  void tasksHaveTheirShape_data() { families(); }
  /// Sizes, noise and networks within their ranges; a gap without training points; validation
  /// inputs uniform over the whole domain, so that about their share falls into the gap.
  void tasksHaveTheirShape() {
    QFETCH(QString, name);
    const FamilyConfig config = family_of(name.toStdString());
    const double least_gap = name == "gap" ? 0.6 : 0.4;
    std::set<std::int64_t> widths;
    double low = 1.0, high = -1.0, sum = 0.0, squares = 0.0, count = 0.0;
    for (std::uint64_t i = 0; i < 40; ++i) {
      const MetaTask task = task_of(config, i);
      const Dataset& data = *task.posterior.data;
      QVERIFY(data.train.size() >= config.points_min && data.train.size() <= config.points_max);
      QCOMPARE(data.test.size(), config.validation_points);
      QVERIFY(widest_hole(data.train) >= least_gap);
      QVERIFY(noise_of(task) >= config.noise_min && noise_of(task) <= config.noise_max);
      const auto& blocks = task.posterior.layout.blocks();
      QVERIFY(blocks.size() >= 4 && blocks.size() <= 8);
      const std::int64_t width = blocks[1].shape[0];
      QVERIFY(width >= config.width_min && width <= config.width_max);
      widths.insert(width);
      for (const double x : data.test.x.values) {
        low = std::min(low, x);
        high = std::max(high, x);
        sum += x;
        squares += x * x;
        ++count;
      }
      for (const double y : data.train.y) QVERIFY(std::isfinite(y));
    }
    QVERIFY(widths.size() > 5);
    QVERIFY(low < -0.98 && high > 0.98);
    QVERIFY(std::abs(sum / count) < 5.0 * std::sqrt(1.0 / 3.0 / count));
    QVERIFY(std::abs(squares / count - 1.0 / 3.0) < 5.0 * std::sqrt(4.0 / 45.0 / count));
  }

  /// true_nll is the NLL of the noise alone: log(sd sqrt(2 pi)) + 1/2 on average.
  void noiseFloor() {
    const FamilyConfig config = family_of("sine");
    double sum = 0.0;
    constexpr int tasks = 200;
    for (std::uint64_t i = 0; i < tasks; ++i) {
      const MetaTask task = task_of(config, i);
      const double entropy = std::log(noise_of(task) * std::sqrt(2.0 * std::numbers::pi)) + 0.5;
      sum += (task.true_nll - entropy) / tasks;
    }
    const double error = std::sqrt(0.5 / (tasks * static_cast<double>(config.validation_points)));
    QVERIFY(std::abs(sum) < 5.0 * error);
  }

  void unrollIsDeterministic() {
    const MetaTask task = task_of(family_of("sine"), 3);
    const auto sampler = make_sghmc({1e-3, 10.0, 1.0}, context_of(task, 60));
    const RunControl control;
    const torch::NoGradGuard no_grad;
    const double a = unroll(*sampler, task, {60, 20, 4}, RngKey{1}, control);
    QVERIFY(std::isfinite(a));
    QCOMPARE(unroll(*sampler, task, {60, 20, 4}, RngKey{1}, control), a);
    QVERIFY(unroll(*sampler, task, {60, 20, 4}, RngKey{2}, control) != a);
  }

  void unrollTellsDivergenceFromAStop() {
    const MetaTask task = task_of(family_of("sine"), 3);
    const torch::NoGradGuard no_grad;
    RunControl control;
    const auto wild = make_sghmc({1e4, 0.0, 0.0}, context_of(task, 200));
    QCOMPARE(unroll(*wild, task, {200, 20, 4}, RngKey{1}, control),
             std::numeric_limits<double>::infinity());
    const auto tame = make_sghmc({1e-3, 10.0, 1.0}, context_of(task, 60));
    control.stop();
    QVERIFY(std::isnan(unroll(*tame, task, {60, 20, 4}, RngKey{1}, control)));
  }

 private:
  static void families() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"sine", "polynomial", "gp", "gap"}) QTest::newRow(name) << name;
  }
};

QTEST_GUILESS_MAIN(TestMetaFamilies)
#include "tst_meta_families.moc"
