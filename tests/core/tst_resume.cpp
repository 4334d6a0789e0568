// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that were interrupted anywhere end as if nothing had been, for every row of the registry.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <thread>
#include <tuple>

#include "core/io/atomic_file.h"
#include "core/registry/learned.h"
#include "core/run/chains.h"
#include "core/run/checkpointer.h"
#include "core/run/manifest.h"
#include "core/run/reference.h"
#include "core/run/run.h"
#include "core/samplers/learned_sampler.h"
#include "tests/support/folder_test.h"
#include "tests/support/potentials.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t count = 3, steps = 12;
constexpr std::size_t limit = 1 << 24;

/// All chains of an experiment with one sampler, in groups of `size`.
struct Fleet {
  Chains chains;
  std::vector<std::unique_ptr<ChainGroup>> owned;
  std::vector<ChainGroup*> groups;

  Fleet(const Experiment& experiment, std::int64_t size, torch::Tensor given = {})
      : chains(experiment) {
    for (std::int64_t c = 0; c < count; c += size) {
      const auto begin = chains.all().begin() + c;
      owned.push_back(std::make_unique<ChainGroup>(
          experiment, experiment.samplers.front(), std::vector<Chain*>(begin, begin + size), 5,
          given.defined() ? given.slice(0, c, c + size) : given));
      groups.push_back(owned.back().get());
    }
  }

  /// So many transitions of every chain that moves.
  void advance(std::int64_t transitions) const {
    RunControl control;
    control.pause();
    control.step(transitions);
    for (ChainGroup* group : groups) {
      const std::int64_t before = group->state().step;
      while (!group->finished() && group->state().step < before + transitions)
        group->advance(control, 10.0);
    }
  }
};

json facts_of(const Experiment& experiment) {
  return {{"versions", make_versions(experiment)}, {"files_sha256", json::object()}};
}

/// Moves the fleet under a checkpointer that makes one at the end.
void advance_and_save(const Experiment& experiment, const Fleet& fleet, RunCheckpoints& store,
                      const Resumption& taken, std::int64_t transitions) {
  Emitter emit({}, 1);
  RunControl control;
  Scheduler scheduler(fleet.groups, 1, control);
  Checkpointer checkpointer(store, experiment, fleet.groups, taken, facts_of(experiment), emit);
  checkpointer.start(scheduler);
  fleet.advance(transitions);
  checkpointer.finish();
}

/// NaN equals NaN.
bool bits_equal(const torch::Tensor& a, const torch::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.is_contiguous() &&
         b.is_contiguous() && std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0;
}

std::string differs(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b,
                    const std::string& what) {
  if (a.size() != b.size()) return fmt::format("{} and {} {}", a.size(), b.size(), what);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!bits_equal(a[i], b[i])) return fmt::format("{} {}", what, i);
  }
  return {};
}

std::vector<torch::Tensor> curve_of(const Chain& chain) {
  std::vector<torch::Tensor> list;
  for (const CurvePosition& place : chain.curve_positions().since(0))
    list.push_back(place.position);
  return list;
}

std::vector<std::int64_t> steps_of(const Chain& chain) {
  std::vector<std::int64_t> list;
  for (const CurvePosition& place : chain.curve_positions().since(0)) list.push_back(place.step);
  for (const ChainCost& cost : chain.costs().since(0)) {
    list.push_back(cost.step);
    list.push_back(cost.evaluations);
  }
  return list;
}

std::string trace_differs(Chain& a, Chain& b) {
  for (Chain* chain : {&a, &b}) chain->close_trace();
  const Trace x = a.take_trace(), y = b.take_trace();
  if (x.points.size() != y.points.size() || x.thinned != y.thinned)
    return fmt::format("trace of {} and {} points", x.points.size(), y.points.size());
  for (std::size_t i = 0; i < x.points.size(); ++i) {
    if (x.points[i].step != y.points[i].step || x.points[i].potential != y.points[i].potential ||
        x.points[i].collecting != y.points[i].collecting)
      return fmt::format("trace at {}", i);
  }
  return {};
}

std::string differs(Chain& a, Chain& b) {
  if (a.finished() != b.finished()) return "whether it has ended";
  if (a.gradient_evaluations() != b.gradient_evaluations()) return "evaluations";
  if (a.info() != b.info()) return "info";
  if (a.values() != b.values()) return "record of f";
  if (steps_of(a) != steps_of(b)) return "steps of the curve";
  const auto end = [](const std::optional<Divergence>& d) {
    return d ? fmt::format("{} {} {}", d->chain, d->step, d->reason) : std::string();
  };
  if (end(a.divergence()) != end(b.divergence())) return "divergence";
  for (const std::string& text : {differs(a.draws(), b.draws(), "draws"),
                                  differs(a.snapshots(0), b.snapshots(0), "snapshots"),
                                  differs(curve_of(a), curve_of(b), "curve")}) {
    if (!text.empty()) return text;
  }
  return trace_differs(a, b);
}

/// Without the checkpoint of the job alone.
Resumption not_first() {
  Resumption taken;
  taken.resumed = 1;
  return taken;
}

std::string differs(const Fleet& a, const Fleet& b) {
  for (std::size_t c = 0; c < count; ++c) {
    const std::string text = differs(*a.chains.all()[c], *b.chains.all()[c]);
    if (!text.empty()) return fmt::format("chain {}: {}", c, text);
  }
  return {};
}

int most_workers() { return std::thread::hardware_concurrency() >= 2 ? 2 : 1; }

/// What an interruption must not change.
json comparable(const RunResult& result) {
  json object = to_json(result);
  object.erase("wall_seconds");
  for (json& sampler : object["samplers"]) {
    sampler.erase("seconds");
    sampler["metrics"].erase("ess_per_second");
    for (json& point : sampler["curve"]) point.erase("cpu_seconds");
  }
  return object;
}

/// Points of all traces: sampler, chain, transition, potential.
using Points = std::vector<std::tuple<int, std::int64_t, double, double>>;
Points trace_of(const RecordingSink& sink) {
  Points points;
  for (const TraceAdded& event : sink.all<TraceAdded>()) {
    for (std::size_t i = 0; i < event.step.size(); ++i)
      points.emplace_back(event.sampler, event.chain, event.step[i], event.potential[i]);
  }
  std::sort(points.begin(), points.end());
  return points;
}

std::int64_t path_points(const RecordingSink& sink) {
  std::int64_t points = 0;
  const TrajectoryUpdated last = sink.all<TrajectoryUpdated>().back();
  for (const TrajectoryPath& path : last.paths) points += static_cast<std::int64_t>(path.x.size());
  return points;
}

/// In place: thousands of files that are forced to the disk would take minutes.
void rewrite(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

class TestResume : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_phi(path_ / "phi.safetensors");
    for (const LearnedSamplerRow& row : learned_sampler_rows()) {
      json dynamics = json::object();
      for (const Field& field : row.entry.fields) dynamics[field.name] = field.value;
      const auto learned = row.make(dynamics);
      learned->save(path_ / (row.entry.id + ".safetensors"),
                    learned->initial(row.initialisations.front(), RngKey{3}), {});
    }
  }

  void everyPointOfEverySampler_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<int>("batch");
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<int>("size");
    for (const SamplerEntry& entry : sampler_entries()) {
      const char* id = entry.id.c_str();
      QTest::addRow("%s", id) << id << 0 << "float32" << 1;
      QTest::addRow("%s, minibatches", id) << id << 5 << "float32" << 1;
      QTest::addRow("%s, float64", id) << id << 0 << "float64" << 1;
      if (!entry.traits.reference) QTest::addRow("%s, rows", id) << id << 5 << "float32" << 3;
    }
  }
  /// Interrupted after n transitions, again two later, and then not any more. Every n where chains
  /// move alone on all data; of the other ways the ends and one between.
  void everyPointOfEverySampler() {
    QFETCH(QString, id);
    QFETCH(int, batch);
    QFETCH(QString, dtype);
    QFETCH(int, size);
    const Preset preset = preset_of(id.toStdString(), batch, dtype.toStdString());
    const Experiment experiment = make_experiment(preset);
    const bool all = batch == 0 && dtype == QStringLiteral("float32");
    std::vector<std::int64_t> points = {0, 1, steps / 2, steps - 1};
    if (all) {
      points.resize(steps);
      std::iota(points.begin(), points.end(), std::int64_t{0});
    }
    for (const std::int64_t n : points) {
      Fleet whole(experiment, size), first(experiment, size), second(experiment, size),
          third(experiment, size);
      whole.advance(steps);
      RunCheckpoints store(path_ / "checkpoint", {preset, {5}, false, false, {}});
      advance_and_save(experiment, first, store, not_first(), n);
      for (const auto& [fleet, transitions] :
           {std::pair{&second, std::int64_t{2}}, std::pair{&third, steps}}) {
        RunCheckpoints found(path_ / "checkpoint");
        const Resumption taken = resume(found, experiment, fleet->groups, facts_of(experiment));
        advance_and_save(experiment, *fleet, found, taken, std::min(transitions, steps));
      }
      const std::string text = differs(third, whole);
      QVERIFY2(text.empty(), fmt::format("after {}: {}", n, text).c_str());
      fs::remove_all(path_ / "checkpoint");
    }
  }

  /// The trace thins out; the open group goes on.
  void longTraces() {
    const Preset preset = preset_of("sghmc", 5, "float32");
    TraceBuffer whole(8, 16), first(8, 16), second(8, 16);
    first.keep();
    const auto add = [](TraceBuffer& buffer, std::int64_t from, std::int64_t to) {
      for (std::int64_t t = from; t <= to; ++t)
        buffer.add({t, static_cast<double>((t * 37) % 101), t % 3 == 0});
    };
    add(whole, 1, 999);
    add(first, 1, 100);
    const Trace part = first.kept();
    first.forget(part.points.size());
    add(first, 101, 333);
    Trace all = part;
    all.points.insert(all.points.end(), first.kept().points.begin(), first.kept().points.end());
    all.thinned = first.kept().thinned;
    second.restore(all, first.open());
    add(second, 334, 999);
    whole.close();
    second.close();
    const Trace a = whole.take(), b = second.take();
    QCOMPARE(a.points.size(), b.points.size());
    QCOMPARE(a.thinned, b.thinned);
    for (std::size_t i = 0; i < a.points.size(); ++i) QCOMPARE(a.points[i].step, b.points[i].step);
  }

  /// A chain that diverged stays so, beside those that go on.
  void divergedChains() {
    const Preset preset = preset_of("sghmc", 0, "float32");
    const Experiment experiment = make_experiment(preset);
    torch::Tensor start =
        random_tensor(3, {count, experiment.posterior.layout.size()}, torch::kFloat);
    start[1][0] = std::numeric_limits<float>::quiet_NaN();
    for (const std::int64_t size : {1, 3}) {
      Fleet whole(experiment, size, start), first(experiment, size, start),
          second(experiment, size);
      whole.advance(steps);
      RunCheckpoints store(path_ / "checkpoint", {preset, {5}, false, false, {}});
      advance_and_save(experiment, first, store, {}, 5);
      RunCheckpoints found(path_ / "checkpoint");
      resume(found, experiment, second.groups, facts_of(experiment));
      second.advance(steps);
      ERGO_OK(differs(second, whole));
      QVERIFY(second.chains.all()[1]->divergence().has_value());
    }
  }

  /// The whole engine: events, curves, convergence, reference, with other numbers of workers.
  void runsGoOn_data() {
    QTest::addColumn<int>("transitions");
    for (const int n : {1, 11, 37, 77}) QTest::addRow("after %d", n) << n;
  }
  void runsGoOn() {
    QFETCH(int, transitions);
    const Preset preset = save_and_load(path_, "p.json", everything());
    RecordingSink uninterrupted, resumed;
    RunControl control;
    RunOptions options;
    options.workers = most_workers();
    const RunResult whole = run(preset, options, uninterrupted.sink(), control);
    RunCheckpoints store(path_ / "checkpoint", {preset, {1}, false, false, {}});
    const RunResult part = interrupted(preset, store, transitions, 1);
    QVERIFY(part.reason == "stopped");
    RunCheckpoints found(path_ / "checkpoint");
    const RunResult more = interrupted(found.job.preset, found, 1, most_workers());
    QVERIFY(more.reason == "stopped");
    RunCheckpoints again(path_ / "checkpoint");
    RunControl last;
    options.workers = 1;
    options.checkpoints = &again;
    const RunResult result = run(again.job.preset, options, resumed.sink(), last);
    QVERIFY2(comparable(result) == comparable(whole),
             json::diff(comparable(whole), comparable(result)).dump().c_str());
    QVERIFY(result.manifest["resumed"] == 2 && result.resolved_preset == whole.resolved_preset);
    QVERIFY(result.reference_draws->f == whole.reference_draws->f);
    QVERIFY(trace_of(resumed) == trace_of(uninterrupted));
    QCOMPARE(path_points(resumed), path_points(uninterrupted));
  }

  /// Truncated anywhere or with a bit flipped: refused, or, where COMMIT still says the same,
  /// equal.
  void damagedCheckpoints() {
    const Preset preset = save_and_load(path_, "p.json", all_samplers());
    RunCheckpoints store(path_ / "checkpoint", {preset, {1}, false, false, {}});
    interrupted(preset, store, 30, 1);
    const fs::path newest = only_newest();
    const json progress = RunCheckpoints(path_ / "checkpoint").progress();
    const auto refused = [&] {
      try {
        const RunCheckpoints found(path_ / "checkpoint");
        if (found.progress() != progress) throw std::logic_error("another state");
      } catch (const Error& error) {
        return error.code() == ExitCode::data;
      }
      return false;
    };
    int damaged = 0;
    for (const auto& entry : fs::recursive_directory_iterator(newest)) {
      if (!entry.is_regular_file()) continue;
      const bool list = entry.path().filename() == "COMMIT";
      const std::string bytes = io::read_file(entry.path(), limit);
      const std::size_t stride = std::max<std::size_t>(1, bytes.size() / 400);
      for (std::size_t at = 0; at < bytes.size(); at += stride) {
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
        for (const std::string& bad : {bytes.substr(0, at), flipped}) {
          rewrite(entry.path(), bad);
          QVERIFY2(refused() || list, entry.path().c_str());
          ++damaged;
        }
      }
      rewrite(entry.path(), bytes);
    }
    QVERIFY(damaged > 2000);
    QVERIFY(!refused());
  }

  /// The one before counts then, with a warning.
  void anOlderOneIsTaken() {
    const Preset preset = save_and_load(path_, "p.json", small_regression());
    RunControl control;
    const RunResult whole = run(preset, {}, {}, control);
    RunCheckpoints store(path_ / "checkpoint", {preset, {1}, false, false, {}});
    interrupted(preset, store, 20, 1);
    RunCheckpoints second(path_ / "checkpoint");
    interrupted(preset, second, 20, 1);
    const fs::path newest = counters().back();
    rewrite(newest / "state.safetensors", "");
    RunCheckpoints found(path_ / "checkpoint");
    RunOptions options;
    options.checkpoints = &found;
    RunControl last;
    const RunResult result = run(preset, options, {}, last);
    QCOMPARE(result.samplers[0].draws_sha256, whole.samplers[0].draws_sha256);
    QVERIFY(!result.warnings.empty() &&
            result.warnings[0].find(newest.string()) != std::string::npos);
  }

  void otherMachinesAndFilesAreRefused() {
    const Preset preset = save_and_load(path_, "p.json", all_samplers());
    RunCheckpoints store(path_ / "checkpoint", {preset, {1}, false, false, {}});
    interrupted(preset, store, 10, 1);
    const auto attempt = [&] {
      RunCheckpoints found(path_ / "checkpoint");
      interrupted(preset, found, 1, 1);
    };
    const json progress = RunCheckpoints(path_ / "checkpoint").progress();
    const auto with = [&](const char* key, const json& value) {
      json changed = progress;
      changed["facts"]["versions"][key] = value;
      RunCheckpoints found(path_ / "checkpoint");
      found.write(changed, {{"state.safetensors", found.read("state.safetensors")}});
    };
    with("instruction_set", "SPARC");
    ERGO_OK(wrong_error(attempt, ExitCode::config, "instruction set \"SPARC\"", "but here it is",
                        "same instructions"));
    with("stream_version", 99);
    ERGO_OK(
        wrong_error(attempt, ExitCode::config, "stream version 99", "the program that began it"));
    with("data_sha256", "0");
    ERGO_OK(wrong_error(attempt, ExitCode::config, "data of SHA-256"));
    write_phi(path_ / "phi.safetensors", {.seed = 2});
    with("data_sha256", progress["facts"]["versions"]["data_sha256"]);
    ERGO_OK(wrong_error(attempt, ExitCode::config, "l2e.meta_parameters", "put the old content"));
    write_phi(path_ / "phi.safetensors");
    attempt();
  }

  void otherRunsAreRefused() {
    const Preset preset = save_and_load(path_, "p.json", all_samplers());
    RunCheckpoints store(path_ / "checkpoint", {preset, {1, 2}, true, false, {}});
    store.write();
    const RunCheckpoints found(path_ / "checkpoint");
    RunJob job{preset, {1, 2}, true, false, {}};
    found.require_same(job);
    const auto attempt = [&] { found.require_same(job); };
    set_field(job.preset, "checkpoint_seconds", "7");
    attempt();
    set_field(job.preset, "sghmc.friction", "11");
    ERGO_OK(wrong_error(attempt, ExitCode::config, "'sghmc.friction' is 11.0, but 10.0",
                        "another folder"));
    job.preset = preset;
    set_field(job.preset, "gradient_evaluations", "160");
    ERGO_OK(wrong_error(attempt, ExitCode::config, "'gradient_evaluations' is 160, but 80"));
    job.preset = save_and_load(path_, "one.json", small_regression());
    ERGO_OK(wrong_error(attempt, ExitCode::config, "Field"));
    job = {preset, {1, 3}, true, false, {}};
    ERGO_OK(wrong_error(attempt, ExitCode::config, "seed is 1 3, but 1 2"));
  }

  /// Bytes that verify, but are of other chains.
  void checkpointsOfOtherChainsAreRefused() {
    const Preset one = save_and_load(path_, "p.json", small_regression());
    RunCheckpoints store(path_ / "checkpoint", {one, {1}, false, false, {}});
    interrupted(one, store, 10, 1);
    json document = small_regression();
    document["samplers"][0]["chains"] = 2;
    const Preset two = save_and_load(path_, "two.json", document);
    const auto attempt = [&] {
      RunCheckpoints found(path_ / "checkpoint");
      interrupted(two, found, 1, 1);
    };
    ERGO_OK(wrong_error(attempt, ExitCode::data, "none of this run", "another number of chains"));
  }

 private:
  Preset preset_of(const std::string& id, int batch, const std::string& dtype) const {
    json section = {{"id", id}, {"chains", count}, {"steps", steps}};
    for (const Field& field : find_sampler(id)->fields) {
      if (field.name == "meta_parameters") section[field.name] = id + ".safetensors";
      if (field.name == "trajectory_length") section[field.name] = 0.01;
      if (field.name == "cycles") section[field.name] = 2;
    }
    json document = small_regression();
    document["gradient_evaluations"] = count * steps;
    document["draws"] = find_sampler(id)->traits.ensemble ? count : 2 * count;
    document["batch_size"] = batch;
    document["dtype"] = dtype;
    document["curve_points"] = 5;
    document["samplers"] = json::array({section});
    return save_and_load(path_, id + ".json", document);
  }

  static json everything() {
    json document = all_samplers();
    document["curve_points"] = 4;
    document["reference"] = "recompute";
    document["batch_size"] = 5;
    document["save_predictions"] = true;
    document["samplers"][0]["chains"] = 2;
    return document;
  }

  /// Stopped once every chain has taken so many transitions, or has none left.
  static RunResult interrupted(const Preset& preset, RunCheckpoints& store, int transitions,
                               int workers) {
    RunControl control;
    control.pause();
    control.step(transitions);
    RunOptions options;
    options.workers = workers;
    options.checkpoints = &store;
    std::int64_t before = -1, looks = 0;
    const auto stop_at_rest = [&](const RunEvent& event) {
      const auto* progress = std::get_if<Progress>(&event);
      if (!progress) return;
      looks = progress->done == before ? looks + 1 : 0;
      before = progress->done;
      if (looks == 3) control.stop();
    };
    return run(preset, options, stop_at_rest, control);
  }

  std::vector<fs::path> counters() const {
    std::vector<fs::path> list;
    for (const auto& entry : fs::directory_iterator(path_ / "checkpoint"))
      list.push_back(entry.path());
    std::sort(list.begin(), list.end());
    return list;
  }

  fs::path only_newest() const {
    const std::vector<fs::path> list = counters();
    for (std::size_t i = 0; i + 1 < list.size(); ++i) fs::remove_all(list[i]);
    return list.back();
  }
};

QTEST_GUILESS_MAIN(TestResume)
#include "tst_resume.moc"
