// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/experiment.h"
#include "core/run/run.h"
#include "core/samplers/hmc.h"
#include "core/targets/targets.h"
#include "tests/support/potentials.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

Preset target_preset(json target, json samplers) {
  Preset preset;
  preset.id = "target";
  preset.document = {{"schema", 1},
                     {"kind", "compare"},
                     {"gradient_evaluations", 4000},
                     {"draws", 500},
                     {"burn_in_fraction", 0.25},
                     {"target", std::move(target)},
                     {"samplers", std::move(samplers)}};
  return preset;
}

std::string refusal(const Preset& preset) {
  try {
    make_experiment(preset);
  } catch (const Error& error) {
    return error.code() == ExitCode::config || error.code() == ExitCode::usage ? error.what()
                                                                               : "another code";
  }
  return "nothing was thrown";
}

}  // namespace

/// Bare log-densities: their truth, and runs on them.
class TestTargets : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void gradientMatchesDifferences_data() { rows(); }
  void gradientMatchesDifferences() {
    QFETCH(QString, id);
    const Posterior posterior = make_posterior(make_target({{"kind", id.toStdString()}}));
    const auto potential = make_potential(posterior, torch::kDouble);
    const std::int64_t d = posterior.layout.size();
    const torch::Tensor theta = random_tensor(5, {1, d}, torch::kDouble);
    const std::vector<double> grad = doubles(potential->evaluate(theta).grad);
    std::vector<double> numeric;
    for (std::int64_t i = 0; i < d; ++i) {
      torch::Tensor moved = theta.clone();
      moved[0][i] += 1e-6;
      const double up = potential->evaluate(moved).potential.item<double>();
      moved[0][i] -= 2e-6;
      numeric.push_back((up - potential->evaluate(moved).potential.item<double>()) / 2e-6);
    }
    ERGO_OK(vectors_differ(grad, numeric, 1e-7));
  }

  void momentsAreThoseOfTheDensity_data() { rows(); }
  /// The stated moments against HMC's draws, within 5 standard errors that assume one draw in ten
  /// to be independent.
  void momentsAreThoseOfTheDensity() {
    QFETCH(QString, id);
    const auto density = make_target({{"kind", id.toStdString()}});
    const Posterior posterior = make_posterior(density);
    const auto potential = make_potential(posterior, torch::kDouble);
    SamplerContext context;
    context.layout = &posterior.layout;
    context.total_steps = 2000;
    context.burn_in = 400;
    HmcConfig config;
    config.step_size = 0.2;
    config.trajectory_length = 2.0;
    const auto sampler = make_hmc(config, context);
    ChainState state = sampler->init(initial_position(posterior, RngKey{3}, 0, torch::kDouble), 0);
    const std::int64_t d = posterior.layout.size();
    torch::Tensor sum = torch::zeros({d}, torch::kDouble),
                  squares = torch::zeros({d}, torch::kDouble);
    for (std::int64_t t = 0; t < 2000; ++t) {
      sampler->step(RngKey{4}, state, *potential);
      if (t < 400) continue;
      sum += state.position[0];
      squares += state.position[0].square();
    }
    const std::vector<double> mean = doubles(sum / 1600.0), second = doubles(squares / 1600.0);
    for (std::size_t i = 0; i < mean.size(); ++i) {
      const double sd = density->sd()[i], error = sd / std::sqrt(160.0);
      QVERIFY(std::abs(mean[i] - density->mean()[i]) < 5.0 * error);
      const double found = std::sqrt(second[i] - mean[i] * mean[i]);
      QVERIFY2(std::abs(found / sd - 1.0) < 5.0 * 1.5 / std::sqrt(160.0), qPrintable(id));
    }
  }

  /// A run on a preset with a target: measures of moments, no pictures of predictions.
  void runsWithoutData() {
    const Preset preset =
        target_preset({{"kind", "gaussian"}, {"dimensions", 3}, {"correlation", 0.5}},
                      json::array({{{"id", "sghmc"}, {"step_size", 0.3}, {"friction", 1.0}},
                                   {{"id", "hmc"}, {"steps", 1500}, {"step_size", 0.3}}}));
    RecordingSink sink;
    RunControl control;
    RunOptions options;
    options.live = true;
    const RunResult result = run(preset, options, sink.sink(), control);
    QCOMPARE(result.reason, std::string("completed"));
    for (const SamplerResult& sampler : result.samplers) {
      QVERIFY(sampler.metrics.at("mean_error") < 0.6);
      QVERIFY(sampler.metrics.at("sd_error") < 0.4);
      QVERIFY(!sampler.metrics.contains("nll"));
    }
    QVERIFY(result.standardisation.is_null());
  }

  void badSettingsAreRefused() {
    const json sghmc = json::array({{{"id", "sghmc"}}});
    Preset preset = target_preset({{"kind", "gaussian"}}, sghmc);
    preset.document["batch_size"] = 10;
    QVERIFY(refusal(preset).find("'batch_size' is 10") != std::string::npos);
    preset = target_preset({{"kind", "gaussian"}}, sghmc);
    preset.document["reference"] = "recompute";
    QVERIFY(refusal(preset).find("'reference'") != std::string::npos);
    preset = target_preset({{"kind", "cauchy"}}, sghmc);
    QVERIFY(refusal(preset).find("target.kind") != std::string::npos);
    preset = target_preset({{"kind", "gaussian"}}, sghmc);
    preset.document["data"] = {{"source", "foong"}};
    QVERIFY(refusal(preset).find("'data'") != std::string::npos);
  }

 private:
  static void rows() {
    QTest::addColumn<QString>("id");
    for (const TargetRow& row : target_rows())
      QTest::newRow(row.id.c_str()) << QString::fromStdString(row.id);
  }
};

QTEST_GUILESS_MAIN(TestTargets)
#include "tst_targets.moc"
