// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/data/csv.h"
#include "core/data/sources.h"
#include "core/io/atomic_file.h"
#include "plain_support.h"
#include "tests/support/data_config.h"
#include "tests/support/folder_test.h"

using namespace ergo;
using test::data_from;
using test::near;
using test::wrong_error;
namespace fs = std::filesystem;

namespace {

const std::string none;

}  // namespace

class TestCsv : public QObject, protected test::FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void csvErrors_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("remedy");
    const auto row = [](const char* name, const char* text, const char* rule,
                        const char* remedy = "") {
      QTest::newRow(name) << QByteArray(text) << QByteArray(rule) << QByteArray(remedy);
    };
    row("word", "a,b\n1,2\n3,x\n", "row 3, column 'b' is 'x'", "a number");
    row("nothing", "a,b\n1,2\n1,\n", "row 3, column 'b' is ''", "data.missing=drop");
    row("nan", "a,b\nnan,1\n1,1\n", "row 2, column 'a' is 'nan'", "data.missing=drop");
    row("inf", "7,2\n-inf,1\n", "row 2, column 1 is '-inf'", "finite");
    row("nan first", "1,nan\n1,1\n", "row 1, column 2", "missing");
    row("huge", "a,b\n1e999,1\n", "row 2, column 'a'", "1.8e308");
    row("comma decimal", "a,b\n\"1,5\",2\n3,4\n", "column 'a' is '1,5'", "data.decimal=comma");
    row("control characters", "a,b\n1,2\n\x1b[31m,2\n", "is '\\x1b[31m'");
    row("above", "Model,X\nDate,May\nRate,7\nx,y\n1,2\n3,4\n", "row 4, column 'X' is 'y'",
        "begin in row 4: --set data.skip_lines=3");
    row("text", "a,b,c\n1,x,3\n1,y,4\n", "column 'b' holds text ('x' in row 2)",
        "data.text_columns=one_hot");
    row("text target", "a,b\n1,x\n1,y\n", "the target, column 'b', holds text", "data.leave_out=2");
  }

  void csvErrors() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, remedy);
    io::write_file(path_ / "bad.csv", text.toStdString());
    DataConfig config = data_from("csv");
    config.file = "bad.csv";
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::data, "bad.csv",
                         rule.toStdString(), remedy.toStdString()),
             none);
  }

  /// Rows with missing cells, text and other columns, as far as the config lets them.
  void csvChoosesRowsAndColumns() {
    std::string text = "name,a,color,b,\n";
    for (int i = 0; i < 30; ++i) {
      text += "n" + std::to_string(i) + "," + (i == 4 ? "?" : std::to_string(i)) + "," +
              (i % 3 == 0 ? "red" : "blue") + "," + (i == 7 ? "" : std::to_string(2 * i)) + ",\n";
    }
    io::write_file(path_ / "t.csv", text);
    DataConfig config = data_from("csv");
    config.file = "t.csv";
    config.leave_out = "name";
    config.missing = "drop";
    config.text_columns = "one_hot";
    config.standardise = false;
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.inputs == 3 && d.train.size() + d.validation.size() + d.test.size() == 28);
    for (const Split* split : {&d.train, &d.validation, &d.test}) {
      for (std::int64_t i = 0; i < split->size(); ++i) {
        const double* x = split->x.values.data() + 3 * i;
        QCOMPARE(split->y[i], 2.0 * x[0]);
        const bool red = static_cast<int>(x[0]) % 3 == 0;
        QVERIFY(x[1] == (red ? 0.0 : 1.0) && x[2] == (red ? 1.0 : 0.0));  // blue, red
      }
    }
    QCOMPARE(d.notes.size(), std::size_t{1});
    for (const char* part :
         {"t.csv: ','-separated, decimal point, names in row 1, target 'b'", "3 columns, 28 rows",
          "column 'name' left out", "1 row dropped: column 'a' missing",
          "1 row dropped: column 'b'", "column 'color' as 2 inputs"}) {
      QVERIFY2(d.notes[0].find(part) != std::string::npos, d.notes[0].c_str());
    }
  }

  void csvWarnings() {
    const auto warnings = [this](const std::string& text, DataConfig config) {
      io::write_file(path_ / "w.csv", text);
      config.source = "csv";
      config.file = "w.csv";
      std::string all;
      for (const std::string& warning : make_dataset(config, path_).warnings) all += warning + "\n";
      return all;
    };
    std::string counted = ",x,y\n", constant = "x,k,y\n", curve = "x,y\n";
    for (int i = 0; i < 20; ++i) {
      const std::string n = std::to_string(i * i % 7);
      counted += std::to_string(i) + "," + n + ".5," + n + "\n";
      constant += n + "," + (i == 6 ? "1000" : "0") + "," + n + "\n";
      curve += n + "," + n + ".5\n";
    }
    QVERIFY(warnings(counted, {}).find("column 1 has no name") != std::string::npos);
    QVERIFY(warnings(curve, {}).empty());
    DataConfig config;
    config.grid_min = 3, config.grid_max = 1e9;  // no limit
    const std::string outside = warnings(curve, config);
    QVERIFY2(outside.find("outside the grid from 3 to 1000000000") != std::string::npos,
             outside.c_str());
    int warned = 0;  // row 7 is in one of the three parts
    for (int seed = 1; seed <= 20; ++seed) {
      config = {};
      config.seed = std::to_string(seed);
      const std::string text = warnings(constant, config);
      warned += text.find("Column 'k' is 0 in every training row") != std::string::npos;
    }
    QVERIFY2(warned > 0 && warned < 20, std::to_string(warned).c_str());
  }

  void csvDataset() {
    std::string text = "x,k,y,z\n";
    for (int i = 0; i < 50; ++i) {
      text +=
          std::to_string(i) + ",7," + std::to_string(2 * i + 1) + "," + std::to_string(-i) + "\n";
    }
    io::write_file(path_ / "line.csv", text);
    DataConfig config = data_from("csv");
    config.file = "line.csv";
    config.target = std::string("y");
    config.test_fraction = 0.2;
    const Dataset d = make_dataset(config, path_);
    QCOMPARE(d.train.size(), std::int64_t{35});
    QCOMPARE(d.validation.size(), std::int64_t{5});
    QCOMPARE(d.test.size(), std::int64_t{10});
    QCOMPARE(d.inputs, std::int64_t{3});
    const Standardisation& s = d.standardisation;
    QVERIFY(s.x_sd[1] == 1.0 && s.x_mean[1] == 7.0);  // constant column
    std::set<long> seen;
    for (const Split* split : {&d.train, &d.validation, &d.test}) {
      for (std::int64_t i = 0; i < split->size(); ++i) {
        const double x = split->x.values[3 * i] * s.x_sd[0] + s.x_mean[0];
        QVERIFY(near(split->y[i] * s.y_sd[0] + s.y_mean[0], 2 * x + 1, 1e-12));
        QVERIFY(near(split->x.values[3 * i + 2] * s.x_sd[2] + s.x_mean[2], -x, 1e-12));
        seen.insert(std::lround(x));
      }
    }
    QCOMPARE(seen.size(), std::size_t{50});  // every row once
    QVERIFY(d.curve.grid_x.empty());
    config.seed = "2";
    QVERIFY(make_dataset(config, path_).sha256 != d.sha256);
  }

  void csvSeveralTargets() {
    std::string text = "a,b,\"c, d\",b\n";
    for (int i = 0; i < 20; ++i) {
      const std::string n = std::to_string(i);
      text += n + "," + n + "1," + std::to_string(i * i) + ",-" + n + "\n";
    }
    io::write_file(path_ / "t.csv", text);
    DataConfig config = data_from("csv");
    config.file = "t.csv";
    config.target = "c, d";  // one name
    QCOMPARE(make_dataset(config, path_).targets, std::int64_t{1});
    config.target = "4, a";  // by number under a header, because two columns are called b
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.targets == 2 && d.outputs == 2 && d.inputs == 2 && d.curve.grid_x.empty());
    const Standardisation& s = d.standardisation;
    QVERIFY(s.y_mean.size() == 2 && s.y_sd.size() == 2 && s.y_mean[0] == -s.y_mean[1]);
    for (const Split* split : {&d.train, &d.validation, &d.test}) {
      QCOMPARE(split->y.size(), static_cast<std::size_t>(2 * split->size()));
      for (std::int64_t i = 0; i < split->size(); ++i) {
        const double a = split->y[2 * i + 1] * s.y_sd[1] + s.y_mean[1];
        QVERIFY(near(split->y[2 * i] * s.y_sd[0] + s.y_mean[0], -a, 1e-12));
        QVERIFY(near(split->x.values[2 * i] * s.x_sd[0] + s.x_mean[0], 10 * a + 1, 1e-12));
      }
    }
    for (const char* wrong : {"b", "a,a", "a,", "5", "0"}) {
      config.target = std::string(wrong);
      QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.target",
                           std::string("'") + wrong + "'"),
               none);
    }
  }

  void csvCurve() {
    io::write_file(path_ / "c.csv", "t\tv\n0\t1\n1\t2\n2\t5\n3\t4\n4\t9\n");
    DataConfig config = data_from("csv");
    config.file = "c.csv";
    config.validation_fraction = 0.0;
    const Dataset d = make_dataset(config, path_);
    QCOMPARE(d.train.size(), std::int64_t{4});
    QCOMPARE(d.test.size(), std::int64_t{1});
    QCOMPARE(d.curve.x_label, std::string("t"));
    QCOMPARE(d.curve.y_label, std::string("v"));
    const Standardisation& s = d.standardisation;
    for (std::size_t i = 0; i < 4; ++i) {
      QVERIFY(near(d.train.x.values[i] * s.x_sd[0] + s.x_mean[0], d.curve.train_x[i], 1e-14));
    }
    const auto [low, high] = std::minmax_element(d.curve.train_x.begin(), d.curve.train_x.end());
    QVERIFY(d.curve.grid_x.front() < *low && d.curve.grid_x.back() > *high);
    QVERIFY(d.curve.true_y.empty());
  }

  /// One rule for all sources: a data set is made anew when its config or one of its files changes.
  void cacheSeesChangedFiles() {
    const auto write = [this](int last) {
      io::write_file(path_ / "c.csv", "t,v\n0,1\n1,2\n2,5\n3,4\n4," + std::to_string(last) + "\n");
    };
    DataConfig config = data_from("csv");
    config.file = "c.csv";
    write(8);
    const auto first = cached_dataset(config, path_);
    QVERIFY(cached_dataset(config, path_) == first);
    config.seed = "2";
    const auto other = cached_dataset(config, path_);
    QVERIFY(other != first && other->sha256 != first->sha256);
    write(9);  // the same size
    const auto changed = cached_dataset(config, path_);
    QVERIFY(changed != other && changed->sha256 != other->sha256);
    config = data_from("foong");
    QVERIFY(cached_dataset(config, path_) == cached_dataset(config, path_));
  }

  void csvDatasetErrors() {
    DataConfig config = data_from("csv");
    const auto error = [&](ExitCode code, const std::string& a, const std::string& b) {
      return wrong_error([&] { make_dataset(config, path_); }, code, a, b);
    };
    QCOMPARE(error(ExitCode::config, "data.file", "empty"), none);
    config.file = "lost.csv";
    QCOMPARE(error(ExitCode::no_input, "'data.file' names 'lost.csv'", path_.string()), none);
    io::write_file(path_ / "one.csv", "a\n1\n2\n");
    config.file = "one.csv";
    QCOMPARE(error(ExitCode::data, "one.csv", "1 column "), none);
    io::write_file(path_ / "two.csv", "a,b\n1,2\n3,4\n5,6\n");
    config.file = "two.csv";
    config.target = "c";
    QCOMPARE(error(ExitCode::config, "data.target", "a, b"), none);
    config.target = std::string("a");
    config.train_size = 3;
    QCOMPARE(error(ExitCode::config, "two.csv has 3 rows", "at least 3 training"), none);
    io::write_file(path_ / "big.csv", "a,b\n1e308,1\n1.1e308,2\n1.2e308,3\n1.3e308,3\n");
    config.file = "big.csv";
    config.train_size = 0;
    config.target = "b";
    QCOMPARE(error(ExitCode::data, "big", "no usable mean"), none);
  }
};

QTEST_GUILESS_MAIN(TestCsv)
#include "tst_csv.moc"
