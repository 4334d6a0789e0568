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

  void csvDialects_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("named");
    QTest::newRow("comma") << QByteArray("a,b\n1,2.5\n-3,4e2\n") << true;
    QTest::newRow("no last newline") << QByteArray("a,b\n1,2.5\n-3,4e2") << true;
    QTest::newRow("semicolon, CRLF") << QByteArray("a;b\r\n1;2.5\r\n-3;400\r\n") << true;
    QTest::newRow("tab, BOM") << QByteArray(
                                     "\xEF\xBB\xBF"
                                     "a\tb\n1\t2.5\n-3\t400\n")
                              << true;
    QTest::newRow("quotes") << QByteArray("\"a\",\"b\"\n\"1\",2.5\n-3,\"400\"\n") << true;
    QTest::newRow("spaces, empty lines") << QByteArray("\na , b\n\n 1 , +2.5\n-3,400\n\n") << true;
    QTest::newRow("no header") << QByteArray("1,2.5\n-3,400\n") << false;
  }

  void csvDialects() {
    QFETCH(QByteArray, text);
    QFETCH(bool, named);
    const CsvTable table = parse_csv(text.toStdString(), "auto", "t.csv");
    const std::vector<std::string> names =
        named ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"1", "2"};
    QVERIFY(table.names == names);
    QVERIFY(table.values == (std::vector<double>{1, 2.5, -3, 400}));
    QCOMPARE(table.rows, std::int64_t{2});
  }

  void csvQuotedNames() {
    const CsvTable table = parse_csv("\"x, in \"\"mm\"\"\",\"two\nlines\"\n1,2\n", "auto", "t");
    QVERIFY(table.names == (std::vector<std::string>{"x, in \"mm\"", "two\nlines"}));
    QCOMPARE(parse_csv("1,2\n3,4\n", "yes", "t").names[0], std::string("1"));
    QCOMPARE(parse_csv("1,2\n3,4\n", "yes", "t").rows, std::int64_t{1});
  }

  void csvErrors_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("rule");
    QTest::newRow("empty") << QByteArray("") << QByteArray("is empty");
    QTest::newRow("word") << QByteArray("a,b\n1,2\n3,x\n")
                          << QByteArray("row 3, column 'b' is 'x'");
    QTest::newRow("nothing") << QByteArray("a,b\n1,\n") << QByteArray("row 2, column 'b' is ''");
    QTest::newRow("nan") << QByteArray("a,b\nnan,1\n") << QByteArray("row 2, column 'a' is 'nan'");
    QTest::newRow("inf") << QByteArray("1,2\n-inf,1\n")
                         << QByteArray("row 2, column '1' is '-inf'");
    QTest::newRow("nan first") << QByteArray("1,nan\n1,1\n") << QByteArray("row 1, column '2'");
    QTest::newRow("huge") << QByteArray("a,b\n1e999,1\n") << QByteArray("row 2, column 'a'");
    QTest::newRow("two signs") << QByteArray("a,b\n+-1,1\n") << QByteArray("row 2, column 'a'");
    QTest::newRow("comma decimal")
        << QByteArray("a;b\n1,5;2\n") << QByteArray("column 'a' is '1,5'");
    QTest::newRow("short") << QByteArray("a,b\n1\n") << QByteArray("row 2 has 1 columns");
    QTest::newRow("long") << QByteArray("a,b\n1,2\n1,2,3\n") << QByteArray("row 3 has 3 columns");
    QTest::newRow("quote") << QByteArray("a,b\n\"1,2\n") << QByteArray("row 2 is never closed");
  }

  void csvErrors() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, rule);
    QCOMPARE(wrong_error([&] { parse_csv(text.toStdString(), "auto", "bad.csv"); }, ExitCode::data,
                         "bad.csv", rule.toStdString()),
             none);
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
    QCOMPARE(error(ExitCode::no_input, "lost.csv", "No such file"), none);
    io::write_file(path_ / "one.csv", "a\n1\n2\n");
    config.file = "one.csv";
    QCOMPARE(error(ExitCode::data, "one.csv", "1 column"), none);
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
