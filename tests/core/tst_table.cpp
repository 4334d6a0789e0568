// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <QTest>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/rng.h"
#include "core/data/table/encoding.h"
#include "core/data/table/table.h"
#include "plain_support.h"

using namespace ergo;
using namespace ergo::tables;
using test::wrong_error;

namespace {

const std::string none;
using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

Table read(const std::string& text, const TableConfig& config = {}) {
  return read_table(text, config, "t.csv");
}

std::string utf16(const std::string& ascii, bool big, bool mark) {
  std::string out = mark ? (big ? "\xFE\xFF" : "\xFF\xFE") : "";
  for (const char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

/// What a property test writes a table with.
struct Writer {
  char separator = ',';
  char decimal = '.';
  bool names = true, quotes = false, blanks = false;
  std::string line_end = "\n";

  std::string cell(double value) const {
    std::string text = fmt::format("{}", value);
    for (char& c : text) c = c == '.' ? decimal : c;
    if (quotes) text = "\"" + text + "\"";
    return blanks ? " " + text + "  " : text;
  }

  std::string write(const Numbers& values, std::size_t columns) const {
    std::string text;
    for (std::size_t c = 0; names && c < columns; ++c) {
      text += fmt::format("{}{}n{}", c > 0 ? std::string(1, separator) : "", blanks ? "  " : "", c);
    }
    if (names) text += line_end;
    for (std::size_t i = 0; i < values.size(); ++i) {
      text += cell(values[i]) + ((i + 1) % columns == 0 ? line_end : std::string(1, separator));
    }
    return text;
  }
};

}  // namespace

class TestTable : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void dialects_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("said");
    const auto row = [](const char* name, const std::string& text, const char* said) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(said);
    };
    row("comma", "a,b\n1,2.5\n-3,4e2\n", "','-separated, decimal point, names in row 1");
    row("no last newline", "a,b\n1,2.5\n-3,4e2", "','-separated");
    row("semicolon, CRLF", "a;b\r\n1;2.5\r\n-3;400\r\n", "';'-separated, decimal point");
    row("decimal comma", "a;b\n1;2,5\n-3;400\n", "';'-separated, decimal comma");
    row("tab, decimal comma", "a\tb\n1,0\t2,5\n-3\t4e2\n", "tab-separated, decimal comma");
    row("blanks", "  a   b\n 1.  2.5 \n-3\t4e2\n", "blank-separated, decimal point");
    row("bar", "a|b\n1|2.5\n-3|400\n", "'|'-separated");
    row("tab, BOM",
        "\xEF\xBB\xBF"
        "a\tb\n1\t2.5\n-3\t400\n",
        "tab-separated");
    row("quotes", "\"a\",\"b\"\n\"1\",2.5\n-3,\"400\"\n", "','-separated");
    row("blanks around quotes", "\"a\" , \"b\"\n \"1\" , \"2.5\" \n-3,400\n", "','-separated");
    row("empty lines", "\na , b\n\n 1 , +2.5\n-3,400\n\n", "names in row 2");
    row("sep line", "sep=;\r\na;b\r\n1;2.5\r\n-3;400\r\n",
        "';'-separated, decimal point, names in row 2");
    row("comments", "# by hand\na,b\n1,2.5\n# later\n-3,400\n", "names in row 2");
    row("units", "a,b\nmm,s\n1,2.5\n-3,400\n", "names in row 1, units in row 2");
    row("empty columns and rows", "a;b;;\n1;2.5;;\n-3;400;;\n;;;\n", "';'-separated");
    row("empty cells without names", "a;b\n1;2.5;\n-3;400;\n", "';'-separated");
    row("old Macintosh", "a,b\r1,2.5\r-3,400\r", "','-separated");
    row("UTF-16", utf16("a\tb\r\n1\t2.5\r\n-3\t400\r\n", false, true), "tab-separated");
    row("UTF-16, no mark", utf16("a,b\n1,2.5\n-3,400\n", true, false), "','-separated");
  }

  void dialects() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, said);
    const Table table = read(text.toStdString());
    QVERIFY(table.layout.names == (Names{"a", "b"}));
    QVERIFY(table.values == (Numbers{1, 2.5, -3, 400}));
    QVERIFY2(describe(table.layout).find(said.toStdString()) != std::string::npos,
             describe(table.layout).c_str());
    QVERIFY(table.odd.empty());
  }

  void namesAndData() {
    QVERIFY(read("7,2.5\n-3,400\n").layout.names == (Names{"1", "2"}));
    TableConfig config;
    config.header = "yes";
    QCOMPARE(read("7,2.5\n-3,400\n", config).rows, std::int64_t{1});
    config.header = "no";
    QCOMPARE(read("0,1\n-3,400\n", config).rows, std::int64_t{2});
    const auto ambiguous = [](const std::string& text) {
      return wrong_error([&] { read(text); }, ExitCode::data, "t.csv: row 1 (", "data.header=yes");
    };
    QCOMPARE(ambiguous("0,1\n3.5,4\n"), none);
    QCOMPARE(ambiguous("1,2,3\n3.5,4,5\n"), none);
    QCOMPARE(ambiguous("x,2020\n3.5,4\n"), none);
    // A missing cell makes no header of a row of data.
    QCOMPARE(read("?,100\n1,2\n3,4\n").rows, std::int64_t{3});
    QVERIFY(read("\"area; m2\",y\n1,2\n").layout.names == (Names{"area; m2", "y"}));
    const Table quoted = read("\"x, in \"\"mm\"\"\",\"two\nlines\"\n1,2\n");
    QVERIFY(quoted.layout.names == (Names{"x, in \"mm\"", "two\nlines"}));
    QCOMPARE(quoted.layout.body_line, std::int64_t{3});
    QVERIFY(read("a,b,\n1,2,3\n4,5,6\n").layout.names == (Names{"a", "b", ""}));
    // R writes no name above the names of rows.
    QVERIFY(read("\"a\" \"b\"\n\"1\" 1 2\n\"2\" 3 4\n").layout.names == (Names{"", "a", "b"}));
  }

  void linesAboveTheTable() {
    const std::string text = "Model,DS\nRate,1e6\n\nx,y\ns,V\n0,0\n1,2\n2,3\n3,4\n";
    const Table above = read(text);
    QCOMPARE(above.layout.seems_to_begin, std::int64_t{4});
    TableConfig config;
    config.skip_lines = 3;
    const Table table = read(text, config);
    QVERIFY(table.layout.names == (Names{"x", "y"}) && table.rows == 4 && table.odd.empty());
    QCOMPARE(table.layout.units_line, std::int64_t{5});
    QCOMPARE(wrong_error([] { read("One title\n0,7\n1,2\n2,3\n"); }, ExitCode::data,
                         "row 1 has 1 names", "row 2: --set data.skip_lines=1"),
             none);
    QCOMPARE(read("0,7\n1,2,\n2,3\n").rows, std::int64_t{3});  // an empty cell more
    QCOMPARE(wrong_error([] { read("a,b\n1,2\n3,4\n1,2,3\n"); }, ExitCode::data,
                         "row 4 has 3 cells", "2 columns"),
             none);
    QCOMPARE(wrong_error([] { read("a,b\n1\n4,5\n6,7\n"); }, ExitCode::data, "row 2 has 1 cells"),
             none);
  }

  void numbers_data() {
    QTest::addColumn<QByteArray>("cell");
    QTest::addColumn<int>("kind");
    QTest::addColumn<double>("value");
    const auto row = [](const char* cell, CellKind kind, double value = 0.0) {
      QTest::newRow(cell) << QByteArray(cell) << static_cast<int>(kind) << value;
    };
    row("1e-400", CellKind::number, 0.0);
    row("-0.00001e-330", CellKind::number, -0.0);
    row("4.94065645841247e-324", CellKind::number, 4.94065645841247e-324);
    row("1e-310", CellKind::number, 1e-310);
    row("+5.", CellKind::number, 5.0);
    row(".5", CellKind::number, 0.5);
    row("1e999", CellKind::too_large);
    row("-123456789e301", CellKind::too_large);
    for (const char* cell : {"", "?", "NA", "n/a", "#N/A", "NaN", "NULL", "None", "-", "."}) {
      row(cell, CellKind::missing);
    }
    row("-inf", CellKind::infinite);
    row("Infinity", CellKind::infinite);
    for (const char* cell : {"four", "1,5", "1.2.3", "+-1", "0x10", "1 2", "5%"}) {
      row(cell, CellKind::text);
    }
  }

  void numbers() {
    QFETCH(QByteArray, cell);
    QFETCH(int, kind);
    QFETCH(double, value);
    double found = 0.0;
    QCOMPARE(static_cast<int>(read_cell(cell.toStdString(), '.', found)), kind);
    if (static_cast<CellKind>(kind) != CellKind::number) return;
    QCOMPARE(std::bit_cast<std::uint64_t>(found), std::bit_cast<std::uint64_t>(value));
    // The same through the fast way and through the decimal comma.
    const Table table = read("a,b\n" + cell.toStdString() + ",1\n2,3\n");
    QCOMPARE(std::bit_cast<std::uint64_t>(table.values[0]), std::bit_cast<std::uint64_t>(value));
    std::string comma = cell.toStdString();
    std::replace(comma.begin(), comma.end(), '.', ',');
    if (comma.back() == ',') return;  // "5," is rather a 5 and a separator
    QCOMPARE(static_cast<int>(read_cell(comma, ',', found)), kind);
    QCOMPARE(std::bit_cast<std::uint64_t>(found), std::bit_cast<std::uint64_t>(value));
  }

  void oddCells() {
    const Table table = read("a b c\n1 \"two words\" 3\n\n? 5 6\n1 2 3\n");
    QCOMPARE(table.odd.size(), std::size_t{2});
    QVERIFY(table.odd[0].line == 2 && table.odd[0].column == 1 && table.odd[0].row == 0);
    QCOMPARE(table.odd[0].cell.text(), std::string("two words"));
    QVERIFY(table.odd[1].line == 4 && table.odd[1].kind == CellKind::missing);
    QVERIFY(std::isnan(table.values[1]) && std::isnan(table.values[3]) && table.values[4] == 5.0);
  }

  /// Any table of numbers, written in any dialect, reads back equal; every guess can be given.
  void everyDialectReadsBack() {
    ScalarStream stream(RngKey::from_seed(5));
    int tables = 0;
    for (const char separator : {',', ';', '\t', '|', ' '}) {
      for (const char decimal : {'.', ','}) {
        for (int form = 0; form < 8; ++form) {
          if (separator == decimal) continue;
          const std::size_t columns = 2 + stream.integer(5);
          Numbers values(columns * (2 + stream.integer(20)));
          for (double& v : values) {
            v = stream.normal() * std::pow(10.0, std::floor(stream.uniform(-12.0, 12.0)));
          }
          const Writer writer{separator,       decimal,         (form & 1) != 0,
                              (form & 2) != 0, (form & 4) != 0, form % 3 == 0 ? "\r\n" : "\n"};
          const std::string text = writer.write(values, columns);
          const Table guessed = read(text);
          QVERIFY2(guessed.values == values, text.c_str());
          QCOMPARE(guessed.layout.dialect.separator, separator);
          QCOMPARE(guessed.layout.header_line, std::int64_t{writer.names ? 1 : 0});
          TableConfig given;
          given.separator = separator == ','    ? "comma"
                            : separator == ';'  ? "semicolon"
                            : separator == '\t' ? "tab"
                            : separator == '|'  ? "bar"
                                                : "blanks";
          given.decimal = decimal == ',' ? "comma" : "point";
          given.header = writer.names ? "yes" : "no";
          given.units_row = "no";
          QVERIFY2(read(text, given).values == values, text.c_str());
          ++tables;
        }
      }
    }
    QCOMPARE(tables, 72);
  }

  /// A guess that is wrong for a file can be overridden.
  void guessesAreOverridden() {
    TableConfig config;
    config.separator = "comma";
    QVERIFY(read("a,b;c\n1,2\n3,4\n", config).layout.names == (Names{"a", "b;c"}));
    config = {};
    config.comment = "";
    QVERIFY(read("#a,b\n1,2\n", config).layout.names == (Names{"#a", "b"}));
    config = {};
    config.units_row = "no";
    QCOMPARE(read("a,b\nmm,s\n1,2\n3,4\n", config).rows, std::int64_t{3});
    config = {};
    config.decimal = "point";
    QCOMPARE(read("a;b\n1,5;2\n", config).odd.size(), std::size_t{1});
    config = {};
    config.encoding = "latin-1";
    QCOMPARE(read("\xC3\xA4,b\n1,2\n", config).layout.names[0], std::string("\xC3\x83\xC2\xA4"));
    config.encoding = "utf-8";
    QCOMPARE(wrong_error([&] { read("\xE4,b\n1,2\n", config); }, ExitCode::data,
                         "byte 1 is no UTF-8", "latin-1"),
             none);
  }

  void encodings() {
    const Table latin = read("gr\xFC\xDF,b\n1,2\n");
    QVERIFY(latin.encoding == "latin-1" && latin.layout.names[0] == "gr\u00fc\u00df");
    QCOMPARE(read("gr\u00fc\u00df,b\n1,2\n").encoding, std::string("utf-8"));
    QCOMPARE(read(utf16("a,b\n1,2\n", false, false)).encoding, std::string("utf-16"));
    const auto refused = [](const std::string& bytes, const std::string& rule) {
      return wrong_error([&] { read(bytes); }, ExitCode::data, "t.csv: ", rule);
    };
    QCOMPARE(refused("PK\x03\x04...", "Excel workbook"), none);
    QCOMPARE(refused("\x1F\x8B\x08", "gzip"), none);
    QCOMPARE(refused("\n<!DOCTYPE html>", "a web page"), none);
    QCOMPARE(refused(std::string("a,b\n1,2\n1,\0\n", 11), "row 3 holds a zero byte"), none);
    QCOMPARE(refused("", "the file is empty"), none);
    QCOMPARE(refused("a,b\n\"1,2\n", "opens in row 2 is never closed"), none);
  }

  void shownText() {
    QCOMPARE(shown("a\x1b[31m\n"), std::string("a\\x1b[31m\\x0a"));
    QCOMPARE(shown("\xFF\xFEx"), std::string("\\xff\\xfex"));
    QCOMPARE(shown("\u00e4\u00f6\u00fc", 2), std::string("\u00e4\u00f6..."));
    QCOMPARE(shown("\xC2\x85"), std::string("\\xc2\\x85"));  // a control character of Latin-1
  }
};

QTEST_GUILESS_MAIN(TestTable)
#include "tst_table.moc"
