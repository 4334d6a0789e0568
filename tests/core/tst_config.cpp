// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <filesystem>

#include "core/config/find_file.h"
#include "core/io/sha256.h"
#include "core/presets/files.h"
#include "core/presets/setting_hash.h"
#include "core/presets/store.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

struct Sample {
  double rate = 0.5;
  std::int64_t count = 3;
  bool flag = false;
  std::string kind = "a", note;
  std::vector<std::int64_t> widths = {4, 5};
  std::vector<double> grid = {0.5};
  template <class V>
  void visit(V&& v) {
    v("rate", rate, FieldInfo{.min = 0, .max = 1, .open_min = true, .doc = "Rate."});
    v("count", count, FieldInfo{.min = 1, .max = 10, .doc = "Count."});
    v("flag", flag, FieldInfo{.doc = "Flag."});
    v("kind", kind, FieldInfo{.choices = {"a", "b"}, .doc = "Kind."});
    v("note", note, FieldInfo{.doc = "Note."});
    v("widths", widths, FieldInfo{.min = 1, .doc = "Widths."});
    v("grid", grid, FieldInfo{.min = 0, .doc = "Grid."});
  }
};

/// Sample as a later version has it.
struct Grown : Sample {
  double extra = 1.5;
  template <class V>
  void visit(V&& v) {
    Sample::visit(v);
    v("extra", extra, FieldInfo{.min = 0, .doc = "Extra."});
  }
};

constexpr const char* first_sample = R"({"rate": 0.5, "count": 3, "flag": false, "kind": "a",
    "note": "", "widths": [4, 5], "grid": [0.5]})";

template <class Config>
SettingHash hash_of(const Config& config) {
  SettingHash hash;
  hash.add(config, first_sample, {"flag"});
  hash.add_text("7");
  return hash;
}

Field field_of(const std::string& name) {
  for (const Field& field : fields_of(Sample{})) {
    if (field.name == name) return field;
  }
  return {};
}

json value_of(const Preset& preset, const std::string& section, const std::string& name) {
  for (const Section& s : sections(preset)) {
    if (s.name != section) continue;
    for (const Field& f : s.fields) {
      if (f.name == name) return f.value;
    }
  }
  return {};
}

json tuned_document() {
  json document = small_regression();
  document["gradient_evaluations"] = 500;
  document["tuned"] = json::array();
  for (const int budget : {100, 400, 1600}) {
    document["tuned"].push_back(
        {{"gradient_evaluations", budget}, {"set", {{"sghmc.step_size", 1.0 / budget}}}});
  }
  return document;
}

}  // namespace

class TestConfig : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void structsSurviveJson() {
    Sample sample;
    sample.rate = 0.1;
    sample.widths = {};
    sample.note = "n\"ö";
    const auto again = read_config<Sample>(json::parse(to_json(sample).dump()), "", "test");
    QVERIFY(to_json(again) == to_json(sample));
    QVERIFY(to_json(read_config<Sample>(json::object(), "", "test")) == to_json(Sample{}));
  }

  void violations_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("says");  // empty: fine
    const auto row = [](const char* name, const char* value, const char* says) {
      QTest::addRow("%s = %s", name, value) << name << value << says;
    };
    row("rate", "1", "");
    row("rate", "0.25", "");
    row("rate", "0", "Field 'x.rate' is 0, but must be > 0 and <= 1.");
    row("rate", "1.5", "Field 'x.rate' is 1.5, but must be > 0 and <= 1.");
    row("rate", "\"fast\"", "Field 'x.rate' is \"fast\", but must be a number.");
    row("count", "10", "");
    row("count", "0", "Field 'x.count' is 0, but must be >= 1 and <= 10.");
    row("count", "11", "Field 'x.count' is 11, but must be >= 1 and <= 10.");
    row("count", "4.0", "");
    row("count", "1e1", "");
    row("count", "1e2", "Field 'x.count' is 100.0, but must be >= 1 and <= 10.");
    row("count", "1e300", "must be an integer");
    row("count", "2.5", "Field 'x.count' is 2.5, but must be an integer.");
    row("count", "18446744073709551615", "must be >= 1 and <= 10");
    row("flag", "true", "");
    row("flag", "1", "Field 'x.flag' is 1, but must be true or false.");
    row("kind", "\"b\"", "");
    row("kind", "\"c\"", "Field 'x.kind' is \"c\", but must be one of a, b.");
    row("kind", "null", "must be text");
    row("widths", "[]", "");
    row("widths", "[3, 0]", "Field 'x.widths' is [3,0], but must be >= 1.");
    row("widths", "[3, 0.5]", "must be a list of integers");
    row("grid", "[1, 2.5]", "");
    row("grid", "[-1]", "must be >= 0");
    row("grid", "3", "must be a list of numbers");
  }
  void violations() {
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, says);
    const std::string text = violation(field_of(name.toStdString()), "x." + name.toStdString(),
                                       json::parse(value.toStdString()));
    if (says.isEmpty())
      QVERIFY2(text.empty(), text.c_str());
    else
      QVERIFY2(text.find(says.toStdString()) != std::string::npos, text.c_str());
  }

  void unknownFieldNamesTheNearest() {
    const auto list = problems(fields_of(Sample{}), json{{"cuont", 3}}, "s.");
    QCOMPARE(list.size(), std::size_t(1));
    QVERIFY(list[0].code == ExitCode::usage);
    QVERIFY2(list[0].message == "Field 's.cuont' is unknown; did you mean 'count'?",
             list[0].message.c_str());
    QVERIFY(nearest_hint("something else entirely", {"count", "rate"}) == ".");
    for (const char* word : {"toy-foogn", "nothing-like-any-of-them"}) {
      try {
        load_preset(word);
        QFAIL("an unknown preset was loaded");
      } catch (const Error& error) {
        const std::string text = error.what();  // one sentence, ended once
        QVERIFY2(text.ends_with("?") || text.ends_with("unknown."), text.c_str());
      }
    }
  }

  void parsing_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");  // JSON; empty: refused
    const auto row = [](const char* name, const char* text, const char* expected) {
      QTest::addRow("%s = %s", name, text) << name << text << expected;
    };
    row("rate", "0.125", "0.125");
    row("rate", "1e-3", "0.001");
    row("rate", "+0.5", "0.5");
    row("rate", "+-0.5", "");
    row("rate", "0,5", "");
    row("rate", "0.5x", "");
    row("rate", "", "");
    row("rate", " 0.5", "");
    row("count", "7", "7");
    row("count", "7.0", "7");
    row("count", "1e5", "100000");
    row("count", "7.5", "");
    row("count", "1e300", "");
    row("widths", "4e1,40.0", "[40, 40]");
    row("count", "99999999999999999999", "");
    row("flag", "true", "true");
    row("flag", "0", "false");
    row("flag", "yes", "");
    row("note", "0.5", "\"0.5\"");
    row("widths", "40,40", "[40, 40]");
    row("widths", "[40, 40]", "[40, 40]");
    row("widths", "", "[]");
    row("widths", "40;40", "");
    row("grid", "0.5,1e2", "[0.5, 100.0]");
  }
  void parsing() {
    QFETCH(QString, name);
    QFETCH(QString, text);
    QFETCH(QString, expected);
    const Field field = field_of(name.toStdString());
    const auto parse = [&] { return parse_value(field, name.toStdString(), text.toStdString()); };
    if (expected.isEmpty()) {
      ERGO_OK(wrong_error(parse, ExitCode::usage, "'" + name.toStdString() + "'",
                          "'" + text.toStdString() + "'"));
    } else {
      const json value = parse();
      QCOMPARE(value.is_number_float(), json::parse(expected.toStdString()).is_number_float());
      QVERIFY2(value == json::parse(expected.toStdString()), value.dump().c_str());
    }
  }

  void setFieldReachesEverySection() {
    Preset preset = save_and_load(path_, "p.json", small_regression());
    set_field(preset, "draws", "8");
    set_field(preset, "data.train_size", "30");
    set_field(preset, "model.hidden", "3,2");
    set_field(preset, "posterior.noise_sd", "0.25");
    set_field(preset, "sghmc.friction", "2.5");
    QVERIFY(value_of(preset, "", "draws") == 8);
    QVERIFY(value_of(preset, "data", "train_size") == 30);
    QVERIFY(value_of(preset, "model", "hidden") == json({3, 2}));
    QVERIFY(value_of(preset, "posterior", "noise_sd") == 0.25);
    QVERIFY(value_of(preset, "sghmc", "friction") == 2.5);
    QVERIFY(problems(preset).empty());
  }

  void setFieldRefuses() {
    Preset preset = save_and_load(path_, "p.json", small_regression());
    const json before = preset.document;
    const auto set = [&preset](const char* field, const char* value) {
      return [&preset, field, value] { set_field(preset, field, value); };
    };
    ERGO_OK(wrong_error(set("sghmc.stepsize", "1"), ExitCode::usage, "'sghmc.stepsize'",
                        "'sghmc.step_size'"));
    ERGO_OK(wrong_error(set("sghcm.step_size", "1"), ExitCode::usage, "'sghmc.step_size'"));
    ERGO_OK(wrong_error(set("drwas", "1"), ExitCode::usage, "'drwas'", "'draws'"));
    ERGO_OK(wrong_error(set("draws", "many"), ExitCode::usage, "'draws'", "'many'", "an integer"));
    ERGO_OK(wrong_error(set("draws", "0"), ExitCode::config, "'draws'", ">= 1"));
    ERGO_OK(wrong_error(set("sghmc.step_size", "nan"), ExitCode::config, "'sghmc.step_size'"));
    ERGO_OK(wrong_error(set("dtype", "float16"), ExitCode::config, "float32, float64"));
    QVERIFY(preset.document == before);
  }

  void tunedPicksByBudget_data() {
    QTest::addColumn<QString>("budget");
    QTest::addColumn<double>("step_size");
    QTest::newRow("below all") << "50" << 1.0 / 100;
    QTest::newRow("exact") << "400" << 1.0 / 400;
    QTest::newRow("between") << "1599" << 1.0 / 400;
    QTest::newRow("above all") << "100000" << 1.0 / 1600;
  }
  /// The entry of the largest budget within this one; the smallest entry when there is none.
  void tunedPicksByBudget() {
    QFETCH(QString, budget);
    QFETCH(double, step_size);
    for (const bool reversed : {false, true}) {
      json document = tuned_document();
      if (reversed) std::reverse(document["tuned"].begin(), document["tuned"].end());
      Preset preset = save_and_load(path_, "p.json", document);
      QVERIFY(value_of(preset, "sghmc", "step_size") == 1.0 / 400);
      set_field(preset, "gradient_evaluations", budget.toStdString());
      QVERIFY(value_of(preset, "sghmc", "step_size") == step_size);
    }
  }

  void explicitValueBeatsTheTunedOne() {
    Preset preset = save_and_load(path_, "p.json", tuned_document());
    set_field(preset, "sghmc.step_size", "0.125");
    set_field(preset, "gradient_evaluations", "100");
    QVERIFY(value_of(preset, "sghmc", "step_size") == 0.125);
    Preset other = save_and_load(path_, "q.json", tuned_document());
    set_field(other, "gradient_evaluations", "100");
    set_field(other, "sghmc.step_size", "0.125");
    QVERIFY(value_of(other, "sghmc", "step_size") == 0.125);
  }

  void brokenPresets_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const json& change, int code, const char* says) {
      json document = small_regression();
      document.merge_patch(change);
      QTest::newRow(name) << QString::fromStdString(document.dump()) << code << says;
    };
    QTest::newRow("no JSON") << "{\"schema\": 1," << 65 << "JSON";
    QTest::newRow("empty") << "" << 65 << "JSON";
    QTest::newRow("comment") << "// mine\n{\"schema\": 1}" << 65 << "line 1, column 1: a comment";
    QTest::newRow("key twice") << "{\"schema\": 1, \"data\": {\"seed\": \"1\", \"seed\": \"2\"}}"
                               << 65 << "'data.seed' is given twice";
    QTest::newRow("a list") << "[]" << 78 << "object";
    row("future schema", {{"schema", 99}}, 78, "'schema' is 99");
    row("no schema", {{"schema", nullptr}}, 78, "'schema'");
    row("other kind", {{"kind", "paint"}}, 78, "\"paint\"");
    row("unknown top field", {{"drwas", 3}}, 64, "'draws'");
    row("unknown data field", {{"data", {{"trainsize", 3}}}}, 64, "'train_size'");
    row("out of range", {{"posterior", {{"noise_sd", -1}}}}, 78, "'posterior.noise_sd' is -1");
    row("section is no object", {{"model", 3}}, 78, "'model'");
    row("samplers are no list", {{"samplers", 3}}, 78, "'samplers'");
    row("unknown sampler", {{"samplers", {{{"id", "sghcm"}}}}}, 64, "'sghmc'");
    row("twice", {{"samplers", {{{"id", "hmc"}}, {{"id", "hmc"}}}}}, 78, "twice");
    row("sampler is a number", {{"samplers", {1}}}, 78, "samplers");
    row("sampler id is a number", {{"samplers", {{{"id", 5}}}}}, 78, "samplers");
    row("tuned entry without budget", {{"tuned", {{{"set", json::object()}}}}}, 78, "tuned");
    row("tuned entry without set", {{"tuned", {{{"gradient_evaluations", 5}}}}}, 78, "tuned");
    row("tuned entry of a wrong type", {{"tuned", {3}}}, 78, "tuned");
    row("tuned unknown field",
        {{"tuned", {{{"gradient_evaluations", 5}, {"set", {{"sghmc.steps_ize", 1}}}}}}}, 64,
        "'sghmc.steps_ize' is unknown in preset 'p'");
    row("title is a number", {{"title", 3}}, 78, "'title'");
  }
  void brokenPresets() {
    QFETCH(QString, text);
    QFETCH(int, code);
    QFETCH(QString, says);
    write_text(path_ / "p.json", text.toStdString());
    ERGO_OK(wrong_error([this] { load_preset((path_ / "p.json").string()).title(); },
                        static_cast<ExitCode>(code), says.toStdString(),
                        says.contains(u"'p'") ? "p" : "p.json"));
  }

  void hashesSurviveANewField() {
    Sample old;
    old.rate = 0.25;
    Grown grown;
    grown.rate = 0.25;
    QCOMPARE(hash_of(grown).hex(), hash_of(old).hex());
    QCOMPARE(hash_of(old).hex(), io::sha256_hex(R"([{"rate":0.25}]|7)"));
    grown.extra = 2.0;
    QVERIFY(hash_of(grown).hex() != hash_of(old).hex());
    old.flag = true;  // ignored
    QVERIFY(hash_of(old).matches(io::sha256_hex(R"([{"rate":0.25}]|7)")));
  }

  void hashesOfSchemaOneMatch() {
    Grown config;
    config.rate = 0.25;
    const std::string stored =
        io::sha256_hex(R"([{"count":3,"flag":false,"grid":[0.5],"kind":"a","note":"",)"
                       R"("rate":0.25,"widths":[4,5]}]|7)");
    QVERIFY(hash_of(config).matches(stored));
    config.extra = 2.0;  // the old file was made with its default
    QVERIFY(!hash_of(config).matches(stored));
    config.extra = 1.5;
    config.count = 4;
    QVERIFY(!hash_of(config).matches(stored));
  }

  void idsAndPaths() {
    const auto ids = preset_ids();
    QVERIFY(std::is_sorted(ids.begin(), ids.end()));
    ERGO_OK(wrong_error([] { load_preset("toy-foogn"); }, ExitCode::usage, "'toy-foogn'",
                        "'toy-foong'"));
    const std::string missing = (path_ / "none.json").string();
    ERGO_OK(wrong_error([&missing] { load_preset(missing); }, ExitCode::no_input, missing));
  }

  void shippedPresetsLoad_data() {
    QTest::addColumn<QString>("id");
    QVERIFY(preset_ids().size() >= 2);
    for (const std::string& id : preset_ids()) {
      QTest::newRow(id.c_str()) << QString::fromStdString(id);
    }
  }
  void shippedPresetsLoad() {
    QFETCH(QString, id);
    const Preset preset = load_preset(id.toStdString());
    for (const Problem& problem : problems(preset)) QFAIL(problem.message.c_str());
    QVERIFY(!preset.title().empty());
    QVERIFY(!preset.description().empty());
    QVERIFY(sections(preset).size() >= 5);
  }

  /// A burn-in tuned for one budget must not outlive a shorter run, however the budget came there.
  void tunedBurnInsFitTheirBudget() {
    for (const std::string& id : preset_ids()) {
      Preset preset = load_preset(id);
      if (!preset.document.contains("samplers")) continue;
      for (const std::int64_t budget : {400, 4000, 20000, 4000, 400}) {
        set_field(preset, "gradient_evaluations", std::to_string(budget));
        for (const json& sampler : preset.document["samplers"]) {
          if (sampler.at("id") == "hmc") continue;  // it counts steps of its own
          QVERIFY2(sampler.value("burn_in", -1) < budget, id.c_str());
        }
      }
    }
  }

  /// The document holds them as integers, so that everybody reads them as such.
  void wholeNumbersMayHaveAPoint() {
    json document = small_regression();
    document["gradient_evaluations"] = 8e1;
    document["model"]["hidden"] = {6.0, 1e1};
    document["samplers"][0]["chains"] = 2.0;
    document["samplers"][0]["friction"] = 10.0;
    Preset preset = save_and_load(path_, "p.json", document);
    QCOMPARE(preset.document["gradient_evaluations"].dump(), std::string("80"));
    QCOMPARE(preset.document["model"]["hidden"].dump(), std::string("[6,10]"));
    QCOMPARE(preset.document["samplers"][0]["chains"].dump(), std::string("2"));
    QCOMPARE(preset.document["samplers"][0]["friction"].dump(), std::string("10.0"));
    set_field(preset, "draws", "4e0");
    QCOMPARE(preset.document["draws"].dump(), std::string("4"));
  }

  /// A file that a user names: "~", then the working folder, then as in the preset.
  void givenFilesStartAtTheWorkingFolder() {
    const auto before = std::filesystem::current_path();
    const auto here = path_ / "here";
    std::filesystem::create_directories(here);
    write_text(here / "t.csv", "x,y\n1,2\n");
    Preset preset = save_and_load(path_, "p.json", small_regression());
    const auto file_after = [&preset](const std::string& given) {
      set_field(preset, "data.file", given);
      return preset.document["data"]["file"].get<std::string>();
    };
    std::filesystem::current_path(here);
    const std::string found = file_after("t.csv");
    std::filesystem::current_path(before);
    QCOMPARE(found, (std::filesystem::canonical(here) / "t.csv").string());
    QCOMPARE(file_after("t.csv"), std::string("t.csv"));
    const QByteArray home = qgetenv("HOME");
    qputenv("HOME", path_.c_str());
    const std::string at_home = file_after("~/t.csv");
    qputenv("HOME", home);
    QCOMPARE(at_home, (path_ / "t.csv").string());
    QCOMPARE(file_after(""), std::string());
  }

  void sectionValuesFillInDefaults() {
    const Preset preset = save_and_load(path_, "p.json", small_regression());
    QVERIFY(section_values(preset, "data").at("grid_points") == 11);
    QVERIFY(section_values(preset, "data").at("test_fraction") == 0.1);
    QVERIFY(section_values(preset, "").at("batch_size") == 0);
    QVERIFY(!section_values(preset, "").contains("data"));
    QVERIFY(section_values(preset, "sghmc").at("friction") == 10.0);
    QVERIFY(section_values(preset, "hmc").empty());
  }

  /// Fields say themselves whether they name a file: a seed "1" does not become the path of one.
  void onlyFileFieldsNameFiles() {
    write_text(path_ / "1", "not a seed");
    write_text(path_ / "table.csv", "x,y\n1,2\n");
    json document = small_regression();
    document["data"]["seed"] = "1";
    document["data"]["target"] = "1";
    document["data"]["file"] = "table.csv";
    const Preset preset = save_and_load(path_, "p.json", document);
    const std::vector<PresetFile> files = preset_files(preset);
    QCOMPARE(files.size(), std::size_t{1});
    QVERIFY(files[0].field == "data.file" && files[0].path == path_ / "table.csv");
    document["data"]["file"] = (path_ / "table.csv").string();
    QVERIFY(with_absolute_files(preset).document == document);
  }

  void filesAreFoundInOrder() {
    const auto a = path_ / "a", b = path_ / "b";
    std::filesystem::create_directories(a);
    std::filesystem::create_directories(b);
    write_text(b / "f", "");
    QVERIFY(find_file("f", {a, b}) == b / "f");
    write_text(a / "f", "");
    QVERIFY(find_file("f", {a, b}) == a / "f");
    QVERIFY(find_file("none", {a, b}) == a / "none");
    QVERIFY(find_file((b / "f").string(), {a}) == b / "f");
    QVERIFY(find_file("none", {}) == "none");
    QVERIFY(require_file("x.file", "f", {a}) == a / "f");
    ERGO_OK(wrong_error(
        [&] {
          require_file("x.file", "none", {a, b});
        },
        ExitCode::no_input, "'x.file' names 'none'",
        fmt::format("in '{}', '{}' or '{}'.", a.string(), b.string(),
                    std::filesystem::current_path().string())));
    ERGO_OK(wrong_error([&] { require_file("x.file", "/none", {a}); }, ExitCode::no_input,
                        "names '/none', but there is no such file."));
  }
};

QTEST_GUILESS_MAIN(TestConfig)
#include "tst_config.moc"
