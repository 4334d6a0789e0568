// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "core/run/run.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

int most_workers() { return std::thread::hardware_concurrency() >= 2 ? 2 : 1; }

RunResult run_with(const Preset& preset, int workers = 1, std::uint64_t seed = 1) {
  RunControl control;
  RunOptions options;
  options.seed = seed;
  options.workers = workers;
  return run(preset, options, {}, control);
}

json one_sampler(json section) {
  json document = small_regression();
  document["samplers"] = json::array({std::move(section)});
  return document;
}

/// Draws of one chain out of [draws][chains][params].
std::vector<float> chain_draws(const RunResult& result, std::size_t sampler, std::int64_t chain) {
  const SamplerResult& s = result.samplers[sampler];
  std::vector<float> values;
  for (std::int64_t d = 0; d < s.draws_per_chain; ++d) {
    const auto at = s.positions->begin() + (d * s.drawing_chains + chain) * result.parameters;
    values.insert(values.end(), at, at + result.parameters);
  }
  return values;
}

/// What the pictures of a run show in the end.
struct Shown {
  std::map<std::int64_t, std::vector<double>> potential;  ///< of sampler 0, by chain
  std::vector<double> kld, mean;
};

Shown shown_by(const Preset& preset, bool live, int workers) {
  RecordingSink recording;
  RunControl control;
  RunOptions options;
  options.live = live;
  options.workers = workers;
  run(preset, options, recording.sink(), control);
  Shown shown;
  for (const auto& t : recording.all<TraceAdded>()) {
    auto& all = shown.potential[t.chain];
    all.insert(all.end(), t.potential.begin(), t.potential.end());
  }
  shown.kld = recording.all<DiversityUpdated>().back().pairwise_kld;
  shown.mean = recording.all<PredictiveUpdated>().back().band.mean;
  return shown;
}

std::string status_of(const RunResult& result) {
  std::string text;
  for (const SamplerResult& s : result.samplers) text += s.id + "=" + s.status + " ";
  return text;
}

}  // namespace

class TestRunEngine : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_phi(path_ / "phi.safetensors");
  }

  void everySamplerDrawsAndIsMeasured() {
    const RunResult result = run_with(save(all_samplers()), most_workers());
    QCOMPARE(result.samplers.size(), std::size_t(5));
    QVERIFY2(result.reason == "completed", (result.reason + ": " + status_of(result)).c_str());
    for (const SamplerResult& s : result.samplers) {
      QVERIFY2(s.status == "done", s.id.c_str());
      const bool hmc = s.id == "hmc";
      QCOMPARE(s.draws, std::int64_t(hmc ? 12 : 4));
      if (!hmc) QCOMPARE(s.gradient_evaluations, std::int64_t(80));
      QCOMPARE(s.data_points, s.gradient_evaluations * 24);
      QCOMPARE(s.chains, std::int64_t(hmc ? 2 : s.id == "deep_ensemble" ? 4 : 1));
      QCOMPARE(static_cast<std::int64_t>(s.positions->size()), s.draws * result.parameters);
      QCOMPARE(s.draws_sha256.size(), std::size_t(64));
      for (const char* name : {"nll", "rmse", "coverage_90", "kld", "validation_nll"}) {
        QVERIFY2(s.metrics.contains(name) && std::isfinite(s.metrics.at(name)),
                 (s.id + "." + name).c_str());
      }
      QCOMPARE(s.band.mean.size(), std::size_t(11));
    }
    QVERIFY(result.samplers[4].info.contains("acceptance"));
    QCOMPARE(result.parameters, std::int64_t(6 + 6 + 6 + 1));
  }

  /// Pictures are a function of the run: however often and late the monitor looks, they end with
  /// every transition of the trace and the draws in the order of their chains.
  void picturesDoNotDependOnWhoWatches() {
    json document =
        one_sampler({{"id", "sghmc"}, {"step_size", 0.002}, {"friction", 10.0}, {"chains", 2}});
    document["gradient_evaluations"] = 60000;
    document["draws"] = 40;
    const Preset preset = save(document);
    const Shown watched = shown_by(preset, true, most_workers());
    const Shown alone = shown_by(preset, false, 1);
    QCOMPARE(alone.potential.size(), std::size_t(2));
    for (const auto& [chain, potential] : alone.potential) {
      QCOMPARE(potential.size(), std::size_t(30000));
      QVERIFY(potential == watched.potential.at(chain));
    }
    QCOMPARE(alone.kld.size(), std::size_t(1600));
    QVERIFY(alone.kld == watched.kld);
    QVERIFY(alone.mean == watched.mean);
  }

  /// What a figure needs to name its run comes with the first event and the last one.
  void startAndEndTellWhatTheRunWas() {
    const Preset preset = save(all_samplers());
    RecordingSink recording;
    RunControl control;
    const RunResult result = run(preset, {}, recording.sink(), control);
    const RunStarted started = recording.all<RunStarted>().front();
    QCOMPARE(started.gradient_evaluations, std::int64_t(80));
    QVERIFY(json::parse(started.resolved_preset) == result.resolved_preset);
    const json versions = json::parse(started.versions);
    QVERIFY(versions["data_sha256"] == result.manifest["data_sha256"]);
    QVERIFY(versions["stream_version"] == result.manifest["stream_version"]);
    QVERIFY(!versions.contains("created") && !versions.contains("workers"));
    const RunFinished finished = recording.all<RunFinished>().front();
    QCOMPARE(finished.draws_sha256.size(), result.samplers.size());
    for (std::size_t s = 0; s < result.samplers.size(); ++s)
      QVERIFY(finished.draws_sha256[s] == result.samplers[s].draws_sha256);
  }

  /// The first event, the last one, and one call at a time, also while a window watches.
  void eventsAreInOrder_data() {
    QTest::addColumn<bool>("live");
    QTest::newRow("command line") << false;
    QTest::newRow("window") << true;
  }
  void eventsAreInOrder() {
    QFETCH(bool, live);
    RecordingSink recording;
    RunControl control;
    RunOptions options;
    options.live = live;
    options.run = 42;
    const RunResult result = run(save(all_samplers()), options, recording.sink(), control);
    const auto& events = recording.events();
    QCOMPARE(recording.overlaps(), 0);
    QVERIFY(std::holds_alternative<RunStarted>(events.front()));
    QVERIFY(std::holds_alternative<RunFinished>(events.back()));
    QCOMPARE(recording.all<RunStarted>().size(), std::size_t(1));
    QCOMPARE(recording.all<RunFinished>().size(), std::size_t(1));
    for (const RunEvent& event : events) {
      QCOMPARE(std::visit([](const auto& e) { return e.run; }, event), std::int64_t(42));
    }
    const RunStarted started = recording.all<RunStarted>().front();
    QCOMPARE(started.samplers.size(), std::size_t(5));
    QVERIFY(started.task == "regression");
    QCOMPARE(started.curve.train_x.size(), std::size_t(24));
    std::map<int, MetricsUpdated> last;
    for (const auto& m : recording.all<MetricsUpdated>()) last[m.sampler] = m;
    std::map<std::pair<int, std::int64_t>, double> reached;
    for (const auto& t : recording.all<TraceAdded>()) {
      for (const double step : t.step) {
        QVERIFY((step > reached[{t.sampler, t.chain}]));
        reached[{t.sampler, t.chain}] = step;
      }
      QCOMPARE(t.step.size(), t.potential.size());
      QCOMPARE(t.step.size(), t.evaluation.size());
    }
    for (std::size_t s = 0; s < 5; ++s) {
      const SamplerResult& sampler = result.samplers[s];
      const MetricsUpdated& shown = last.at(static_cast<int>(s));
      QCOMPARE(shown.metrics.size(), sampler.metrics.size());
      for (const auto& [name, value] : sampler.metrics) {  // what is shown is what is stored
        const double seen = shown.metrics.at(name);
        QVERIFY2(seen == value || (std::isnan(seen) && std::isnan(value)), name.c_str());
      }
      QVERIFY(shown.reasons == sampler.convergence.undefined);
      QCOMPARE(shown.draws, sampler.draws);
      QCOMPARE(shown.draws, started.samplers[s].planned_draws);
      QVERIFY(shown.status == "done");
      const double steps = sampler.id == "hmc" ? 12.0 : 80.0 / static_cast<double>(sampler.chains);
      for (std::int64_t c = 0; c < sampler.chains; ++c) {
        QCOMPARE((reached[{static_cast<int>(s), c}]), steps);
      }
    }
    const Progress end = recording.all<Progress>().back();
    QCOMPARE(end.done, end.total);
    QVERIFY(!recording.all<TrajectoryUpdated>().empty());
    QVERIFY(recording.all<RunFinished>().back().reason == "completed");
  }

  /// Same seed, same bits, at one worker and at two, and when run again; another seed differs.
  void drawsDependOnTheSeedAlone() {
    for (const int batch : {0, 7}) {
      json document = all_samplers();
      document["batch_size"] = batch;
      const Preset preset = save(document);
      const RunResult a = run_with(preset, 1), b = run_with(preset, most_workers());
      const RunResult again = run_with(preset, 1), other = run_with(preset, 1, 2);
      for (std::size_t s = 0; s < 5; ++s) {
        QVERIFY(a.samplers[s].draws_sha256 == b.samplers[s].draws_sha256);
        QVERIFY(a.samplers[s].draws_sha256 == again.samplers[s].draws_sha256);
        QVERIFY(a.samplers[s].draws_sha256 != other.samplers[s].draws_sha256);
        for (const auto& [name, value] : a.samplers[s].metrics) {
          if (name == "ess_per_second") continue;
          const double same = b.samplers[s].metrics.at(name);
          QVERIFY2(value == same || (std::isnan(value) && std::isnan(same)), name.c_str());
        }
      }
    }
  }

  void chainsDoNotDependOnTheirNumber_data() {
    QTest::addColumn<QString>("id");
    for (const char* id : {"sghmc", "l2e", "hmc", "csgmcmc"}) QTest::newRow(id) << id;
  }
  /// Chain 0 alone and chain 0 of three take the same path.
  void chainsDoNotDependOnTheirNumber() {
    QFETCH(QString, id);
    json section = {{"id", id.toStdString()}, {"steps", 40}, {"burn_in", 20}};
    if (id == QStringLiteral("l2e")) section["meta_parameters"] = "phi.safetensors";
    if (id == QStringLiteral("hmc")) section["trajectory_length"] = 0.02;
    json document = one_sampler(section);
    document["batch_size"] = 6;
    document["draws"] = 2;
    document["samplers"][0]["chains"] = 1;
    const RunResult one = run_with(save(document));
    document["draws"] = 6;
    document["samplers"][0]["chains"] = 3;
    const RunResult three = run_with(save(document), most_workers());
    QCOMPARE(three.samplers[0].drawing_chains, std::int64_t(3));
    QVERIFY(chain_draws(one, 0, 0) == chain_draws(three, 0, 0));
    QVERIFY(chain_draws(three, 0, 0) != chain_draws(three, 0, 1));
  }

  /// With one step and no noise the samplers of a seed have moved from one place: all of them
  /// start alike, and the first trajectory points tell so.
  void samplersStartAlike() {
    RecordingSink recording;
    RunControl control;
    json document = all_samplers();
    document["samplers"][4]["chains"] = 1;
    run(save(document), {}, recording.sink(), control);
    const auto paths = recording.all<TrajectoryUpdated>().back().paths;
    std::map<int, const TrajectoryPath*> first;
    for (const TrajectoryPath& path : paths) {
      if (path.chain == 0) first[path.sampler] = &path;
    }
    QCOMPARE(first.size(), std::size_t(5));
    for (const auto& [sampler, path] : first) {
      QCOMPARE(path->x.front(), first[0]->x.front());
      QCOMPARE(path->y.front(), first[0]->y.front());
    }
  }

  /// A stop from inside the sink keeps what exists.
  void stopKeepsWhatExists() {
    json document = one_sampler({{"id", "sghmc"}, {"step_size", 0.002}, {"burn_in", 0}});
    document["gradient_evaluations"] = 2000000000;
    document["draws"] = 2000;
    RecordingSink recording;
    RunControl control;
    recording.on_event = [&control](const RunEvent& event) {
      if (const auto* p = std::get_if<Progress>(&event); p && p->done > 0) control.stop();
    };
    const RunResult result = run(save(document), {}, recording.sink(), control);
    QVERIFY(result.reason == "stopped");
    QVERIFY(result.samplers[0].status == "stopped");
    QVERIFY(result.samplers[0].gradient_evaluations > 0);
    QVERIFY(result.samplers[0].gradient_evaluations < 2000000000);
    QVERIFY(recording.all<RunFinished>().back().reason == "stopped");
  }

  void stopBeforeTheFirstStep() {
    RunControl control;
    control.stop();
    const RunResult result = run(save(all_samplers()), {}, {}, control);
    QVERIFY(result.reason == "stopped");
    for (const SamplerResult& s : result.samplers) {
      QCOMPARE(s.draws, std::int64_t(0));
      QCOMPARE(s.gradient_evaluations, std::int64_t(0));
      QVERIFY(std::isnan(s.metrics.at("nll")));
    }
  }

  /// Paused, each chain takes exactly the granted transitions, in two grants.
  void singleStepsAreExact() {
    json document = all_samplers();
    document["samplers"].erase(4);  // HMC counts leapfrog steps
    const Preset preset = save(document);
    RecordingSink recording;
    RunControl control;
    control.pause();
    control.step(5);
    std::map<std::pair<int, std::int64_t>, double> reached;
    bool second = false;
    recording.on_event = [&](const RunEvent& event) {
      const auto* trace = std::get_if<TraceAdded>(&event);
      if (!trace) return;
      reached[{trace->sampler, trace->chain}] = trace->step.back();
      const double goal = second ? 8.0 : 5.0;
      const bool all =
          reached.size() == 7 &&
          std::all_of(reached.begin(), reached.end(), [goal](auto& r) { return r.second >= goal; });
      if (all && second) control.stop();
      if (all && !second) second = true, control.step(3);
    };
    RunOptions options;
    options.workers = most_workers();
    const RunResult result = run(preset, options, recording.sink(), control);
    for (const SamplerResult& s : result.samplers) {
      QCOMPARE(s.gradient_evaluations, 8 * s.chains);
    }
    for (const auto& [chain, step] : reached) QCOMPARE(step, 8.0);
  }

  /// Resumed after a pause, a run ends with the draws of an undisturbed one.
  void pauseDoesNotChangeTheDraws() {
    const Preset preset = save(all_samplers());
    RecordingSink recording;
    RunControl control;
    control.pause();
    control.step(3);
    recording.on_event = [&control](const RunEvent& event) {
      if (std::holds_alternative<TraceAdded>(event)) control.resume();
    };
    const RunResult paused = run(preset, {}, recording.sink(), control);
    const RunResult straight = run_with(preset);
    for (std::size_t s = 0; s < 5; ++s) {
      QVERIFY(paused.samplers[s].draws_sha256 == straight.samplers[s].draws_sha256);
    }
  }

  /// One sampler explodes; it is named with step and reason, and the others finish.
  void divergenceIsContained() {
    json document = all_samplers();
    document["samplers"][0]["step_size"] = 1e6;
    RecordingSink recording;
    RunControl control;
    const RunResult result = run(save(document), {}, recording.sink(), control);
    const SamplerResult& bad = result.samplers[0];
    QVERIFY(bad.status == "diverged");
    QCOMPARE(bad.draws, std::int64_t(0));
    QCOMPARE(bad.divergences.size(), std::size_t(1));
    QVERIFY(bad.divergences[0].step > 0 && bad.divergences[0].step < 80);
    QVERIFY(!bad.divergences[0].reason.empty());
    QVERIFY(std::isnan(bad.metrics.at("nll")));
    for (std::size_t s = 1; s < 5; ++s) {
      QVERIFY2(result.samplers[s].status == "done", result.samplers[s].id.c_str());
    }
    const auto told = recording.all<ChainDiverged>();
    QCOMPARE(told.size(), std::size_t(1));
    QCOMPARE(told[0].step, bad.divergences[0].step);
    QVERIFY(!result.all_diverged());
    QVERIFY(result.reason == "completed");
    const bool noted = std::any_of(result.warnings.begin(), result.warnings.end(), [](auto& w) {
      return w.find("sghmc: chain 0 stopped at step") != std::string::npos;
    });
    QVERIFY(noted);
  }

  void allDivergedIsSaid() {
    const RunResult result =
        run_with(save(one_sampler({{"id", "sghmc"}, {"step_size", 1e6}, {"chains", 2}})));
    QVERIFY(result.all_diverged());
    QVERIFY(result.reason == "diverged");
    QCOMPARE(result.samplers[0].divergences.size(), std::size_t(2));
    const json object = to_json(result);
    for (const auto& [name, value] : object["samplers"][0]["metrics"].items()) {
      QVERIFY2(value.is_null(), name.c_str());
    }
    QVERIFY(!object["warnings"].empty());
  }

 private:
  Preset save(const json& document) { return save_and_load(path_, "p.json", document); }
};

QTEST_GUILESS_MAIN(TestRunEngine)
#include "tst_run_engine.moc"
