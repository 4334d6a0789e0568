// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "app/desktop/options.h"
#include "core/base/error.h"

using namespace ergo;

class TestOptions : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void readsEverything();
  void headlessRuns();
  void refuses_data();
  void refuses();
  void helpNamesEveryOption();
};

namespace {

Options parse(const QStringList& words) { return parseOptions(QStringList{"ergoscope"} + words); }

}  // namespace

void TestOptions::readsEverything() {
  const Options options = parse({"--preset",     "toy-foong", "--seed", "18446744073709551615",
                                 "--set",        "a=1",       "--set",  "sghmc.step_size=1e-3",
                                 "--run",        "--export",  "out",    "--force",
                                 "--theme",      "dark",      "--size", "1280x800",
                                 "--screenshot", "s.png",     "--at",   "2.5"});
  QCOMPARE(options.preset, "toy-foong");
  QCOMPARE(options.seed, "18446744073709551615");
  QCOMPARE(options.edits, (QStringList{"a=1", "sghmc.step_size=1e-3"}));
  QVERIFY(options.run && options.force && !options.headless);
  QCOMPARE(options.exportFolder, "out");
  QCOMPARE(options.theme, "dark");
  QCOMPARE(options.size, QSize(1280, 800));
  QVERIFY(options.screenshotAt && *options.screenshotAt == 2.5);
  QVERIFY(!parse({}).screenshotAt);
  QVERIFY(!parse({}).size.isValid());
}

void TestOptions::headlessRuns() { QVERIFY(parse({"--headless", "--preset", "x"}).run); }

void TestOptions::refuses_data() {
  QTest::addColumn<QStringList>("words");
  QTest::addColumn<QString>("named");
  QTest::addRow("unknown option") << QStringList{"--sead", "1"} << "sead";
  QTest::addRow("missing value") << QStringList{"--preset"} << "preset";
  QTest::addRow("headless without preset") << QStringList{"--headless"} << "--preset";
  QTest::addRow("run without preset") << QStringList{"--run"} << "--preset";
  QTest::addRow("edit without preset") << QStringList{"--set", "a=1"} << "--preset";
  QTest::addRow("edit without value")
      << QStringList{"--preset", "x", "--set", "a"} << "field=value";
  QTest::addRow("export without run") << QStringList{"--preset", "x", "--export", "d"} << "--run";
  QTest::addRow("theme") << QStringList{"--theme", "blue"} << "blue";
  QTest::addRow("size") << QStringList{"--size", "wide"} << "wide";
  QTest::addRow("huge size") << QStringList{"--size", "99999x99999"} << "16384";
  QTest::addRow("time") << QStringList{"--screenshot", "s.png", "--at", "1,5"} << "1,5";
  QTest::addRow("time without picture") << QStringList{"--at", "1"} << "--screenshot";
  QTest::addRow("stray word") << QStringList{"toy-foong"} << "toy-foong";
}

void TestOptions::refuses() {
  QFETCH(QStringList, words);
  QFETCH(QString, named);
  try {
    parse(words);
  } catch (const Error& error) {
    QCOMPARE(error.code(), ExitCode::usage);
    QVERIFY2(QString::fromUtf8(error.what()).contains(named), error.what());
    return;
  }
  QFAIL("accepted");
}

void TestOptions::helpNamesEveryOption() {
  const QString help = parse({"--help"}).printAndExit;
  for (const char* option :
       {"--preset", "--seed", "--set", "--run", "--headless", "--export", "--force", "--theme",
        "--size", "--screenshot", "--at", "--version", "--help"})
    QVERIFY2(help.contains(QLatin1String(option)), option);
  QVERIFY(parse({"--version"}).printAndExit.startsWith("ergoscope "));
}

QTEST_GUILESS_MAIN(TestOptions)
#include "tst_options.moc"
