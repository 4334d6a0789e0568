// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <algorithm>

#include "core/io/safetensors.h"
#include "tests/cli/command_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

/// Everything wrong that a user can hand in: one sentence that names what and why, and the status.
namespace {

json csv_preset() {
  json document = small_regression();
  document["data"] = {{"source", "csv"}, {"file", "d.csv"}};
  return document;
}

json idx_preset() {
  json document = small_regression();
  document["data"] = {{"source", "idx"},         {"classes", 3},
                      {"train_images", "a.idx"}, {"train_labels", "b.idx"},
                      {"test_images", "c.idx"},  {"test_labels", "d.idx"}};
  return document;
}

/// 60,000 lists in each other.
std::string deep_preset() {
  return R"({"schema":1,"kind":"compare","data":{"file":)" + std::string(60000, '[') +
         std::string(60000, ']') + "}}";
}

const std::string labels("\0\1\2\0\1\2", 6);

}  // namespace

class TestBadInput : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    work_ = std::make_unique<Workspace>();
    write_phi(work_->path() / "phi.safetensors");
  }

  void presetsAndFields_data() {
    QTest::addColumn<QStringList>("arguments");  // %1: a good preset
    QTest::addColumn<int>("status");
    QTest::addColumn<QStringList>("says");
    const auto row = [](const char* name, QStringList arguments, int status, QStringList says) {
      QTest::newRow(name) << arguments << status << says;
    };
    row("unknown preset", {"run", "toy-fong"}, 64, {"'toy-fong'", "'toy-foong'"});
    row("missing preset", {"run", "./none.json"}, 66, {"none.json"});
    row("unknown device", {"run", "%1", "--set", "device=cuda:64"}, 78,
        {"'device'", "'cuda:64'", "'cpu'"});
    row("unknown field", {"run", "%1", "--set", "sghmc.stpe=1"}, 64, {"'sghmc.stpe'"});
    row("unknown sampler", {"run", "%1", "--set", "sghcm.step_size=1"}, 64, {"sghmc.step_size"});
    row("no number", {"run", "%1", "--set", "draws=ten"}, 64, {"'draws'", "'ten'", "an integer"});
    row("no assignment", {"run", "%1", "--set", "draws"}, 64, {"'draws'", "field=value"});
    row("out of range", {"run", "%1", "--set", "sghmc.step_size=-1"}, 78,
        {"'sghmc.step_size' is -1", "> 0"});
    row("comma for a point", {"run", "%1", "--set", "sghmc.step_size=0,1"}, 64, {"'0,1'"});
    row("unknown choice", {"run", "%1", "--set", "model.activation=gelu"}, 78,
        {"\"gelu\"", "tanh, relu, silu"});
    row("too many draws", {"run", "%1", "--set", "draws=1000"}, 78, {"'sghmc'", "1000"});
    row("draws past the memory limit",
        {"run", "%1", "--set", "draw_limit_mib=1", "--set", "draws=40000", "--set",
         "gradient_evaluations=80000", "--set", "csgmcmc.sampling_fraction=1"},
        78, {"draw_limit_mib = 1"});
    row("seed is no number", {"run", "%1", "--seed", "one"}, 64, {"--seed", "'one'"});
    row("seed is negative", {"run", "%1", "--seed", "-1"}, 64, {"--seed"});
    row("seed is too large", {"run", "%1", "--seed", "18446744073709551616"}, 64,
        {"--seed", "0 to 18446744073709551615"});
    row("empty out", {"run", "%1", "--out", ""}, 64, {"--out is empty"});
    row("unknown command", {"runn", "%1"}, 64, {"Command 'runn' is unknown; did you mean 'run'?"});
    row("missing table", {"run", "csv-regression", "--set", "data.file=none.csv"}, 66,
        {"'data.file' names 'none.csv'", "presets", "there is no such file"});
    row("too many workers", {"run", "%1", "--workers", "100000"}, 78, {"100000", "cores"});
    row("seed and seeds", {"run", "%1", "--seed", "1", "--seeds", "1-2"}, 64, {"--seed"});
    row("data seed", {"run", "%1", "--set", "data.seed=x"}, 78, {"data.seed", "'x'"});
    row("missing parameters", {"run", "%1", "--set", "l2e.meta_parameters=none"}, 66, {"none"});
    row("meta preset in run", {"run", "meta-train-regression"}, 64, {"meta-train"});
    row("missing meta file", {"evaluate-meta", "none.safetensors", "meta-train-regression"}, 66,
        {"none.safetensors"});
  }
  void presetsAndFields() {
    QFETCH(QStringList, arguments);
    QFETCH(int, status);
    QFETCH(QStringList, says);
    const std::string preset = work_->preset(all_samplers());
    std::vector<std::string> words;
    for (const QString& a : arguments) {
      words.push_back(a == QStringLiteral("%1") ? preset : a.toStdString());
    }
    const Outcome outcome = command(words);
    for (const QString& text : says) {
      ERGO_OK(outcome.differs_from(static_cast<ExitCode>(status), text.toStdString()));
    }
    QVERIFY(outcome.out.empty());
  }

  void deepPresetsAreRefused() {
    const Outcome outcome = command({"run", work_->text("deep.json", deep_preset())});
    ERGO_OK(outcome.differs_from(ExitCode::data, "deep.json", "nested", "32"));
  }

  /// What cannot be read is named beside what can.
  void badFilesAmongThePresets() {
    work_->preset(small_regression());
    work_->text("deep.json", deep_preset());
    work_->text("torn.json", "{\"schema\": 1,");
    const QByteArray before = qgetenv("ERGOSCOPE_PRESETS");
    qputenv("ERGOSCOPE_PRESETS", QByteArray::fromStdString(work_->path().string()));
    const Outcome outcome = command({"list", "presets"});
    qputenv("ERGOSCOPE_PRESETS", before);
    ERGO_OK(outcome.differs_from(ExitCode::ok, "'deep'", "'torn'"));
    QVERIFY2(outcome.out.starts_with("p "), outcome.out.c_str());
    QCOMPARE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), std::ptrdiff_t(1));
  }

  void emptyGridsAreRefused() {
    for (const char* list : {"temperatures", "frictions", "step_sizes"}) {
      const std::string field = std::string("evaluation.") + list;
      ERGO_OK(command({"evaluate-meta", work_->file("phi.safetensors"), work_->preset(small_meta()),
                       "--set", field + "="})
                  .differs_from(ExitCode::config, "'" + field + "'", "at least one"));
    }
  }

  void csvFiles_data() {
    QTest::addColumn<QString>("content");
    QTest::addColumn<QStringList>("says");
    QTest::newRow("text") << "x,y\n1,2\n3,four\n5,6\n"
                          << QStringList{"d.csv", "row 3", "'y'", "'four'"};
    QTest::newRow("NaN") << "x,y\n1,2\n3,4\nnan,6\n"
                         << QStringList{"d.csv", "row 4", "'x'", "'nan'"};
    QTest::newRow("infinity") << "x,y\n1,inf\n" << QStringList{"d.csv", "row 2", "'inf'"};
    QTest::newRow("gap") << "x,y\n1,2\n3,\n" << QStringList{"d.csv", "row 3", "''"};
    QTest::newRow("short row") << "x,y\n1,2\n3\n" << QStringList{"row 3", "1", "2"};
    QTest::newRow("empty") << "" << QStringList{"d.csv", "empty"};
    QTest::newRow("one column") << "y\n1\n2\n" << QStringList{"d.csv", "1 column"};
  }
  void csvFiles() {
    QFETCH(QString, content);
    QFETCH(QStringList, says);
    work_->text("d.csv", content.toStdString());
    const Outcome outcome = command({"run", work_->preset(csv_preset())});
    for (const QString& text : says) {
      ERGO_OK(outcome.differs_from(ExitCode::data, text.toStdString()));
    }
  }

  void missingCsv() {
    ERGO_OK(
        command({"run", work_->preset(csv_preset())}).differs_from(ExitCode::no_input, "d.csv"));
    json document = csv_preset();
    document["data"]["target"] = "z";
    work_->text("d.csv", "x,y\n1,2\n3,4\n5,6\n");
    ERGO_OK(command({"run", work_->preset(document)})
                .differs_from(ExitCode::config, "data.target", "'z'", "x, y"));
  }

  void goodIdxRuns() {
    write_idx();
    const Outcome outcome = command({"run", work_->preset(idx_preset()), "--json"});
    ERGO_OK(outcome.differs_from(ExitCode::ok));
    const json metrics = outcome.json()["samplers"][0]["metrics"];
    for (const char* name : {"accuracy", "nll", "ece", "brier", "kld", "disagreement"}) {
      QVERIFY2(metrics.contains(name) && metrics[name].is_number(), name);
    }
  }

  void idxFiles_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QStringList>("says");
    const auto row = [](const char* name, const char* file, const std::string& bytes,
                        const QStringList& says) {
      QTest::newRow(name) << QByteArray(file) << QByteArray::fromStdString(bytes) << says;
    };
    const std::string images = idx_bytes({6, 2, 2}, std::string(24, '\7'));
    row("truncated", "a.idx", images.substr(0, images.size() - 5), {"a.idx", "24", "19"});
    row("too long", "a.idx", images + "x", {"a.idx", "24", "more data"});
    row("short header", "a.idx", images.substr(0, 6), {"a.idx", "header"});
    row("wrong magic", "a.idx", "PNG\r" + images, {"a.idx", "0x504e470d"});
    row("floats", "a.idx", std::string("\0\0\x0d\3", 4) + images.substr(4),
        {"a.idx", "announces 96"});
    row("label beyond classes", "b.idx", idx_bytes({6}, std::string("\0\1\3\0\1\2", 6)),
        {"b.idx", "row 3 is 3", "0 to 2", "data.classes=4"});
    row("fewer labels", "b.idx", idx_bytes({5}, std::string(5, '\1')), {"b.idx", "6", "5"});
    row("labels are images", "b.idx", images, {"b.idx", "labels must be"});
    row("other image size", "c.idx", idx_bytes({6, 3, 2}, std::string(36, '\7')),
        {"c.idx", "[1, 3, 2]", "[1, 2, 2]"});
  }
  void idxFiles() {
    QFETCH(QByteArray, file);
    QFETCH(QByteArray, content);
    QFETCH(QStringList, says);
    write_idx();
    work_->text(file.toStdString(), content.toStdString());
    const Outcome outcome = command({"run", work_->preset(idx_preset())});
    for (const QString& text : says) {
      ERGO_OK(outcome.differs_from(ExitCode::data, text.toStdString()));
    }
  }

  void missingIdx() {
    ERGO_OK(
        command({"run", work_->preset(idx_preset())}).differs_from(ExitCode::no_input, "a.idx"));
    json document = idx_preset();
    document["data"].erase("test_labels");
    write_idx();
    ERGO_OK(command({"run", work_->preset(document)})
                .differs_from(ExitCode::config, "data.test_labels"));
  }

  void wrongParameterFiles() {
    const std::string preset = work_->preset(all_samplers());
    io::SafeTensors file = io::load_safetensors(work_->path() / "phi.safetensors");
    file.arrays[0].shape = {9, 32};
    io::save_safetensors(work_->path() / "phi.safetensors", file);
    ERGO_OK(command({"run", preset})
                .differs_from(ExitCode::data, "phi.safetensors", "'layers.0.weight'", "[32, 9]",
                              "[9, 32]"));
    for (const char* content : {"", "garbage that is no tensor file at all"}) {
      work_->text("phi.safetensors", content);
      ERGO_OK(command({"run", preset}).differs_from(ExitCode::data, "phi.safetensors"));
    }
  }

  void wrongPositionFile() {
    io::SafeTensors file;
    file.arrays.push_back(io::from_floats("layers.0.weight", {1, 7, 1}, std::vector<float>(7)));
    io::save_safetensors(work_->path() / "s.safetensors", file);
    ERGO_OK(command({"run", work_->preset(small_regression()), "--set",
                     "initial_positions=s.safetensors"})
                .differs_from(ExitCode::data, "s.safetensors", "[chains, 6, 1]", "[1, 7, 1]"));
  }

  /// Neither waits for ever nor reads without end.
  void onlyRegularFilesAreRead() {
    const std::string pipe = work_->file("pipe.json");
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    ERGO_OK(command({"run", pipe}).differs_from(ExitCode::io, "pipe.json", "a pipe"));
    ERGO_OK(command({"run", "/dev/zero"}).differs_from(ExitCode::io, "/dev/zero", "a pipe"));
    ERGO_OK(command({"evaluate-meta", "/dev/zero", work_->preset(small_meta())})
                .differs_from(ExitCode::io, "/dev/zero"));
  }

  /// What is asked for is weighed before it is made: 1e12 transitions that were walked through one
  /// by one would outlast ctest's limit.
  void outOfProportion() {
    const std::string preset = work_->preset(all_samplers());
    ERGO_OK(command({"run", preset, "--set", "gradient_evaluations=1000000000000", "--set",
                     "draws=40000", "--set", "draw_limit_mib=1"})
                .differs_from(ExitCode::config, "draw_limit_mib = 1"));
    ERGO_OK(command({"run", preset, "--set", "data.test_size=100000000"})
                .differs_from(ExitCode::config, "'data.test_size'", "100000000", "1000000"));
    json document = small_regression();
    document["model"]["hidden"] = std::vector<int>(300000, 1);
    ERGO_OK(command({"run", work_->preset(document)})
                .differs_from(ExitCode::data, "larger than the limit"));  // written with spaces
    work_->text("flat.json", document.dump());
    ERGO_OK(command({"run", work_->file("flat.json")})
                .differs_from(ExitCode::config, "'model.hidden'", "300000", "at most 1000"));
  }

  /// No text from outside reaches the terminal as a command, or floods it.
  void messagesAreTame() {
    const Outcome outcome = command({"run", "\x1b[31m\x07\xc2\x9b" + std::string(1 << 20, 'x')});
    QVERIFY2(outcome.err.find("\\x1b[31m\\x07\\xc2") != std::string::npos,
             outcome.err.substr(0, 200).c_str());
    QVERIFY(outcome.err.find('\x1b') == std::string::npos);
    QVERIFY2(outcome.err.size() < 3000, qPrintable(QString::number(outcome.err.size())));
    QVERIFY(outcome.err.find("more bytes]") != std::string::npos);
    const Outcome option = command({"--\x1b[2J"});
    QVERIFY(option.err.find('\x1b') == std::string::npos);
    json document = small_regression();
    document["title"] = "\x1b]0;mine\x07";
    work_->preset(document);
    const QByteArray before = qgetenv("ERGOSCOPE_PRESETS");
    qputenv("ERGOSCOPE_PRESETS", QByteArray::fromStdString(work_->path().string()));
    const std::string list = command({"list", "presets"}).out;
    qputenv("ERGOSCOPE_PRESETS", before);
    QVERIFY2(list.find("\\x1b]0;mine") != std::string::npos, list.c_str());
  }

  /// A folder where a file should be.
  void foldersInsteadOfFiles() {
    fs::create_directories(work_->file("d.csv"));
    const Outcome outcome = command({"run", work_->preset(csv_preset())});
    QVERIFY2(outcome.status == 66 || outcome.status == 74, outcome.err.c_str());
    QVERIFY(outcome.err.find("d.csv") != std::string::npos);
  }

 private:
  void write_idx() const {
    std::string pixels(24, '\0');
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 37);
    for (const char* name : {"a.idx", "c.idx"}) work_->text(name, idx_bytes({6, 2, 2}, pixels));
    for (const char* name : {"b.idx", "d.idx"}) work_->text(name, idx_bytes({6}, labels));
  }

  std::unique_ptr<Workspace> work_;
};

QTEST_GUILESS_MAIN(TestBadInput)
#include "tst_bad_input.moc"
