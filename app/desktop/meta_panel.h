// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <functional>

#include "app/desktop/preset_document.h"
#include "app/desktop/run_bridge.h"
#include "core/meta/meta.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;

namespace ergo {

class PresetGallery;
class SettingsPanel;

using MetaFunction =
    std::function<MetaResult(const Preset&, const MetaOptions&, const EventSink&, RunControl&)>;

/// Meta-trains L2E: choose a preset and a file, start, stop, resume, use the outcome.
/// Runs beside a comparison, on its own bridge. Window thread only.
class MetaPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MetaPanel(MetaFunction function, QWidget* parent = nullptr);
  RunBridge* bridge() { return &m_bridge; }
  QUndoStack* history() { return m_document.history(); }
  void fill();                               ///< reads the presets
  void openPreset(const QString& idOrPath);  ///< @throws Error
  void stop() { m_bridge.stop(); }
  void setWorkers(int workers) { m_workers = workers; }  ///< of the next one, as in MetaOptions

 Q_SIGNALS:
  void failed(const QString& sentence);
  void useRequested(const QString& id, const QString& file);  ///< parameters of sampler `id`
  void startRequested();  ///< just before a meta-training starts

 private:
  void build();
  QWidget* makeFileRow();
  QWidget* makeButtons();
  void choose(const QString& id);
  void browse();
  void start(bool resume);
  RunStarted startEvent() const;
  void consume(const std::vector<RunEvent>& events);
  void wrapUp();
  void refreshButtons();
  QString stateFile() const;

  MetaFunction m_function;
  RunBridge m_bridge;
  PresetDocument m_document;
  std::shared_ptr<MetaResult> m_result;
  int m_workers = 0;
  PresetGallery* m_gallery;
  SettingsPanel* m_settings;
  QLineEdit* m_file;
  QCheckBox* m_replace;
  QPushButton *m_start, *m_resume, *m_stop, *m_use;
  QProgressBar* m_progress;
  QLabel* m_status;
};

}  // namespace ergo
