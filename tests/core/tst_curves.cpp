// SPDX-License-Identifier: GPL-3.0-or-later
// Curves of measures against cost: against runs that were planned for the length of the look.
#include <QTest>
#include <cmath>

#include "core/base/torch.h"
#include "core/io/atomic_file.h"
#include "core/run/curve_plan.h"
#include "core/run/run.h"
#include "core/samplers/csgmcmc.h"
#include "core/samplers/sghmc.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

RunResult run_of(const Preset& preset) {
  RunControl control;
  return run(preset, {}, {}, control);
}

/// Two chains of SGHMC, whose steps do not know how long the run will be.
json two_chains() {
  json document = small_regression();
  document["gradient_evaluations"] = 400;
  document["samplers"][0]["chains"] = 2;
  document["curve_points"] = 8;
  return document;
}

std::string metrics_differ(const std::map<std::string, double>& a,
                           const std::map<std::string, double>& b) {
  for (const auto& [name, value] : a) {
    const double other = b.at(name);
    if (value != other && !(std::isnan(value) && std::isnan(other))) return name;
  }
  return {};
}

}  // namespace

class TestCurves : public QObject, FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void lastPointIsTheTable() {
    write_phi(path_ / "phi.safetensors");
    json document = all_samplers();
    document["curve_points"] = 6;
    const RunResult result = run_of(save(document));
    for (const SamplerResult& s : result.samplers) {
      if (s.id == "hmc") {
        QVERIFY(s.curve.empty());
        continue;
      }
      QVERIFY2(!s.curve.empty(), s.id.c_str());
      const CurvePoint& last = s.curve.back();
      QCOMPARE(last.gradient_evaluations, s.gradient_evaluations);
      QCOMPARE(last.draws, s.draws);
      ERGO_OK(metrics_differ(last.metrics, s.metrics));
      QVERIFY(last.metrics.contains("nll") && last.cpu_seconds <= s.seconds * (1 + 1e-9));
      for (std::size_t i = 1; i < s.curve.size(); ++i) {
        QVERIFY(s.curve[i].gradient_evaluations > s.curve[i - 1].gradient_evaluations);
        QVERIFY(s.curve[i].cpu_seconds >= s.curve[i - 1].cpu_seconds);
      }
    }
  }

  /// A sampler without a schedule: a look is the run that ends there.
  void lookIsTheShorterRun() {
    json document = two_chains();
    const RunResult whole = run_of(save(document));
    const std::vector<CurvePoint> curve = whole.samplers[0].curve;
    QVERIFY(curve.size() >= 5);
    document["curve_points"] = 0;
    for (const CurvePoint& point : curve) {
      document["gradient_evaluations"] = point.gradient_evaluations;
      document["draws"] = point.draws;
      const RunResult shorter = run_of(save(document));
      QCOMPARE(shorter.samplers[0].gradient_evaluations, point.gradient_evaluations);
      ERGO_OK(metrics_differ(point.metrics, shorter.samplers[0].metrics));
      QVERIFY(shorter.samplers[0].curve.empty());
    }
  }

  void curvesCostNoBitOfTheDraws() {
    write_phi(path_ / "phi.safetensors");
    json document = all_samplers();
    document["batch_size"] = 7;
    const RunResult none = run_of(save(document));
    document["curve_points"] = 20;
    const RunResult some = run_of(save(document));
    for (std::size_t s = 0; s < 5; ++s)
      QCOMPARE(some.samplers[s].draws_sha256, none.samplers[s].draws_sha256);
  }

  /// A cyclical sampler has the draws of its cycles so far, an ensemble the members made so far.
  void schedulesCountWhatThereIs() {
    const ParameterLayout layout;
    const SamplerContext context{&layout, 100, 0, 10, {}, nullptr};
    CsgmcmcConfig cyclical;
    cyclical.cycles = 4;
    const auto csgmcmc = make_csgmcmc(cyclical, context);
    const CollectionPlan whole = plan_collection(*csgmcmc, "csgmcmc", 100, 0, 8);
    const CurvePlan plan = plan_curve(*csgmcmc, "csgmcmc", whole, 0, 10);
    for (const CurveLook& look : plan.looks) {
      for (std::int64_t t = 1; t <= 100; ++t)
        QCOMPARE(look.keeps(t), whole.keeps(t) && t <= look.collection.steps);
    }
    QCOMPARE(plan.looks.back().collection.steps, std::int64_t(100));
    const CurvePlan members = plan_ensemble_curve({20, 19, 1, 1, {}}, 5, 20);
    QCOMPARE(members.looks.size(), std::size_t(5));
    QVERIFY(members.looks[2].members == 3 && !members.keeps(20) && members.ends(20));
    QVERIFY(plan_ensemble_curve({20, 19, 1, 1, {}}, 5, 0).looks.empty());
  }

  /// 400 evaluations by two chains: looks at 200 10^(-2 (8 - j) / 8) steps of each.
  void looksAreLogSpaced() {
    const RunResult result = run_of(save(two_chains()));
    std::vector<std::int64_t> evaluations;
    for (const CurvePoint& point : result.samplers[0].curve)
      evaluations.push_back(point.gradient_evaluations);
    QVERIFY((evaluations == std::vector<std::int64_t>{8, 12, 22, 40, 72, 126, 224, 400}));
  }

  void curvesAreStored() {
    const RunResult result = run_of(save(two_chains()));
    archive(result, path_ / "out", {});
    const std::string text = io::read_file(path_ / "out/curves.csv", 1 << 20);
    QVERIFY(text.starts_with(
        "sampler,seed,gradient_evaluations,cpu_seconds,draws,measure,value\nsghmc,1,8,"));
    QVERIFY(text.find(",4,nll,") != std::string::npos);
    const json curve = to_json(result)["samplers"][0]["curve"];
    QCOMPARE(curve.size(), result.samplers[0].curve.size());
    QVERIFY(curve.back()["metrics"]["nll"] == result.samplers[0].metrics.at("nll"));
  }

  /// What a window sees while chains run is the beginning of what the result has in the end.
  void growsWhileChainsRun() {
    RecordingSink recording;
    RunControl control;
    control.pause();
    control.step(120);  // of 200; the rest once the first look has been seen
    recording.on_event = [&control](const RunEvent& event) {
      if (std::holds_alternative<CurveUpdated>(event)) control.resume();
    };
    RunOptions options;
    options.live = true;
    const RunResult result = run(save(two_chains()), options, recording.sink(), control);
    const std::vector<CurveUpdated> seen = recording.all<CurveUpdated>();
    QVERIFY(seen.size() >= 2 && !seen.front().points.empty());
    QVERIFY(seen.front().points.size() < result.samplers[0].curve.size());
    QCOMPARE(seen.back().points.size(), result.samplers[0].curve.size());
    for (const CurveUpdated& update : seen) {
      for (std::size_t i = 0; i < update.points.size(); ++i) {
        const CurvePoint& point = result.samplers[0].curve[i];
        QCOMPARE(update.points[i].gradient_evaluations, point.gradient_evaluations);
        QCOMPARE(update.points[i].cpu_seconds, point.cpu_seconds);
        ERGO_OK(metrics_differ(update.points[i].metrics, point.metrics));
      }
    }
  }

  void positionsCountInTheLimit() {
    json document = two_chains();
    document["model"]["hidden"] = {300, 300};
    document["draw_limit_mib"] = 4;  // 4 draws of 91,201 numbers, 32 with the curve
    document["diagnostic_draws"] = 0;
    ERGO_OK(wrong_error([&] { run_of(save(document)); }, ExitCode::config, "draw_limit_mib = 4"));
  }

 private:
  Preset save(const json& document) const { return save_and_load(path_, "p", document); }
};

QTEST_GUILESS_MAIN(TestCurves)
#include "tst_curves.moc"
