// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/ess.h"
#include "core/measures/measures.h"
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

const std::vector<double> eight_schools_mean = {
    4.39682071383324,     0.8021392107785104,   0.31665979703599534,  0.09726283496659098,
    -0.08554680363316797, 0.061602975752826694, -0.16076399029866567, -0.07223162176092916,
    0.35672544229937087,  0.07560724236974592};
const std::vector<double> eight_schools_sd = {
    3.317704463139331,  1.171226465806206,  0.9884745751432903, 0.9377071593090216,
    0.9683107272961732, 0.9439962661040037, 0.9306648391709489, 0.9437855724915823,
    0.9604229672492444, 0.9741235131361111};

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

  void hmcIsWithinFourStandardErrors_data() {
    QTest::addColumn<QString>("target");
    QTest::addColumn<double>("trajectory");
    QTest::newRow("gaussian") << R"({"correlation": 0.5, "sd_min": 0.5, "sd_max": 2})" << 3.0;
    QTest::newRow("banana") << "{}" << 3.0;
    QTest::newRow("linear_regression") << R"({"points": 20, "degree": 1})" << 0.5;
    QTest::newRow("eight_schools") << "{}" << 3.0;
  }
  /// Mean and mean square of every coordinate against the true ones, in units of the MCSE that the
  /// diagnostics give the same draws, which are worth a hundred at least.
  void hmcIsWithinFourStandardErrors() {
    QFETCH(QString, target);
    json section = json::parse(target.toStdString());
    section["kind"] = QTest::currentDataTag();
    const auto density = make_target(section);
    QFETCH(double, trajectory);
    const std::vector<diagnostics::Chains> chains = hmc_chains(density, trajectory);
    for (std::size_t i = 0; i < chains.size(); ++i) {
      diagnostics::Chains squares = chains[i];
      for (auto& chain : squares)
        for (double& x : chain) x *= x;
      const double mean = density->mean()[i], sd = density->sd()[i];
      QVERIFY(diagnostics::ess_bulk(chains[i]) > 100.0);
      ERGO_OK(within(chains[i], mean, fmt::format("mean {}", i)));
      ERGO_OK(within(squares, mean * mean + sd * sd, fmt::format("mean square {}", i)));
    }
  }

  /// The plane ones by the trapezium rule; the funnel in (v, exp(-v/2) x), in which it is a box.
  void momentsAreThoseOfTheDensity_data() {
    QTest::addColumn<QString>("target");
    QTest::addColumn<bool>("funnel");
    QTest::newRow("banana") << R"({"kind": "banana", "curvature": 0.1})" << false;
    QTest::newRow("mixture") << R"({"kind": "mixture", "side": 4, "mode_sd": 0.25})" << false;
    QTest::newRow("funnel") << R"({"kind": "funnel", "dimensions": 2, "log_scale_sd": 1.5})"
                            << true;
  }
  void momentsAreThoseOfTheDensity() {
    QFETCH(QString, target);
    QFETCH(bool, funnel);
    const auto density = make_target(json::parse(target.toStdString()));
    const torch::Tensor axis = torch::linspace(-25.0, 25.0, 1001, torch::kDouble);
    const torch::Tensor grid = torch::cartesian_prod({axis, axis});
    const torch::Tensor stretch =
        funnel ? torch::exp(0.5 * grid.select(1, 0)) : torch::ones({grid.size(0)}, torch::kDouble);
    const torch::Tensor theta = torch::stack({grid.select(1, 0), grid.select(1, 1) * stretch}, 1);
    const torch::Tensor weight = torch::exp(-density->potential(theta)) * stretch;
    for (std::int64_t i = 0; i < 2; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const torch::Tensor x = theta.select(1, i);
      const double mean = ((x * weight).sum() / weight.sum()).item<double>();
      const double square = ((x.square() * weight).sum() / weight.sum()).item<double>();
      QVERIFY(std::abs(mean - density->mean()[at]) < 1e-8);
      ERGO_OK(differs(std::sqrt(square - mean * mean), density->sd()[at], 1e-8));
    }
  }

  /// Against sums over a grid of (mu, log tau), 401 x 1,201 points on [-50, 50] x [-40, 20], in
  /// which only the eta were integrated by hand; made by a Python program in double precision.
  void eightSchoolsMoments() {
    const auto density = make_target({{"kind", "eight_schools"}});
    ERGO_OK(vectors_differ(density->mean(), eight_schools_mean, 1e-10, "mean"));
    ERGO_OK(vectors_differ(density->sd(), eight_schools_sd, 1e-10, "sd"));
  }

  void modesAndMassAreCounted() {
    const auto mixture = make_target({{"kind", "mixture"}});
    // Two in one mode, one in another, one between modes, one outside.
    const std::vector<float> plane = {0.1f, -0.1f, 0.0f, 0.2f, 4.2f, -4.0f, 1.0f, 1.0f, 9.0f, 0.0f};
    QCOMPARE(mixture->measures(plane).at("modes_visited"), 2.0);
    const auto funnel = make_target({{"kind", "funnel"}, {"dimensions", 2}});
    const std::vector<float> draws = {-3.9f, 0.0f, -3.8f, 0.0f, 0.0f, -9.0f, 5.0f, 1.0f};
    QCOMPARE(funnel->measures(draws).at("neck_mass"), 0.25);  // the quantile is -3.8447
  }

  /// The measures of a target stand in the result, and have a row in the table.
  void ownMeasuresAreReported() {
    const json sghmc = json::array({{{"id", "sghmc"}, {"step_size", 0.1}, {"friction", 1.0}}});
    for (const char* id : {"mixture", "funnel"}) {
      RecordingSink sink;
      RunControl control;
      const RunResult result = run(target_preset({{"kind", id}}, sghmc), {}, sink.sink(), control);
      const std::string name = std::string(id) == "mixture" ? "modes_visited" : "neck_mass";
      QVERIFY(result.samplers[0].metrics.contains(name));
      QVERIFY(find_measure(name) != nullptr);
      if (name == "modes_visited") QVERIFY(result.samplers[0].metrics.at(name) >= 1.0);
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
  /// Draws of four chains, by coordinate.
  static std::vector<diagnostics::Chains> hmc_chains(
      const std::shared_ptr<const LogDensity>& density, double trajectory) {
    constexpr std::int64_t burn_in = 100, kept = 400;
    const Posterior posterior = make_posterior(density);
    const auto potential = make_potential(posterior, torch::kDouble);
    SamplerContext context;
    context.layout = &posterior.layout;
    context.total_steps = burn_in + kept;
    context.burn_in = burn_in;
    HmcConfig config;
    config.step_size = 0.1;
    config.trajectory_length = trajectory;
    config.target_acceptance = 0.95;  // a larger step is unstable in the tips of the banana
    const auto sampler = make_hmc(config, context);
    const auto d = static_cast<std::size_t>(density->dimensions());
    std::vector<diagnostics::Chains> draws(d, diagnostics::Chains(4));
    for (std::int64_t c = 0; c < 4; ++c) {
      ChainState state =
          sampler->init(initial_position(posterior, RngKey{3}, c, torch::kDouble), c);
      for (std::int64_t t = 0; t < burn_in + kept; ++t) {
        sampler->step(RngKey{4}, state, *potential);
        if (t < burn_in) continue;
        const double* x = state.position.data_ptr<double>();
        for (std::size_t i = 0; i < d; ++i) draws[i][static_cast<std::size_t>(c)].push_back(x[i]);
      }
    }
    return draws;
  }

  static std::string within(const diagnostics::Chains& chains, double expected,
                            const std::string& what) {
    double sum = 0.0, count = 0.0;
    for (const auto& chain : chains)
      for (const double x : chain) sum += x, count += 1.0;
    const double error = (sum / count - expected) / diagnostics::mcse_mean(chains);
    if (std::abs(error) < 4.0) return {};
    return fmt::format("{} is {}, expected {}: {} MCSE", what, sum / count, expected, error);
  }

  static void rows() {
    QTest::addColumn<QString>("id");
    for (const TargetRow& row : target_rows())
      QTest::newRow(row.id.c_str()) << QString::fromStdString(row.id);
  }
};

QTEST_GUILESS_MAIN(TestTargets)
#include "tst_targets.moc"
