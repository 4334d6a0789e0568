// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QMainWindow>
#include <QUndoGroup>
#include <memory>

#include "app/desktop/actions.h"
#include "app/desktop/background.h"
#include "app/desktop/dock_layout.h"
#include "app/desktop/figure_job.h"
#include "app/desktop/frame_clock.h"
#include "app/desktop/meta_panel.h"
#include "app/desktop/plot_board.h"
#include "app/desktop/preset_document.h"
#include "app/desktop/run_controller.h"

class QLabel;

namespace ergo {

class ComparisonPanel;
class LogView;
class MeasuresPanel;
class NoticeBar;
class PresetGallery;
class RunToolbar;
class SettingsPanel;
class StartButton;

/// What the window calls and keeps; tests put other functions in.
struct Services {
  RunFunction run;
  MetaFunction metaTrain;
  bool remember = true;    ///< layout, theme and workers in QSettings; false when headless
  bool quiet = false;      ///< no error dialogs: whoever drives the window reports them
  static Services real();  ///< ergo::run and ergo::meta_train
};

/// The workbench: presets, settings, run controls and live pictures of one comparison, and a
/// meta-training beside it. Computes nothing and waits for nothing itself.
class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  explicit MainWindow(Services services, QWidget* parent = nullptr);
  ~MainWindow() override;

  RunController* runs() { return m_runs; }
  PresetDocument* document() { return m_document; }
  PlotBoard* board() { return m_board; }
  Background* background() { return m_background; }
  FigureJob* figures() { return m_figures; }
  FrameClock* clock() { return m_clock; }

  /// Opens a comparison, or a meta-training in its panel. Errors become a dialog. @return success.
  bool openPreset(const QString& idOrPath);
  /// For a start without a wish: the comparison to begin with.
  void openFirstPreset();
  void startRun();
  void savePresetAs(const QString& path);
  void saveResult(const QString& folder);  ///< a new or empty folder; on another thread
  /// All figures; asks once, with every name, where files would be replaced.
  void exportAll(const QString& folder);
  void setTheme(const QString& name);  ///< "system", "light" or "dark"
  /// False: whoever drives the window saves an interrupted run itself.
  void setSavesInterrupted(bool saves) { m_savesInterrupted = saves; }
  void showError(int exitCode, const QString& sentence);

 public Q_SLOTS:
  void openExportDialog();  ///< of the picture that has the keyboard

 Q_SIGNALS:
  void errorShown(int exitCode, const QString& sentence);
  void closed();  ///< the window is closed and nothing runs or writes any more

 protected:
  void closeEvent(QCloseEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool event(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void makePanels();
  void makeMenus();
  void makeHelpers();
  void connectActions();
  void connectRuns();
  void connectMeta();
  void connectDocument();
  void openExportDialog(const QString& plotId);
  void askPreset();
  void askPresetTarget();
  void askResultFolder();
  void askFigureFolder();
  void useMetaParameters(const QString& id, const QString& file);
  bool frame();
  void showRunState();
  void showOutdated();
  void endRun();
  void saveInterrupted();
  bool isBusy();
  void finishClosing();
  void restoreView();
  void rememberView();
  void showStatistics();

  Services m_services;
  QUndoGroup m_history;
  Actions m_actions{};
  DockLayout m_layout;
  PresetDocument* m_document;
  RunController* m_runs;
  Background* m_background;
  PlotBoard* m_board = nullptr;
  FigureJob* m_figures = nullptr;
  FrameClock* m_clock = nullptr;
  MetaPanel* m_meta = nullptr;
  PresetGallery* m_gallery = nullptr;
  SettingsPanel* m_settings = nullptr;
  RunToolbar* m_toolbar = nullptr;
  LogView* m_log = nullptr;
  MeasuresPanel* m_measures = nullptr;
  ComparisonPanel* m_comparison = nullptr;
  NoticeBar* m_notices = nullptr;
  StartButton* m_start = nullptr;
  QLabel* m_statistics = nullptr;
  QString m_theme = QStringLiteral("system");
  bool m_closing = false, m_laidOut = false, m_savesInterrupted = true;
};

}  // namespace ergo
