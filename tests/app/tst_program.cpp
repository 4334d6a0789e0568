// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

/// The installed program from outside: exit codes, one-sentence messages, signals.
class TestProgram : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void answersWithoutDisplay();
  void saysThatThereIsNoDisplay();
  void exitCodes_data();
  void exitCodes();
  void startsBesideABadPreset();
  void signalStopsSavesAndEnds_data();
  void signalStopsSavesAndEnds();
};

namespace {

void begin(QProcess& program, const QStringList& arguments, const QString& presets = {}) {
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
    environment.remove(name);
  if (!presets.isEmpty()) environment.insert("ERGOSCOPE_PRESETS", presets);
  program.setProcessEnvironment(environment);
  program.start(ERGOSCOPE_PROGRAM, arguments);
}

}  // namespace

void TestProgram::answersWithoutDisplay() {
  for (const char* option : {"--version", "--help"}) {
    QProcess program;
    begin(program, {option});
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.exitCode(), 0);
    QVERIFY(program.readAllStandardOutput().contains("rgoscope"));
  }
}

void TestProgram::saysThatThereIsNoDisplay() {
  QProcess program;
  begin(program, {});
  QVERIFY(program.waitForFinished());
  QCOMPARE(program.exitStatus(), QProcess::NormalExit);
  QCOMPARE(program.exitCode(), 70);
  const QByteArray message = program.readAllStandardError();
  QVERIFY(message.contains("DISPLAY"));
  QCOMPARE(message.count('\n'), 1);
}

void TestProgram::exitCodes_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<int>("code");
  QTest::addColumn<QByteArray>("named");
  const QStringList toy{"--headless", "--preset", "toy-foong"};
  QTest::addRow("unknown option") << QStringList{"--sead"} << 64 << QByteArray("sead");
  QTest::addRow("unknown preset") << QStringList{"--headless", "--preset", "toy-fong"} << 64
                                  << QByteArray("toy-foong");
  QTest::addRow("unknown field") << toy + QStringList{"--set", "sghmc.stepsize=1"} << 64
                                 << QByteArray("step_size");
  QTest::addRow("missing file") << QStringList{"--headless", "--preset", "./no.json"} << 66
                                << QByteArray("no.json");
  QTest::addRow("bad value") << toy + QStringList{"--set", "sghmc.step_size=-1"} << 78
                             << QByteArray("step_size");
  QTest::addRow("bad seed") << toy + QStringList{"--seed", "x"} << 64 << QByteArray("seed");
  QTest::addRow("meta-training") << QStringList{"--headless", "--preset", "meta-train-regression"}
                                 << 64 << QByteArray("meta-train");
}

void TestProgram::exitCodes() {
  QFETCH(QStringList, arguments);
  QFETCH(int, code);
  QFETCH(QByteArray, named);
  QProcess program;
  begin(program, arguments);
  QVERIFY(program.waitForFinished(60000));
  QCOMPARE(program.exitStatus(), QProcess::NormalExit);
  const QByteArray message = program.readAllStandardError();
  QVERIFY2(message.contains(named), message.constData());
  QCOMPARE(message.count('\n'), 1);
  QCOMPARE(program.exitCode(), code);
}

/// One file that no reader can take must not keep the window from starting.
void TestProgram::startsBesideABadPreset() {
  const QTemporaryDir folder;
  const auto write = [&folder](const char* name, const QByteArray& text) {
    QFile file(folder.filePath(name));
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
  };
  QVERIFY(write("deep.json", QByteArray(60000, '[') + QByteArray(60000, ']')));
  QVERIFY(write("good.json", R"({"schema": 1, "kind": "compare", "gradient_evaluations": 80,
      "draws": 4, "data": {"source": "sine"}, "samplers": [{"id": "sghmc"}]})"));
  QProcess program;
  begin(program, {"--headless", "--preset", "good"}, folder.path());
  QVERIFY(program.waitForFinished(60000));
  QCOMPARE(program.exitStatus(), QProcess::NormalExit);
  QVERIFY2(program.exitCode() == 0, program.readAllStandardError().constData());
}

void TestProgram::signalStopsSavesAndEnds_data() {
  QTest::addColumn<int>("number");
  QTest::addColumn<int>("code");
  QTest::addRow("SIGHUP") << SIGHUP << 130;
  QTest::addRow("SIGINT") << SIGINT << 130;
  QTest::addRow("SIGTERM") << SIGTERM << 130;
  QTest::addRow("SIGUSR1") << SIGUSR1 << 75;
}

void TestProgram::signalStopsSavesAndEnds() {
  QFETCH(int, number);
  QFETCH(int, code);
  const QTemporaryDir folder;
  const QString out = folder.filePath("out");
  QProcess program;
  begin(program, {"--headless", "--preset", "toy-foong", "--set", "gradient_evaluations=100000000",
                  "--set", "draws=10", "--export", out});
  QTRY_VERIFY_WITH_TIMEOUT(QDir(out).exists(), 60000);  // made just before the run starts
  ::kill(static_cast<pid_t>(program.processId()), number);
  QVERIFY(program.waitForFinished(120000));
  QCOMPARE(program.exitStatus(), QProcess::NormalExit);
  QVERIFY2(program.exitCode() == code, program.readAllStandardError().constData());
  QFile result(out + "/result.json");
  QVERIFY(result.open(QIODevice::ReadOnly));
  QVERIFY(result.readAll().contains("stopped"));
}

QTEST_GUILESS_MAIN(TestProgram)
#include "tst_program.moc"
