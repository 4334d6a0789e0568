// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QLineEdit>
#include <QListWidget>
#include <QMessageBox>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableView>
#include <QTest>

#include "app/desktop/settings_panel.h"
#include "app/desktop/unattended.h"
#include "app/desktop/workers_field.h"
#include "core/base/error.h"
#include "core/presets/store.h"
#include "window_test.h"

using namespace ergo;

class TestDesktop : public WindowTest {
  Q_OBJECT
 private Q_SLOTS:
  void presetsFillTheGallery();
  void doubleClickStarts();
  void pauseStepResumeStop();
  void enabledStateFollowsTheRun();
  void coreRunsOffTheWindowThread();
  void editsAreUndone();
  void seedIsUndone();
  void failedRunGivesASentence();
  void invalidFieldHoldsUpTheRun();
  void closingMidRunSavesAndEnds();
  void closingIdleEndsAtOnce();
  void metaTrainingFeedsTheComparison();
  void choosingATrainerShowsItsFields();
  void workersReachRunAndMetaTraining();
  void tooManyWorkersAreRefused();
  void windowEqualsRun_data();
  void windowEqualsRun();
  void seedsFollowEachOther();
};

void TestDesktop::presetsFillTheGallery() {
  const auto ids = preset_ids();
  int comparisons = 0;
  for (const std::string& id : ids) comparisons += load_preset(id).kind() == "compare";
  auto* list = child<QListWidget>("presets.compare");
  QCOMPARE(list->count(), comparisons);
  QVERIFY(item("presets.compare", "toy-foong"));
  for (int row = 0; row < list->count(); ++row) QVERIFY(!list->item(row)->text().isEmpty());
  QVERIFY(m_window->windowTitle().contains(item("presets.compare", "toy-foong")->text()));
}

void TestDesktop::doubleClickStarts() {
  auto* list = child<QListWidget>("presets.compare");
  QListWidgetItem* target = item("presets.compare", "toy-foong");
  list->scrollToItem(target);
  const QPoint at = list->visualItemRect(target).center();
  QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, at);
  QTest::mouseDClick(list->viewport(), Qt::LeftButton, {}, at);
  QTRY_VERIFY(m_script->transitions > 10);
  stopAndWait();
}

void TestDesktop::pauseStepResumeStop() {
  click("runButton");
  QTRY_VERIFY(m_script->transitions > 10);
  QTest::keyClick(m_window.get(), Qt::Key_Space);
  QCOMPARE(m_window->runs()->state(), RunState::paused);
  std::int64_t before = -1;  // a transition that was under way when Space came may still end
  QTRY_VERIFY(before == m_script->transitions || (before = m_script->transitions, false));
  for (int i = 1; i <= 3; ++i) {
    QTest::keyClick(m_window.get(), Qt::Key_Period);
    QTRY_COMPARE(m_script->transitions.load(), before + i);
  }
  QTest::keyClick(m_window.get(), Qt::Key_Space);
  QTRY_VERIFY(m_script->transitions > before + 100);
  click("stopButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QVERIFY(m_script->ended);
  QCOMPARE(m_window->runs()->result()->reason, "stopped");
}

void TestDesktop::enabledStateFollowsTheRun() {
  const auto state = [this] {
    QString text;
    for (const char* name : {"run", "pause", "step", "stop", "saveResult"})
      text += action(name)->isEnabled() ? '1' : '0';
    return text;
  };
  QCOMPARE(state(), "10000");
  click("runButton");
  QCOMPARE(state(), "01110");
  const QString pauseText = action("pause")->text();
  click("pauseButton");
  QCOMPARE(state(), "01110");
  QVERIFY(action("pause")->text() != pauseText);
  click("stopButton");
  QCOMPARE(state(), "00000");
  QTRY_COMPARE(state(), "10001");
}

void TestDesktop::coreRunsOffTheWindowThread() {
  m_script->length = 50;
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QVERIFY(m_script->thread != std::thread::id());
  QVERIFY(m_script->thread != std::this_thread::get_id());
  QTRY_VERIFY(m_window->board()->plot("trace")->csv().count('\n') > 50);
  QVERIFY(m_window->board()->plot("predictive")->csv().count('\n') > 3);
  QCOMPARE(child<QTableView>("metricsTable")->model()->rowCount(), 2);
  QTRY_COMPARE(child<QProgressBar>("progress")->value(), 1000);
}

void TestDesktop::editsAreUndone() {
  auto* budget = child<QWidget>("gradient_evaluations");
  QVERIFY(budget);
  const auto value = [this](const char* path) { return m_window->document()->field(path)->value; };
  const auto evaluations = value("gradient_evaluations");
  const auto step = value("sghmc.step_size");
  retype(budget, "4321");
  const auto tuned = value("sghmc.step_size");  // the preset has a step size for each budget
  QVERIFY(tuned != step);
  QTest::mouseClick(child<QToolButton>("section.sghmc"), Qt::LeftButton);
  retype(child<QWidget>("sghmc.step_size"), "0.000123");
  QVERIFY(value("gradient_evaluations") == nlohmann::json(4321));
  QVERIFY(value("sghmc.step_size") == nlohmann::json(0.000123));
  QTest::keyClick(child<QWidget>("sghmc.step_size"), Qt::Key_Z, Qt::ControlModifier);
  QVERIFY(value("sghmc.step_size") == tuned);
  QVERIFY(value("gradient_evaluations") == nlohmann::json(4321));
  action("undo")->trigger();
  QVERIFY(value("gradient_evaluations") == evaluations);
  QVERIFY(value("sghmc.step_size") == step);
  QCOMPARE(child<QLineEdit>("gradient_evaluations.text")->text(),
           QString::number(evaluations.get<qint64>()));
  QVERIFY(!action("undo")->isEnabled());
  action("redo")->trigger();
  QCOMPARE(child<QLineEdit>("quick.gradient_evaluations.text")->text(), "4321");
}

void TestDesktop::seedIsUndone() {
  const std::uint64_t before = m_window->document()->seed();
  retype(child<QWidget>("seed"), "18446744073709551615");
  QCOMPARE(m_window->document()->seed(), std::uint64_t{18446744073709551615ULL});
  action("undo")->trigger();
  QCOMPARE(m_window->document()->seed(), before);
  QCOMPARE(child<QLineEdit>("seed")->text(), QString::number(before));
  retype(child<QWidget>("seed"), "99999999999999999999");  // 20 digits, but above 2^64-1
  QVERIFY(takeError().contains("99999999999999999999"));
  QCOMPARE(child<QLineEdit>("seed")->text(), QString::number(before));
}

void TestDesktop::failedRunGivesASentence() {
  m_script->failure = "Field 'draws' is 0, but must be >= 1.";
  click("runButton");
  QTRY_VERIFY(child<QMessageBox>("errorBox"));
  QCOMPARE(takeError(), QString::fromStdString(m_script->failure));
  QTRY_VERIFY(action("run")->isEnabled());
  QVERIFY(!m_window->runs()->result());
}

void TestDesktop::invalidFieldHoldsUpTheRun() {
  auto* budget = child<QLineEdit>("gradient_evaluations.text");
  budget->setText("-5");
  click("runButton");
  QVERIFY(takeError().contains("gradient_evaluations"));
  QCOMPARE(m_window->runs()->state(), RunState::idle);
  QCOMPARE(m_script->transitions.load(), 0);
}

void TestDesktop::closingMidRunSavesAndEnds() {
  QDir kept(QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) +
            "/interrupted");
  kept.removeRecursively();
  QSignalSpy closed(m_window.get(), &MainWindow::closed);
  click("runButton");
  QTRY_VERIFY(m_script->transitions > 10);
  m_window->close();
  QVERIFY(!m_window->isVisible());  // gone at once, whatever the run still does
  QTRY_VERIFY(closed.count() > 0);
  QVERIFY(m_script->ended);
  QCOMPARE(m_window->runs()->state(), RunState::idle);
  QVERIFY(QFile::exists(kept.filePath("toy-foong-s1/result.json")));
  kept.removeRecursively();
}

void TestDesktop::closingIdleEndsAtOnce() {
  QSignalSpy closed(m_window.get(), &MainWindow::closed);
  m_window->close();
  QCOMPARE(closed.count(), 1);
}

void TestDesktop::metaTrainingFeedsTheComparison() {
  auto* list = child<QListWidget>("presets.meta-train");
  QVERIFY(list->count() > 0);
  child<QDockWidget>("dock.metaTraining")->raise();
  list->setCurrentRow(0);
  const QString file = m_folder->filePath("phi.safetensors");
  child<QLineEdit>("metaFile")->setText(file);
  QVERIFY(!child<QPushButton>("metaUse")->isEnabled());
  child<QPushButton>("metaStart")->click();
  QTRY_VERIFY(child<QPushButton>("metaUse")->isEnabled());
  QVERIFY(m_script->thread != std::this_thread::get_id());
  QVERIFY(m_window->board()->plot("meta")->csv().count('\n') > 5);
  child<QPushButton>("metaUse")->click();
  QVERIFY(takeError().isEmpty());
  QVERIFY(m_window->document()->field("l2e.meta_parameters")->value ==
          nlohmann::json(file.toStdString()));
  // Parameters of a sampler that the comparison has not.
  const auto meta = child<QListWidget>("presets.meta-train");
  for (int row = 0; row < meta->count(); ++row)
    if (meta->item(row)->data(Qt::UserRole).toString().endsWith(QLatin1String("sgmcmc")))
      meta->setCurrentRow(row);
  child<QLineEdit>("metaFile")->setText(file);
  child<QPushButton>("metaUse")->setEnabled(true);
  child<QPushButton>("metaUse")->click();
  const QString error = takeError();
  QVERIFY2(error.contains(QLatin1String("does not compare meta_sgmcmc")), qPrintable(error));
}

void TestDesktop::choosingATrainerShowsItsFields() {
  child<QDockWidget>("dock.metaTraining")->raise();
  child<QListWidget>("presets.meta-train")->setCurrentRow(0);
  auto* settings = child<SettingsPanel>("metaSettings");
  const auto shown = [settings](const char* section) {
    return settings->findChild<QWidget*>(QStringLiteral("section.") + QLatin1String(section)) !=
           nullptr;
  };
  QVERIFY(shown("es") && !shown("truncated_backprop"));
  auto* trainer = settings->findChild<QComboBox*>(QStringLiteral("trainer"));
  QVERIFY(trainer);
  trainer->setCurrentText(QStringLiteral("truncated_backprop"));
  Q_EMIT trainer->activated(trainer->currentIndex());
  QTRY_VERIFY(shown("truncated_backprop") && !shown("es"));
  QVERIFY(settings->findChild<QWidget*>(QStringLiteral("truncated_backprop.window")));
  QVERIFY(settings->findChild<QWidget*>(QStringLiteral("dynamics.hidden")));
}

void TestDesktop::workersReachRunAndMetaTraining() {
  m_script->length = 5;
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QCOMPARE(m_script->workers.load(), 0);
  retype(child<QWidget>("workers"), "1");
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QCOMPARE(m_script->workers.load(), 1);
  child<QDockWidget>("dock.metaTraining")->raise();
  child<QListWidget>("presets.meta-train")->setCurrentRow(0);
  child<QLineEdit>("metaFile")->setText(m_folder->filePath("phi.safetensors"));
  child<QPushButton>("metaStart")->click();
  QTRY_COMPARE(m_script->metaWorkers.load(), 1);
  QTRY_VERIFY(child<QPushButton>("metaUse")->isEnabled());
}

void TestDesktop::tooManyWorkersAreRefused() {
  auto* field = child<WorkersField>("workers");
  const QString tooMany = QString::number(WorkersField::cores() + 1);
  retype(field, tooMany);
  const QString sentence = takeError();
  QVERIFY2(sentence.contains("Workers are " + tooMany) && sentence.contains("core"),
           qPrintable(sentence));
  QCOMPARE(field->workers(), 0);
  QCOMPARE(field->value(), 0);
  field->restore(100000);  // remembered on a larger machine
  QVERIFY(takeError().isEmpty());
  QCOMPARE(field->workers(), 0);
}

void TestDesktop::windowEqualsRun_data() {
  QTest::addColumn<int>("pace");
  QTest::addColumn<int>("workers");
  QTest::addRow("60 Hz") << 16 << 1;
  QTest::addRow("1 Hz, all cores") << 1000 << WorkersField::cores();
}

/// Watching a run must not change it: the window's draws are those of a plain call, at any frame
/// rate and with any number of workers.
void TestDesktop::windowEqualsRun() {
  QFETCH(int, pace);
  QFETCH(int, workers);
  Services services = Services::real();
  services.remember = false;
  openWindow(services);
  QVERIFY(m_window->openPreset("toy-foong"));
  retype(child<QWidget>("quick.gradient_evaluations"), "400");
  retype(child<QWidget>("seed"), "3");
  retype(child<QWidget>("workers"), QString::number(workers));
  m_window->clock()->setFixedPace(pace);
  click("runButton");
  QTRY_COMPARE_WITH_TIMEOUT(m_window->runs()->state(), RunState::idle, 120000);
  const auto shown = m_window->runs()->result();
  QVERIFY(shown);
  QCOMPARE(shown->reason, "completed");
  RunOptions options;
  options.seed = 3;
  RunControl control;
  const RunResult plain = run(
      m_window->document()->preset(), options, [](const RunEvent&) {}, control);
  QCOMPARE(shown->samplers.size(), plain.samplers.size());
  QVERIFY(!plain.samplers.empty());
  for (std::size_t i = 0; i < plain.samplers.size(); ++i) {
    QVERIFY(!plain.samplers[i].draws_sha256.empty());
    QCOMPARE(shown->samplers[i].draws_sha256, plain.samplers[i].draws_sha256);
  }
}

/// Runs of a range follow each other, each with the draws of its seed; a stop ends them all.
void TestDesktop::seedsFollowEachOther() {
  Services services = Services::real();
  services.remember = false;
  openWindow(services);
  QVERIFY(m_window->openPreset("toy-foong"));
  retype(child<QWidget>("quick.gradient_evaluations"), "200");
  retype(child<QWidget>("seed"), "3-5");
  click("runButton");
  QTRY_COMPARE_WITH_TIMEOUT(m_window->runs()->state(), RunState::idle, 120000);
  const auto& results = m_window->runs()->results();
  QCOMPARE(results.size(), std::size_t{3});
  RunControl control;
  for (std::uint64_t i = 0; i < 3; ++i) {
    QCOMPARE(results[i]->seed, 3 + i);
    RunOptions options;
    options.seed = 3 + i;
    const RunResult plain = run(m_window->document()->preset(), options, {}, control);
    QCOMPARE(results[i]->samplers.back().draws_sha256, plain.samplers.back().draws_sha256);
  }
  retype(child<QWidget>("quick.gradient_evaluations"), "200000");
  click("runButton");
  QTRY_VERIFY(m_window->runs()->state() == RunState::running);
  click("stopButton");
  QTRY_COMPARE_WITH_TIMEOUT(m_window->runs()->state(), RunState::idle, 120000);
  QCOMPARE(m_window->runs()->results().size(), std::size_t{1});
  retype(child<QWidget>("seed"), "5-3");
  QCOMPARE(child<QLineEdit>("seed")->text(), QString("3-5"));
}

QTEST_MAIN(TestDesktop)
#include "tst_desktop.moc"
