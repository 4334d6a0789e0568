// SPDX-License-Identifier: GPL-3.0-or-later
#include <qcustomplot.h>

#include <QApplication>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QDialog>
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>
#include <QTimer>
#include <QToolBar>

#include "app/desktop/unattended.h"
#include "core/base/error.h"
#include "widgets/caption_label.h"
#include "window_test.h"

using namespace ergo;

class TestWindow : public WindowTest {
  Q_OBJECT
 private Q_SLOTS:
  void badPresetGivesASentence_data();
  void badPresetGivesASentence();
  void everyControlIsNamed();
  void importantPanelsAreVisibleAtOnce();
  void smallWindowKeepsPanelsLegible();
  void onlyPicturesGrow();
  void startShowsWhatToDo();
  void menuOfAPicture();
  void keysWorkWhereNobodyTypes();
  void resetLayoutBringsPanelsBack();
  void themeSwitchesLive();
  void figureIsExportedWhileRunning();
  void exportAsksBeforeItReplaces();
  void exportProposesAFreshName();
  void exportAllAsksOnceBeforeItReplaces();
  void exportAllNamesWhatFails();
  void picturesNameTheirRun();
  void warningsAreSeenUntilDismissed();
  void presetIsSavedAndReadBack();
  void resultNeedsAnEmptyFolder();
  void shortcutSheetListsEveryKey();
  void budgetIsSpentInTurn();
  void pausedPicturesArePretty();
  void commandLineExports();
  void commandLineRunsSeeds();
  void commandLineReportsErrors();
  void commandLineReplacesNothingUnasked();

 private:
  void runToTheEnd();
  QString caption(const char* dock);
};

/// A finished run with numbers in its pictures.
void TestWindow::runToTheEnd() {
  m_script->transitions = 0;
  m_script->length = 20;
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
}

QString TestWindow::caption(const char* dock) {
  return child<QDockWidget>(dock)->findChild<CaptionLabel*>("caption")->text();
}

namespace {

void put(const QString& path, const QByteArray& content) {
  QFile file(path);
  QVERIFY(file.open(QIODevice::WriteOnly));
  file.write(content);
}

QByteArray contentOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

}  // namespace

void TestWindow::badPresetGivesASentence_data() {
  QTest::addColumn<QByteArray>("content");
  QTest::addRow("not JSON") << QByteArray("{\"schema\": 1, ");
  QTest::addRow("missing") << QByteArray();
}

void TestWindow::badPresetGivesASentence() {
  QFETCH(QByteArray, content);
  const QString path = m_folder->filePath("bad.json");
  if (!content.isEmpty()) {
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
  }
  QVERIFY(!m_window->openPreset(path));
  const QString sentence = takeError();
  QVERIFY2(sentence.contains("bad"), qPrintable(sentence));
  QCOMPARE(m_window->document()->preset().id, "toy-foong");  // what was open stays open
}

void TestWindow::everyControlIsNamed() {
  QString problem = nameless(*m_window);
  QVERIFY2(problem.isEmpty(), qPrintable(problem));
  action("exportFigure")->trigger();
  auto* dialog = child<QDialog>("exportDialog");
  QVERIFY(dialog);
  problem = nameless(*dialog);
  QVERIFY2(problem.isEmpty(), qPrintable(problem));
  for (const QAction* each :
       m_window->findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly))
    QVERIFY2(!each->objectName().isEmpty() || each->isSeparator(), qPrintable(each->text()));
}

void TestWindow::importantPanelsAreVisibleAtOnce() {
  for (const char* id : {"predictive", "trace", "trajectory", "diversity", "reliability"}) {
    const Plot* plot = m_window->board()->plot(id);
    QTRY_VERIFY2(isOnScreen(*plot), id);
    QTRY_VERIFY2(plot->width() >= 200 && plot->height() >= 150, id);
  }
  QVERIFY(!child<QTableView>("metricsTable")->visibleRegion().isEmpty());
  const Plot* main = m_window->board()->plot("predictive");
  for (const PlotBoard::Item& other : m_window->board()->items())
    if (other.plot != main && isOnScreen(*other.plot))
      QTRY_VERIFY(main->width() * main->height() > 2 * other.plot->width() * other.plot->height());
}

/// At 1280 x 800 no picture is a sliver: those that have no room of their own are tabs.
void TestWindow::smallWindowKeepsPanelsLegible() {
  m_window->resize(1280, 800);
  action("resetLayout")->trigger();
  for (const PlotBoard::Item& item : m_window->board()->items()) {
    child<QDockWidget>((std::string("dock.") + item.entry->id).c_str())->raise();
    QTRY_VERIFY2(isOnScreen(*item.plot), item.entry->id);
    QTRY_VERIFY2(item.plot->width() >= 400 && item.plot->height() >= 230,
                 qPrintable(QString("%1: %2 x %3")
                                .arg(item.entry->id)
                                .arg(item.plot->width())
                                .arg(item.plot->height())));
  }
  QVERIFY(child<QTableView>("metricsTable")->width() >= 300);
  QCOMPARE(m_window->size(), QSize(1280, 800));
}

void TestWindow::onlyPicturesGrow() {
  const Plot* main = m_window->board()->plot("predictive");
  const auto* gallery = child<QWidget>("presets.compare");
  QTRY_VERIFY(main->isVisible());
  m_window->resize(2560, 1440);
  QTRY_VERIFY(main->width() > 2000);
  QVERIFY2(gallery->width() <= 380, qPrintable(QString::number(gallery->width())));
}

/// Without arguments: a preset is selected, and one large button says what to do.
void TestWindow::startShowsWhatToDo() {
  m_script->length = 5;
  openWindow(scriptedServices(m_script));
  QVERIFY(!child<QPushButton>("startButton")->isVisible());
  (new Unattended(Options(), m_window.get()))->start();
  const std::string first = m_window->document()->preset().id;
  QVERIFY2(first.starts_with("toy-"), first.c_str());
  auto* button = child<QPushButton>("startButton");
  QVERIFY(button->isVisible());
  QTest::mouseClick(button, Qt::LeftButton);
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QVERIFY(m_window->runs()->result());
  QVERIFY(!child<QPushButton>("startButton"));
}

void TestWindow::menuOfAPicture() {
  runToTheEnd();
  Plot* plot = m_window->board()->plot("trace");
  QStringList names;
  for (const QAction* each : plot->actions())
    if (!each->isSeparator()) names << each->objectName();
  for (const char* name : {"fitView", "copyPicture", "copyData", "exportThis", "explain"})
    QVERIFY2(names.contains(name), name);
  plot->findChild<QAction*>("exportThis")->trigger();
  QCOMPARE(child<QComboBox>("exportPlot")->currentData().toString(), QString("trace"));
}

/// Space and the full stop are the run's wherever the focus is, but in a text being typed.
void TestWindow::keysWorkWhereNobodyTypes() {
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::running);
  child<QDockWidget>("dock.log")->raise();
  for (QWidget* focus : {child<QWidget>("logView"), child<QWidget>("presets.compare"),
                         child<QWidget>("metricsTable"), child<QWidget>("trace")}) {
    focus->setFocus();
    QTest::keyClick(focus, Qt::Key_Space);
    QVERIFY2(m_window->runs()->state() == RunState::paused, qPrintable(focus->objectName()));
    QTest::keyClick(focus, Qt::Key_Space);
    QVERIFY2(m_window->runs()->state() == RunState::running, qPrintable(focus->objectName()));
  }
  stopAndWait();
}

void TestWindow::resetLayoutBringsPanelsBack() {
  auto* dock = child<QDockWidget>("dock.trajectory");
  auto* toggle = child<QAction>("show.trajectory");
  toggle->trigger();
  QVERIFY(!dock->isVisible());
  dock->setFloating(true);
  action("resetLayout")->trigger();
  QTRY_VERIFY(dock->isVisible());
  QVERIFY(!dock->isFloating());
}

void TestWindow::themeSwitchesLive() {
  const auto lightness = [this] { return m_window->palette().color(QPalette::Window).lightness(); };
  action("theme.dark")->trigger();
  QTRY_VERIFY(lightness() < 80);
  const QColor dark = m_window->board()->plot("trace")->grab().toImage().pixelColor(3, 60);
  QVERIFY(dark.lightness() < 80);
  action("theme.light")->trigger();
  QTRY_VERIFY(lightness() > 200);
  QTRY_VERIFY(m_window->board()->plot("trace")->grab().toImage().pixelColor(3, 60).lightness() >
              200);
}

void TestWindow::figureIsExportedWhileRunning() {
  click("runButton");
  QTRY_VERIFY(m_window->board()->plot("trace")->csv().count('\n') > 5);
  action("exportFigure")->trigger();
  auto* dialog = child<QDialog>("exportDialog");
  auto* plot = child<QComboBox>("exportPlot");
  plot->setCurrentIndex(plot->findData("trace"));
  child<QLineEdit>("exportPath")->setText(m_folder->filePath("nowhere/trace.pdf"));
  QTest::mouseClick(child<QPushButton>("exportSave"), Qt::LeftButton);
  QVERIFY(dialog->isVisible());  // refused: the folder does not exist
  QVERIFY(child<QLabel>("exportError")->text().contains("nowhere"));
  child<QLineEdit>("exportPath")->setText(m_folder->filePath("trace.pdf"));
  QTest::mouseClick(child<QPushButton>("exportSave"), Qt::LeftButton);
  QFile figure(m_folder->filePath("trace.pdf"));
  QVERIFY(figure.open(QIODevice::ReadOnly));
  QVERIFY(figure.read(5) == "%PDF-");
  QVERIFY(QFile::exists(m_folder->filePath("trace.csv")));
  QCOMPARE(m_window->runs()->state(), RunState::running);
  stopAndWait();
}

/// The numbers beside a picture are a file of the export like the picture: asked for, once.
void TestWindow::exportAsksBeforeItReplaces() {
  runToTheEnd();
  put(m_folder->filePath("mine.csv"), "my own measurements");
  action("exportFigure")->trigger();
  auto* dialog = child<QDialog>("exportDialog");
  child<QLineEdit>("exportPath")->setText(m_folder->filePath("mine.pdf"));
  auto* save = child<QPushButton>("exportSave");
  QTest::mouseClick(save, Qt::LeftButton);
  QVERIFY(dialog->isVisible());
  const QString question = child<QLabel>("exportError")->text();
  QVERIFY2(question.contains("mine.csv") && !question.contains("mine.pdf"), qPrintable(question));
  QVERIFY(!QFile::exists(m_folder->filePath("mine.pdf")));
  QCOMPARE(contentOf(m_folder->filePath("mine.csv")), QByteArray("my own measurements"));
  put(m_folder->filePath("mine.json"), "{}");  // another one since: consent was not for it
  QTest::mouseClick(save, Qt::LeftButton);
  QVERIFY(dialog->isVisible() && child<QLabel>("exportError")->text().contains("mine.json"));
  QTest::mouseClick(save, Qt::LeftButton);
  QVERIFY(QFile::exists(m_folder->filePath("mine.pdf")));
  QVERIFY(contentOf(m_folder->filePath("mine.csv")).startsWith("sampler,"));
}

void TestWindow::exportProposesAFreshName() {
  QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
  if (!QDir(documents).exists()) documents = QDir::homePath();
  runToTheEnd();
  action("exportFigure")->trigger();
  const QFileInfo proposed(child<QLineEdit>("exportPath")->text());
  QCOMPARE(proposed.path(), documents);  // a folder that exists, also in a fresh home
  QVERIFY(!QFile::exists(proposed.filePath()));
  QVERIFY(child<QLabel>("exportRun")->text().startsWith("toy-foong · seed 1"));
  auto* format = child<QComboBox>("exportFormat");
  format->setCurrentIndex(format->findData("png"));
  QVERIFY(child<QLineEdit>("exportPath")->text().endsWith(".png"));
}

void TestWindow::exportAllAsksOnceBeforeItReplaces() {
  runToTheEnd();
  QSignalSpy finished(m_window->figures(), &FigureJob::finished);
  m_window->exportAll(m_folder->path());
  QTRY_COMPARE(finished.count(), 1);
  QCOMPARE(finished[0][0].toInt(), 0);
  put(m_folder->filePath("trace.csv"), "mine");
  m_window->exportAll(m_folder->path());
  auto* box = child<QMessageBox>("replaceBox");
  QVERIFY(box && box->isVisible());
  const QString list = box->informativeText();
  const QStringList files = QDir(m_folder->path()).entryList(QDir::Files);
  QVERIFY(files.size() >= 10);
  for (const QString& file : files) QVERIFY2(list.contains(file), qPrintable(file));
  box->reject();
  QCoreApplication::processEvents();
  QCOMPARE(contentOf(m_folder->filePath("trace.csv")), QByteArray("mine"));
  QCOMPARE(finished.count(), 1);
  m_window->exportAll(m_folder->path());
  QTest::mouseClick(child<QPushButton>("replaceFigures"), Qt::LeftButton);
  QTRY_COMPARE(finished.count(), 2);
  QVERIFY(contentOf(m_folder->filePath("trace.csv")).startsWith("sampler,"));
}

/// One figure that cannot be written is named; the others are there.
void TestWindow::exportAllNamesWhatFails() {
  runToTheEnd();
  QVERIFY(QDir().mkdir(m_folder->filePath("trace.csv")));
  QSignalSpy finished(m_window->figures(), &FigureJob::finished);
  m_window->figures()->start(m_folder->path(), true);
  QTRY_COMPARE(finished.count(), 1);
  QCOMPARE(finished[0][0].toInt(), 73);
  const QString sentence = takeError();
  QVERIFY2(sentence.contains("trace.csv") && sentence.contains("5 figure file(s) written"),
           qPrintable(sentence));
  QVERIFY(QFile::exists(m_folder->filePath("predictive.pdf")));
  QVERIFY(!QFile::exists(m_folder->filePath("trace.pdf")));
}

/// Another preset, another budget or seed: the pictures stay those of their run and say so.
void TestWindow::picturesNameTheirRun() {
  const QString run = "toy-foong · seed 1 · 100 gradient evaluations each";
  runToTheEnd();
  const auto captions = [this] {
    QStringList list;
    for (const char* dock : {"dock.predictive", "dock.trace", "dock.metrics"})
      list << caption(dock);
    list.removeDuplicates();
    return list.join('|');
  };
  QCOMPARE(captions(), run);
  const QString outdated = "Settings changed since this run: " + run;
  m_window->document()->edit("gradient_evaluations", "4321");
  QCOMPARE(captions(), outdated);
  action("undo")->trigger();
  QCOMPARE(captions(), run);
  m_window->document()->editSeed("9");
  QCOMPARE(captions(), outdated);
  action("undo")->trigger();
  QCOMPARE(captions(), run);
  QVERIFY(m_window->openPreset("toy-gap"));
  QCOMPARE(captions(), outdated);
  m_script->failure = "refused";  // begins nothing, so the pictures stay what they were
  click("runButton");
  QString refusal;
  QTRY_VERIFY(!(refusal += takeError()).isEmpty());
  QCOMPARE(captions(), outdated);
  m_script->failure.clear();
  runToTheEnd();
  QTRY_COMPARE(captions(), QString("toy-gap · seed 1 · 100 gradient evaluations each"));
}

void TestWindow::warningsAreSeenUntilDismissed() {
  auto* bar = child<QToolBar>("noticeBar");
  QVERIFY(!bar->isVisible());
  m_script->warning = "3 training points lie outside the grid.";
  runToTheEnd();
  QTRY_VERIFY(bar->isVisible());
  QVERIFY(child<QLabel>("noticeText")->toolTip().contains("outside the grid"));
  QVERIFY(child<QLabel>("noticeText")->accessibleName().startsWith("Warning: 3 training"));
  click("noticeDismiss");
  QVERIFY(!bar->isVisible());
  runToTheEnd();
  QTRY_VERIFY(bar->isVisible());
  m_script->warning.clear();
  runToTheEnd();
  QTRY_VERIFY(!bar->isVisible());  // a run without any
}

void TestWindow::presetIsSavedAndReadBack() {
  m_window->document()->edit("gradient_evaluations", "777");
  const QString path = m_folder->filePath("mine.json");
  m_window->savePresetAs(path);
  QVERIFY(m_window->openPreset(path));
  QVERIFY(m_window->document()->field("gradient_evaluations")->value == nlohmann::json(777));
  QVERIFY(problems(m_window->document()->preset()).empty());
  // A file that is called as a seed is: the seed does not become its path.
  QFile one(m_folder->filePath("1"));
  QVERIFY(one.open(QIODevice::WriteOnly));
  m_window->savePresetAs(path);
  QVERIFY(m_window->openPreset(path));
  QVERIFY(m_window->document()->field("data.seed")->value == nlohmann::json("1"));
  m_window->savePresetAs(m_folder->filePath("no/such/folder.json"));
  QVERIFY(takeError().contains("folder"));
}

void TestWindow::resultNeedsAnEmptyFolder() {
  m_script->length = 5;
  click("runButton");
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
  QSignalSpy idle(m_window->background(), &Background::idle);
  m_window->saveResult(m_folder->filePath("result"));
  QTRY_COMPARE(idle.count(), 1);
  QVERIFY(QFile::exists(m_folder->filePath("result/result.json")));
  m_window->saveResult(m_folder->filePath("result"));
  QTRY_COMPARE(idle.count(), 2);
  QVERIFY(takeError().contains("result"));
}

void TestWindow::shortcutSheetListsEveryKey() {
  QTest::keyClick(m_window.get(), Qt::Key_F1);
  auto* text = child<QTextBrowser>("shortcutSheetText");
  QVERIFY(text);
  const QString sheet = text->toPlainText();
  int keys = 0;
  for (const QAction* each :
       m_window->findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly)) {
    if (each->shortcut().isEmpty()) continue;
    ++keys;
    QVERIFY2(sheet.contains(each->shortcut().toString(QKeySequence::NativeText)),
             qPrintable(each->text()));
  }
  QVERIFY(keys >= 14);
}

/// A budget of nothing draws one picture a frame: the longest waiting, but first the one under
/// the mouse. What is hidden stays dirty until it is shown.
void TestWindow::budgetIsSpentInTurn() {
  const std::vector<PlotEntry> three(plotEntries().begin(), plotEntries().begin() + 3);
  QWidget window;
  PlotBoard board(&window, three);
  auto* row = new QHBoxLayout(&window);
  for (const PlotBoard::Item& item : board.items()) row->addWidget(item.plot);
  window.resize(1200, 400);
  window.show();
  QVERIFY(QTest::qWaitForWindowExposed(&window));
  board.refresh(100000);
  const auto plot = [&board](std::size_t i) { return board.items()[i].plot; };
  const auto dirty = [&plot] {
    QString text;
    for (std::size_t i = 0; i < 3; ++i) text += plot(i)->isDirty() ? '1' : '0';
    return text;
  };
  for (std::size_t i = 0; i < 3; ++i) plot(i)->setAttribute(Qt::WA_UnderMouse, false);
  RunStarted start;
  start.run = 1;
  board.consume({start}, false);
  QCOMPARE(dirty(), "111");
  QVERIFY(board.refresh(0));
  QCOMPARE(dirty(), "011");
  plot(2)->setAttribute(Qt::WA_UnderMouse);
  QVERIFY(board.refresh(0));
  QCOMPARE(dirty(), "010");
  start.run = 2;
  board.consume({start}, false);
  for (int frame = 0; frame < 6 && plot(1)->isDirty(); ++frame) {
    board.refresh(0);
    ++start.run;
    plot(2)->consume(start);  // always dirty, under the mouse
  }
  QVERIFY(!plot(1)->isDirty());  // and yet the others get their turn
  plot(2)->setAttribute(Qt::WA_UnderMouse, false);
  board.refresh(100000);
  plot(1)->hide();
  start.run += 1;
  board.consume({start}, false);
  QVERIFY(!board.refresh(100000));
  QCOMPARE(dirty(), "010");
  plot(1)->show();
  QCOMPARE(dirty(), "000");
}

void TestWindow::pausedPicturesArePretty() {
  click("runButton");
  QTRY_VERIFY(m_window->board()->plot("trace")->csv().count('\n') > 5);
  QCustomPlot* canvas = m_window->board()->plot("trace")->panels().front();
  QTRY_COMPARE(canvas->notAntialiasedElements(), QCP::AntialiasedElements(QCP::aeAll));
  QVERIFY(canvas->plottingHints().testFlag(QCP::phFastPolylines));
  action("pause")->trigger();
  QTRY_COMPARE(canvas->notAntialiasedElements(), QCP::AntialiasedElements(QCP::aeNone));
  action("pause")->trigger();
  QTRY_COMPARE(canvas->notAntialiasedElements(), QCP::AntialiasedElements(QCP::aeAll));
  stopAndWait();
  QTRY_COMPARE(canvas->notAntialiasedElements(), QCP::AntialiasedElements(QCP::aeNone));
}

void TestWindow::commandLineExports() {
  Options options;
  options.preset = "toy-foong";
  options.run = options.headless = true;
  options.seed = "7";
  options.edits = QStringList{"gradient_evaluations=600"};
  options.exportFolder = m_folder->filePath("out");
  options.screenshot = m_folder->filePath("window.png");
  m_script->length = 20;
  Services services = scriptedServices(m_script);
  services.quiet = true;
  openWindow(services);
  auto* driver = new Unattended(options, m_window.get());
  QSignalSpy closed(m_window.get(), &MainWindow::closed);
  driver->start();
  QTRY_VERIFY_WITH_TIMEOUT(closed.count() > 0, 60000);
  QCOMPARE(driver->exitCode(), 0);
  QCOMPARE(m_window->runs()->result()->seed, std::uint64_t{7});
  QVERIFY(m_window->document()->field("gradient_evaluations")->value == nlohmann::json(600));
  for (const char* file : {"out/result.json", "out/figures/trace.pdf", "out/figures/trace.svg",
                           "out/figures/trace.png", "out/figures/trace.csv",
                           "out/figures/trace.json", "out/figures/predictive.pdf"})
    QVERIFY2(QFile::exists(m_folder->filePath(file)), file);
  QVERIFY(
      !QFile::exists(m_folder->filePath("out/figures/meta.pdf")));  // an empty picture is no figure
  QCOMPARE(QImage(m_folder->filePath("window.png")).size(), m_window->size());
}

/// As with `ergoscope-cli run --seeds`: a folder each, and the figures of all.
void TestWindow::commandLineRunsSeeds() {
  Options options;
  options.preset = "toy-foong";
  options.run = options.headless = true;
  options.seed = "7-8";
  options.edits = QStringList{"gradient_evaluations=200", "curve_points=5"};
  options.exportFolder = m_folder->filePath("out");
  Services services = Services::real();
  services.quiet = true;
  services.remember = false;
  openWindow(services);
  auto* driver = new Unattended(options, m_window.get());
  QSignalSpy closed(m_window.get(), &MainWindow::closed);
  driver->start();
  QTRY_VERIFY_WITH_TIMEOUT(closed.count() > 0, 120000);
  QCOMPARE(driver->exitCode(), 0);
  for (const char* file : {"out/s7/result.json", "out/s8/curves.csv", "out/figures/curves.pdf"})
    QVERIFY2(QFile::exists(m_folder->filePath(file)), file);
  QFile numbers(m_folder->filePath("out/figures/curves.csv"));
  QVERIFY(numbers.open(QIODevice::ReadOnly));
  const QByteArray text = numbers.readAll();
  QVERIFY(text.contains("\nl2e,7,200,") && text.contains("\nl2e,8,200,"));
}

void TestWindow::commandLineReportsErrors() {
  Options options;
  options.preset = "toy-foong";
  options.run = options.headless = true;
  options.edits = QStringList{"no_such_field=1"};
  Services services = scriptedServices(m_script);
  services.quiet = true;
  openWindow(services);
  auto* driver = new Unattended(options, m_window.get());
  QSignalSpy closed(m_window.get(), &MainWindow::closed);
  driver->start();
  QTRY_VERIFY(closed.count() > 0);
  QCOMPARE(driver->exitCode(), 64);
  QCOMPARE(m_script->transitions.load(), 0);
}

void TestWindow::commandLineReplacesNothingUnasked() {
  Options options;
  options.preset = "toy-foong";
  options.run = options.headless = true;
  options.screenshot = m_folder->filePath("window.png");
  put(options.screenshot, "a picture of mine");
  m_script->length = 5;
  Services services = scriptedServices(m_script);
  services.quiet = true;
  const auto exitCode = [&] {
    m_script->transitions = 0;
    openWindow(services);
    auto* driver = new Unattended(options, m_window.get());
    QSignalSpy closed(m_window.get(), &MainWindow::closed);
    driver->start();
    const bool ended = QTest::qWaitFor([&] { return closed.count() > 0; }, 60000);
    return ended ? driver->exitCode() : -1;
  };
  QCOMPARE(exitCode(), 73);
  QCOMPARE(m_script->transitions.load(), 0);
  QCOMPARE(contentOf(options.screenshot), QByteArray("a picture of mine"));
  options.force = true;
  QCOMPARE(exitCode(), 0);
  QVERIFY(!QImage(options.screenshot).isNull());
}

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
