// SPDX-License-Identifier: GPL-3.0-or-later
// The target table, not times: parsing, ratios, met or missed, JSON, refusals, exit statuses.
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "core/io/atomic_file.h"
#include "tests/bench/figures.h"
#include "tests/bench/table.h"
#include "tests/core/plain_support.h"

using namespace ergo;
using namespace ergo::bench;
using nlohmann::json;
using test::near;
using test::wrong_error;

namespace {

/// One entry as Google Benchmark 1.7 writes it.
json entry(const std::string& name, const json& counters) {
  json one = {{"name", name + "/iterations:1/repeats:3/manual_time"},
              {"run_name", name},
              {"run_type", "iteration"},
              {"repetitions", 3},
              {"iterations", 1},
              {"real_time", 1.5},
              {"cpu_time", 1.5},
              {"time_unit", "ms"}};
  one.update(counters);
  return one;
}

json document(const json& entries) {
  return {{"context", {{"num_cpus", 2}, {"load_avg", {0.25, 0.5, 0.75}}, {"cpu_model", "Z80"}}},
          {"benchmarks", entries}};
}

Results results_of(const json& entries) {
  Results results;
  add_results(results, document(entries), "test");
  return results;
}

Target ratio_target(double goal, bool at_least) {
  return {.text = "ratio",
          .benchmark = "pair",
          .numerators = {"a", "b"},
          .denominator = "ours",
          .goal = goal,
          .at_least = at_least,
          .unit = "x"};
}

/// a/ours = 3, 40, 5 (median 5); b/ours = 4, 4, 90 (median 4): b is the faster peer.
json three_pairs() {
  return json::array({entry("pair", {{"a", 3.0}, {"b", 4.0}, {"ours", 1.0}}),
                      entry("pair", {{"a", 80.0}, {"b", 8.0}, {"ours", 2.0}}),
                      entry("pair", {{"a", 2.5}, {"b", 45.0}, {"ours", 0.5}})});
}

/// Every required target measured: ratio 7 where at least is asked, 0 or 1 where at most.
json complete_entries() {
  std::map<std::string, json> counters;
  for (const Target& target : targets()) {
    if (!target.when_absent.empty()) continue;
    json& own = counters[target.benchmark];
    for (const std::string& name : target.numerators) own[name] = target.at_least ? 7.0 : 1.0;
    if (!target.denominator.empty()) own[target.denominator] = 1.0;
  }
  json entries = json::array();
  for (const auto& [name, own] : counters) entries.push_back(entry(name, own));
  return entries;
}

/// The shipped targets of the window.
std::vector<Target> window_rows() {
  std::vector<Target> rows = targets();
  std::erase_if(rows, [](const Target& target) { return !target.benchmark.starts_with("gui_"); });
  return rows;
}

}  // namespace

class TestBenchTable : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void names_lose_how_they_ran() {
    const Results results = results_of(
        json::array({entry("growth/sghmc/1000", {{"x", 1.0}}), entry("plain", {{"x", 2.0}})}));
    QCOMPARE(results.benchmarks.size(), std::size_t{2});
    QVERIFY(results.benchmarks.contains("growth/sghmc/1000"));
    QVERIFY(results.benchmarks.contains("plain"));
  }

  void aggregates_are_left_out() {
    json mean = entry("pair", {{"a", 1000.0}});
    mean["run_type"] = "aggregate";
    const Results results = results_of(json::array({entry("pair", {{"a", 1.0}}), mean}));
    QCOMPARE(results.benchmarks.at("pair").counters.at("a"), std::vector<double>{1.0});
  }

  void quantiles_interpolate() {
    QVERIFY(near(quantile({4, 1, 3, 2}, 0.5), 2.5, 1e-15));
    QVERIFY(near(quantile({4, 1, 3, 2}, 0.25), 1.75, 1e-15));
    QVERIFY(near(quantile({7}, 0.75), 7.0, 1e-15));
  }

  void the_faster_peer_counts_and_medians_are_of_ratios() {
    const Row row = evaluate(results_of(three_pairs()), {ratio_target(4.0, true)}).front();
    QVERIFY(near(*row.measured, 4.0, 1e-12));  // medians of the sides would give 3/1 and 8/1
    QVERIFY(near(row.low, 4.0, 1e-12));
    QVERIFY(near(row.high, 47.0, 1e-12));
    QCOMPARE(row.repetitions, std::size_t{3});
    QVERIFY(*row.met);
  }

  void goals_bound_from_the_stated_side() {
    const Results results = results_of(three_pairs());
    QVERIFY(!*evaluate(results, {ratio_target(4.01, true)}).front().met);
    QVERIFY(*evaluate(results, {ratio_target(4.01, false)}).front().met);
    QVERIFY(!*evaluate(results, {ratio_target(3.99, false)}).front().met);
  }

  void scale_and_offset_apply_to_the_ratio() {
    Target target = ratio_target(0.02, false);
    target.numerators = {"a"};
    target.scale = 0.2;
    target.offset = 1.0;
    const Results same = results_of(json::array({entry("pair", {{"a", 5.05}, {"ours", 1.0}})}));
    QVERIFY(near(*evaluate(same, {target}).front().measured, 0.01, 1e-12));
    target.denominator.clear();
    QVERIFY(near(*evaluate(same, {target}).front().measured, 0.01, 1e-12));
  }

  void an_absent_device_is_null_and_an_absent_requirement_is_refused() {
    Target target = ratio_target(1.0, true);
    target.benchmark = "elsewhere";
    const Results results = results_of(three_pairs());
    QCOMPARE(wrong_error([&] { evaluate(results, {target}); }, ExitCode::data, "'elsewhere'"),
             std::string());
    target.when_absent = "no device";
    const Row row = evaluate(results, {target}).front();
    QVERIFY(!row.measured && !row.met && !row.failed);
    QCOMPARE(row.note, std::string("not measured: no device"));
  }

  void results_say_why_a_benchmark_was_not_run() {
    Target required = ratio_target(1.0, true), optional = required;
    required.benchmark = "scaling";
    optional.benchmark = "gui_start";
    optional.when_absent = "no results";
    Results results = results_of(three_pairs());
    json why = document(json::array());
    why["context"] = {{"not_measured:scaling", "one core"},
                      {"not_measured:gui_start", "no desktop"},
                      {"not_measured:pair", "never looked at"}};
    add_results(results, why, "why.json");
    const std::vector<Row> rows = evaluate(results, {required, optional, ratio_target(1.0, true)});
    QCOMPARE(rows[0].note, std::string("not measured: one core"));
    QCOMPARE(rows[1].note, std::string("not measured: no desktop"));
    QVERIFY(!rows[0].met && !rows[0].failed && !rows[1].met);
    QVERIFY(rows[2].met.has_value());  // a measurement counts more than a reason against it
    QVERIFY(!results.context.contains("not_measured:scaling"));
    QVERIFY(table_text(rows, results).find("not measured: one core") != std::string::npos);
  }

  void incomplete_counters_are_refused() {
    Target target = ratio_target(1.0, true);
    target.numerators = {"missing_counter"};
    QCOMPARE(wrong_error([&] { evaluate(results_of(three_pairs()), {target}); }, ExitCode::data,
                         "'pair'", "'missing_counter'"),
             std::string());
    json uneven = three_pairs();
    uneven[1].erase("ours");
    QCOMPARE(wrong_error([&] { evaluate(results_of(uneven), {ratio_target(1, true)}); },
                         ExitCode::data, "3 values of 'a' but 2 of 'ours'"),
             std::string());
    json zero = three_pairs();
    zero[1]["ours"] = 0.0;
    QCOMPARE(wrong_error([&] { evaluate(results_of(zero), {ratio_target(1, true)}); },
                         ExitCode::data, "'ours'", "> 0"),
             std::string());
  }

  void malformed_documents_are_refused() {
    Results results;
    for (const json& bad :
         {json::array(), json::object(), json{{"benchmarks", 3}},
          json{{"benchmarks", {{{"real_time", 1}}}}}, json{{"benchmarks", {7}}}}) {
      QCOMPARE(
          wrong_error([&] { add_results(results, bad, "odd.json"); }, ExitCode::data, "odd.json"),
          std::string());
    }
    const json null_counter = document(json::array({entry("pair", {{"a", nullptr}})}));
    QCOMPARE(wrong_error([&] { add_results(results, null_counter, "odd.json"); }, ExitCode::data,
                         "'a'", "finite"),
             std::string());
  }

  void a_failed_benchmark_is_shown_not_measured() {
    json failed = entry("pair", json::object());
    failed["error_occurred"] = true;
    failed["error_message"] = "peers disagree";
    const Results results = results_of(json::array({failed}));
    const std::vector<Row> rows = evaluate(results, {ratio_target(1.0, true)});
    QVERIFY(rows.front().failed && !rows.front().met);
    QVERIFY(table_text(rows, results).find("peers disagree") != std::string::npos);
  }

  void figures_of_a_window_read_back() {
    const std::string text =
        figures_json("gui_start", {{{"first_picture_s", 1.25}}, {{"first_picture_s", 0.75}}});
    Results results;
    add_results(results, json::parse(text), "gui_start.json");
    const std::vector<double> expected{1.25, 0.75};
    QCOMPARE(results.benchmarks.at("gui_start").counters.at("first_picture_s"), expected);
    for (const Row& row : evaluate(results, window_rows())) {
      QCOMPARE(row.met.has_value(), row.target.benchmark == "gui_start");
    }
  }

  void json_has_the_stated_form() {
    Target absent = ratio_target(1.0, true);
    absent.benchmark = "elsewhere";
    absent.when_absent = "no device";
    const Results results = results_of(three_pairs());
    const json list = json::parse(
        table_json(evaluate(results, {ratio_target(4.5, true), absent}), results).dump());
    QVERIFY(list.is_array());
    QCOMPARE(list.size(), std::size_t{2});
    QVERIFY(list[0]["target"] == json("ratio"));
    QVERIFY(list[0]["goal"] == json(4.5));
    QVERIFY(list[0]["met"] == json(false));
    QVERIFY(near(list[0]["measured"].get<double>(), 4.0, 1e-12));
    QVERIFY(list[1]["measured"].is_null() && list[1]["met"].is_null());
    QVERIFY(list[1]["note"] == json("not measured: no device"));
    QVERIFY(list[0]["machine"].get<std::string>().find("Z80, 2 cores") != std::string::npos);
    QVERIFY(list[0]["machine"].get<std::string>().find("start 0.25") != std::string::npos);
  }

  void text_names_what_was_missed_and_why() {
    Target missed = ratio_target(9.0, true);
    missed.cause = "peers are fast";
    const Results results = results_of(three_pairs());
    const std::string text = table_text(evaluate(results, {missed}), results);
    QVERIFY(text.find("MISSED") != std::string::npos);
    QVERIFY(text.find("- ratio: 4, goal >= 9 x. peers are fast.") != std::string::npos);
    const std::string good = table_text(evaluate(results, {ratio_target(4, true)}), results);
    QVERIFY(good.find("Every measured target was met.") != std::string::npos);
  }

  void figures_are_the_benchmarks_no_target_uses() {
    json entries = three_pairs();
    entries.push_back(entry("noise", {{"ours_ns", 2.0}}));
    const std::string text = figures_text(results_of(entries), {ratio_target(1, true)});
    QVERIFY(text.find("noise") != std::string::npos);
    QVERIFY(text.find("ours_ns 2") != std::string::npos);
    QVERIFY(text.find("pair") == std::string::npos);
  }

  void the_shipped_targets_are_consistent() {
    std::set<std::string> texts;
    for (const Target& target : targets()) {
      QVERIFY2(texts.insert(target.text).second, target.text.c_str());
      QVERIFY2(!target.numerators.empty() && target.goal > 0, target.text.c_str());
    }
    const std::vector<Row> rows = evaluate(results_of(complete_entries()), targets());
    for (const Row& row : rows) {
      QVERIFY2(row.met.has_value() == row.target.when_absent.empty(), row.target.text.c_str());
      QVERIFY2(row.met.value_or(true), row.target.text.c_str());
    }
  }

  void the_program_prints_writes_and_refuses() {
    QTemporaryDir folder;
    const auto path = [&folder](const char* name) { return folder.filePath(name).toStdString(); };
    const auto program = [](const QStringList& arguments) {
      QProcess process;
      process.start(QStringLiteral(BENCH_TABLE), arguments);
      process.waitForFinished(-1);
      return process.exitCode();
    };
    json entries = complete_entries();
    io::write_file(path("good.json"), document(entries).dump());
    const auto first = entries[0]["run_name"].get<std::string>();
    entries.erase(entries.begin());
    io::write_file(path("short.json"), document(entries).dump());
    io::write_file(path("broken.json"), "{\"benchmarks\": [");
    entries = complete_entries();
    entries[0]["error_occurred"] = true;
    io::write_file(path("failed.json"), document(entries).dump());
    io::write_file(path("why.json"), json{{"context", {{"not_measured:" + first, "one core"}}},
                                          {"benchmarks", json::array()}}
                                         .dump());

    const QString out = folder.filePath(QStringLiteral("table.json"));
    const auto file = [&folder](const char* name) { return folder.filePath(name); };
    QCOMPARE(program({QStringLiteral("--json"), out, file("good.json")}), 0);
    const json list = json::parse(io::read_file(out.toStdString(), 1u << 20));
    QCOMPARE(list.size(), targets().size());
    QCOMPARE(program({file("short.json")}), 65);
    QCOMPARE(program({file("short.json"), file("why.json")}), 0);
    QCOMPARE(program({file("broken.json")}), 65);
    QCOMPARE(program({file("absent.json")}), 66);
    QCOMPARE(program({file("failed.json")}), 70);
    QCOMPARE(program({QStringLiteral("--json"), file("no/such/folder.json"), file("good.json")}),
             73);
    QCOMPARE(program({}), 64);
    QCOMPARE(program({QStringLiteral("--what"), file("good.json")}), 64);
  }
};

QTEST_GUILESS_MAIN(TestBenchTable)
#include "tst_bench_table.moc"
