// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <QWidget>
#include <memory>
#include <vector>

#include "core/events/events.h"

class QCustomPlot;

namespace ergo {

struct RunRecord;
struct Theme;

/// A live picture of a run. Consumes events and draws; knows no threads, samplers or files.
/// `consume` only stores and marks dirty; the window's frame clock calls `refresh`.
class Plot : public QWidget {
  Q_OBJECT
 public:
  using QWidget::QWidget;
  virtual void consume(const RunEvent& event) = 0;
  virtual void refresh() = 0;  ///< redraws what changed; cheap when nothing did
  virtual void applyTheme(const Theme& theme) = 0;
  /// The QCustomPlots of the picture, left to right; export draws them as panels.
  virtual std::vector<QCustomPlot*> panels() const = 0;
  /// The plotted numbers as CSV with a header row ('.' decimals, '\n' ends).
  virtual QString csv() const = 0;
  /// The same data and view in widgets of its own; export restyles and resizes it.
  virtual std::unique_ptr<Plot> clone() const = 0;
  /// The run that the picture shows; empty before the first.
  virtual const RunRecord& record() const = 0;
  /// Whether the settings in the window are no longer those of that run.
  virtual void setOutdated(bool outdated) = 0;
  /// Whether the run stands still: then a picture is drawn as prettily as after its end.
  virtual void setPaused(bool paused) = 0;
  /// Whether a figure of it should be as wide as a page: several panels side by side.
  virtual bool isWide() const = 0;
  /// Two sentences and a formula: what one sees here and what to look for.
  virtual QString explanation() const = 0;
  bool isDirty() const { return m_dirty; }

 Q_SIGNALS:
  void exportRequested();  ///< by the menu of the picture

 protected:
  bool m_dirty = false;
};

/// One row of the plot table: dock title, object name and factory.
struct PlotEntry {
  const char* id;     ///< object name, file name of its export
  const char* title;  ///< untranslated; shown through tr()
  Plot* (*create)(QWidget* parent);
};

const std::vector<PlotEntry>& plotEntries();

}  // namespace ergo
