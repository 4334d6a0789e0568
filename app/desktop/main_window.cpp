// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/main_window.h"

#include <QApplication>
#include <QLabel>
#include <QMenuBar>
#include <QScreen>
#include <QStatusBar>

#include "app/desktop/comparison_panel.h"
#include "app/desktop/help.h"
#include "app/desktop/icons.h"
#include "app/desktop/log_view.h"
#include "app/desktop/measures_panel.h"
#include "app/desktop/notice_bar.h"
#include "app/desktop/preset_gallery.h"
#include "app/desktop/run_toolbar.h"
#include "app/desktop/settings_panel.h"
#include "app/desktop/start_button.h"
#include "app/desktop/workers_field.h"
#include "core/base/error.h"
#include "core/registry/registry.h"

namespace ergo {
namespace {

/// A learned sampler of a comparison. @throws Error{usage} where it is none of them.
const SamplerEntry& learnedSampler(const Preset& preset, const std::string& id) {
  for (const Section& section : sections(preset)) {
    const SamplerEntry* sampler = find_sampler(section.name);
    if (sampler && sampler->id == id) return *sampler;
  }
  throw Error(ExitCode::usage,
              MainWindow::tr("Preset '%1' does not compare %2, whose meta-parameters these are; "
                             "open one that does.")
                  .arg(QString::fromStdString(preset.id), QString::fromStdString(id))
                  .toStdString());
}

}  // namespace

MainWindow::MainWindow(Services services, QWidget* parent)
    : QMainWindow(parent),
      m_services(std::move(services)),
      m_layout(this),
      m_document(new PresetDocument(this)),
      m_runs(new RunController(m_services.run, this)),
      m_background(new Background(this)) {
  setObjectName(QStringLiteral("mainWindow"));
  setWindowTitle(tr("Ergoscope"));
  setWindowIcon(applicationIcon());
  setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks | GroupedDragging);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  m_history.addStack(m_document->history());
  m_history.setActiveStack(m_document->history());
  m_actions = makeActions(this, &m_history);
  makeHelpers();
  makePanels();
  makeMenus();
  connectActions();
  connectDocument();
  connectRuns();
  connectMeta();
  resize(QSize(1600, 1000).boundedTo(screen()->availableSize()));
  restoreView();
  m_gallery->fill();
  m_meta->fill();
  showRunState();
}

MainWindow::~MainWindow() {
  disconnect(m_runs, nullptr, this, nullptr);  // the members they would reach go first
  disconnect(m_runs->bridge(), nullptr, this, nullptr);
  for (QUndoStack* stack : m_history.stacks()) disconnect(stack, nullptr, this, nullptr);
}

void MainWindow::makeHelpers() {
  m_board = new PlotBoard(this);
  m_figures = new FigureJob(m_board, this);
  m_clock = new FrameClock([this] { return frame(); }, this);
  m_measures = new MeasuresPanel(this);
  m_comparison = new ComparisonPanel(this);
  m_log = new LogView(this);
  m_statistics = new QLabel(this);
  m_statistics->setObjectName(QStringLiteral("statistics"));
  m_statistics->setAccessibleName(tr("Frame rate"));
  m_statistics->setToolTip(
      tr("Pictures drawn in the last second of activity; how many of them began late; and points "
         "that the bounded buffers between chains and pictures left out, keeping the extremes."));
  statusBar()->addPermanentWidget(m_statistics);
}

void MainWindow::makePanels() {
  m_toolbar = new RunToolbar(m_actions, m_document, this);
  addToolBar(m_toolbar);
  addToolBarBreak();
  m_notices = new NoticeBar(this);
  addToolBar(m_notices);
  connect(m_notices, &NoticeBar::logRequested, this,
          [this] { m_layout.raise(QStringLiteral("log")); });
  m_gallery = new PresetGallery(QStringLiteral("compare"), this);
  m_settings = new SettingsPanel(m_document, this);
  m_meta = new MetaPanel(m_services.metaTrain, this);
  connect(m_toolbar->workers(), &QSpinBox::valueChanged, m_meta,
          [this] { m_meta->setWorkers(m_toolbar->workers()->workers()); });
  m_history.addStack(m_meta->history());
  m_layout.add(QStringLiteral("gallery"), tr("Presets"), m_gallery);
  m_layout.add(QStringLiteral("settings"), tr("Settings"), m_settings);
  m_layout.add(QStringLiteral("metaTraining"), tr("Meta-training"), m_meta);
  for (const PlotBoard::Item& item : m_board->items()) {
    QDockWidget* dock =
        m_layout.add(QString::fromLatin1(item.entry->id), plotTitle(*item.entry), item.plot);
    connect(dock, &QDockWidget::visibilityChanged, m_clock, &FrameClock::request);
    connect(item.plot, &Plot::exportRequested, this,
            [this, id = QString::fromLatin1(item.entry->id)] { openExportDialog(id); });
  }
  m_start = new StartButton(m_actions.run, m_board->items().front().plot);
  m_layout.add(QStringLiteral("metrics"), tr("Measures"), m_measures);
  m_layout.add(QStringLiteral("comparison"), tr("Runs"), m_comparison);
  m_layout.add(QStringLiteral("log"), tr("Log"), m_log);
}

void MainWindow::makeMenus() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  file->addActions({m_actions.openPreset, m_actions.savePreset});
  file->addSeparator();
  file->addActions({m_actions.saveResult, m_actions.exportFigure, m_actions.exportAll});
  file->addSeparator();
  file->addAction(m_actions.quit);
  menuBar()->addMenu(tr("&Edit"))->addActions({m_actions.undo, m_actions.redo});
  menuBar()
      ->addMenu(tr("&Run"))
      ->addActions({m_actions.run, m_actions.pause, m_actions.step, m_actions.stop});
  QMenu* view = menuBar()->addMenu(tr("&View"));
  for (QDockWidget* dock : m_layout.docks()) view->addAction(dock->toggleViewAction());
  view->addSeparator();
  view->addActions(m_actions.theme->actions());
  view->addSeparator();
  view->addActions({m_actions.resetLayout, m_actions.fullScreen});
  menuBar()->addMenu(tr("&Help"))->addActions({m_actions.shortcuts, m_actions.about});
  addActions(findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly));  // keys without menus
}

void MainWindow::connectDocument() {
  connect(m_gallery, &PresetGallery::chosen, this, [this](const QString& id) { openPreset(id); });
  connect(m_gallery, &PresetGallery::activated, this, [this](const QString& id) {
    const QString open = QString::fromStdString(m_document->preset().id);
    if (id == open || openPreset(id)) startRun();
  });
  const auto refused = [this](const QString& sentence) {
    showError(static_cast<int>(ExitCode::usage), sentence);
  };
  connect(m_settings, &SettingsPanel::editRefused, this, refused);
  connect(m_toolbar, &RunToolbar::editRefused, this, refused);
  connect(m_document, &PresetDocument::opened, this, [this] {
    const QString title = QString::fromStdString(m_document->preset().title());
    setWindowTitle(tr("%1 - Ergoscope").arg(title));
    if (m_start) m_start->setPreset(title);
    showRunState();
  });
  connect(m_document, &PresetDocument::opened, this, &MainWindow::showOutdated);
  connect(m_document, &PresetDocument::fieldChanged, this, &MainWindow::showOutdated);
  connect(m_document, &PresetDocument::seedChanged, this, &MainWindow::showOutdated);
  for (QUndoStack* stack : {m_document->history(), m_meta->history()})
    connect(stack, &QUndoStack::indexChanged, this,
            [this, stack] { m_history.setActiveStack(stack); });
}

void MainWindow::connectRuns() {
  RunBridge* bridge = m_runs->bridge();
  connect(bridge, &RunBridge::woken, m_clock, &FrameClock::request);
  connect(bridge, &RunBridge::drained, this, [this](const std::vector<RunEvent>& events) {
    m_board->consume(events, false);
    m_measures->consume(events);
    m_comparison->consume(events);
    m_notices->consume(events);
    m_log->consume(events);
    m_toolbar->consume(events);
    m_clock->request();
  });
  connect(m_runs, &RunController::stateChanged, this, &MainWindow::showRunState);
  connect(m_runs, &RunController::shown, this, &MainWindow::showOutdated);
  connect(m_runs, &RunController::shown, this, [this] {
    delete m_start;
    m_start = nullptr;
  });
  connect(m_runs, &RunController::failed, this, &MainWindow::showError);
  connect(m_runs, &RunController::ended, this, &MainWindow::endRun);
}

void MainWindow::connectMeta() {
  RunBridge* bridge = m_meta->bridge();
  connect(bridge, &RunBridge::woken, m_clock, &FrameClock::request);
  connect(bridge, &RunBridge::drained, this, [this](const std::vector<RunEvent>& events) {
    m_board->consume(events, true);
    m_log->consume(events);
    m_clock->request();
  });
  connect(bridge, &RunBridge::finished, this, &MainWindow::finishClosing);
  connect(m_meta, &MetaPanel::startRequested, this,
          [this] { m_layout.raise(QStringLiteral("meta")); });
  connect(m_meta, &MetaPanel::failed, this, [this](const QString& sentence) {
    showError(static_cast<int>(ExitCode::internal), sentence);
  });
  connect(m_meta, &MetaPanel::useRequested, this, &MainWindow::useMetaParameters);
  connect(m_background, &Background::idle, this, &MainWindow::finishClosing);
  connect(m_figures, &FigureJob::finished, this, [this](int code, const QString& sentence) {
    if (code == 0)
      statusBar()->showMessage(sentence, 10000);
    else
      showError(code, sentence);
    finishClosing();
  });
}

/// One frame: take what came, then draw what is visible until the budget is spent.
bool MainWindow::frame() {
  const bool events = m_runs->bridge()->drain();
  const bool metaEvents = m_meta->bridge()->drain();
  const bool waiting = m_board->refresh(FrameClock::budgetMs);
  showStatistics();
  return events || metaEvents || waiting;
}

void MainWindow::showStatistics() {
  const qint64 thinned = m_runs->bridge()->thinned() + m_meta->bridge()->thinned();
  const QString text = tr("%1 frames/s, %2 late, %3 points thinned")
                           .arg(m_clock->framesPerSecond(), 0, 'f', 0)
                           .arg(m_clock->lateFrames())
                           .arg(thinned);
  if (text != m_statistics->text()) m_statistics->setText(text);
}

void MainWindow::showRunState() {
  const RunState state = m_runs->state();
  enableActions(m_actions, state, m_document->isOpen(), m_runs->result() != nullptr);
  refreshIcons(m_actions, palette().color(QPalette::ButtonText), state);
  m_toolbar->showState(state);
  m_board->setPaused(state == RunState::paused);
  m_clock->request();
}

/// Pictures and tables stay those of their run, whatever is chosen or typed after it; they say so.
void MainWindow::showOutdated() {
  const bool outdated =
      m_document->isOpen() && m_runs->differsFrom(m_document->preset(), m_document->seeds());
  m_board->setOutdated(outdated);
  m_measures->setOutdated(outdated);
}

void MainWindow::startRun() {
  if (!m_document->isOpen() || m_runs->state() != RunState::idle) return;
  for (const QString& problem : {m_settings->firstProblem(), m_toolbar->firstProblem()})
    if (!problem.isEmpty()) return showError(static_cast<int>(ExitCode::config), problem);
  m_runs->start(m_document->preset(), m_document->seeds(), m_toolbar->workers()->workers());
}

void MainWindow::endRun() {
  if (m_closing && m_savesInterrupted) saveInterrupted();
  finishClosing();
}

void MainWindow::useMetaParameters(const QString& id, const QString& file) {
  try {
    if (!m_document->isOpen())
      throw Error(
          ExitCode::usage,
          tr("Open a comparison first: no preset is open that could use the file.").toStdString());
    const SamplerEntry& sampler = learnedSampler(m_document->preset(), id.toStdString());
    m_document->edit(QString::fromStdString(sampler.id + ".meta_parameters"), file);
    statusBar()->showMessage(
        tr("%1 of this comparison now uses %2.").arg(QString::fromStdString(sampler.label), file),
        10000);
  } catch (const Error& error) {
    showError(static_cast<int>(error.code()), QString::fromStdString(error.what()));
  }
}

}  // namespace ergo
