// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/number.h"

using namespace ergo;

class TestNumber : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void realNumbers() {
    QCOMPARE(parse_number<double>("0.1").value(), 0.1);
    QCOMPARE(parse_number<double>("-2e3").value(), -2000.0);
    QCOMPARE(parse_number<double>(".5").value(), 0.5);
    QCOMPARE(parse_number<double>("17").value(), 17.0);
    QVERIFY(std::isnan(parse_number<double>("nan").value()));
    QVERIFY(std::isinf(parse_number<double>("-inf").value()));
    for (const char* text : {"", " 1", "1 ", "1,5", "+1", "1e", "0x10", "1.5.2", "1e999", "one"}) {
      QVERIFY2(!parse_number<double>(text), text);
    }
  }

  void wholeNumbers() {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    QCOMPARE(parse_number<std::int64_t>("-9223372036854775808").value(), least);
    QCOMPARE(parse_number<std::uint64_t>("18446744073709551615").value(),
             std::numeric_limits<std::uint64_t>::max());
    QCOMPARE(parse_number<int>("007").value(), 7);
    for (const char* text : {"", "-", "1.0", "1e3", "9223372036854775808", "3-4", "1 "}) {
      QVERIFY2(!parse_number<std::int64_t>(text), text);
    }
    QVERIFY(!parse_number<std::uint64_t>("-1"));
    QVERIFY(!parse_number<std::uint64_t>("18446744073709551616"));
    QVERIFY(!parse_number<int>("2147483648"));
  }

  /// A view into a longer text ends where it says.
  void textIsNotReadBeyondItsEnd() {
    const std::string_view text = "12345";
    QCOMPARE(parse_number<int>(text.substr(1, 2)).value(), 23);
    QVERIFY(!parse_number<int>(text.substr(2, 0)));
  }

  void oneLeadingPlusMayBeLeftOut() {
    QCOMPARE(parse_number<double>(without_plus("+1.5")).value(), 1.5);
    QCOMPARE(parse_number<double>(without_plus("1.5")).value(), 1.5);
    for (const char* text : {"", "+", "++1", "+-1", "+ 1"}) {
      QVERIFY2(!parse_number<double>(without_plus(text)), text);
    }
  }
};

QTEST_GUILESS_MAIN(TestNumber)
#include "tst_number.moc"
