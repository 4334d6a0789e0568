// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <qcustomplot.h>

#include <QHash>
#include <QToolButton>
#include <QVector>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "widgets/caption_label.h"
#include "widgets/plots/panel_grid.h"
#include "widgets/plots/plot.h"
#include "widgets/run_record.h"
#include "widgets/theme.h"

namespace ergo {

class FocusRing;
class PlotInteraction;

/// What all plots of this program share: theme, panels, zoom, Follow, cursor and redraw rules.
///
/// A plot follows (its ranges fit the data) until somebody zooms or pans it; data keep streaming
/// in either case. Home, a double click or the badge "Following off" fit and follow again.
/// Derived classes keep a copyable state, rebuild their plottables in `build` (new run, new
/// theme) and fill them in `draw`. GUI thread only.
class LivePlot : public Plot {
  Q_OBJECT
 public:
  explicit LivePlot(QWidget* parent = nullptr);
  ~LivePlot() override;

  void consume(const RunEvent& event) final;
  void refresh() final;
  void applyTheme(const Theme& theme) final;
  void setPaused(bool paused) final;
  std::vector<QCustomPlot*> panels() const final { return {m_plot}; }
  bool isWide() const override { return m_grid.count() > 1; }
  const RunRecord& record() const final { return m_record; }
  void setOutdated(bool outdated) final { m_caption->setOutdated(outdated); }

  bool isFollowing() const { return m_following; }
  /// Turning it on fits at once; turning it off keeps the ranges as they are.
  void setFollowing(bool following);
  /// Fits the ranges to the data and follows again.
  void fit();
  /// A text for the point under the cursor, with the units of the axes.
  virtual QString readout(QCPAxisRect* rect, double x, double y) const;
  /// Whether zooming one panel zooms all of them.
  bool linksPanels() const { return !m_links.isEmpty(); }
  /// One sentence that says what the picture shows, for screen readers.
  virtual QString summary() const = 0;

 Q_SIGNALS:
  void followingChanged(bool following);

 protected:
  /// Stores what the event says. @return whether the picture changed.
  virtual bool take(const RunEvent& event) = 0;
  /// Whether a run may begin without RunStarted, as meta-training does.
  virtual bool adoptsRuns() const { return false; }
  virtual void build() = 0;      ///< makes panels and plottables for the present state
  virtual void draw() = 0;       ///< fills the plottables
  virtual void fitRanges() = 0;  ///< ranges over the finite data

  const Theme& theme() const { return m_theme; }
  PanelGrid& grid() { return m_grid; }
  const PanelGrid& grid() const { return m_grid; }
  QCustomPlot* canvas() const { return m_plot; }
  /// Cheap drawing (pens of one pixel, nothing antialiased) while data stream in; pretty drawing
  /// when they do not, and on paper.
  bool isLive() const { return m_live && !m_paused && !m_theme.print; }
  /// A pen for result curves at the present quality.
  QPen curvePen(const QColor& color) const;
  /// The next redraw calls `build` first.
  void rebuild() { m_stale = true; }
  void markDirty() { m_dirty = true; }
  /// Ranges of all axes in `axes` become one: zooming one zooms all.
  void link(const std::vector<QCPAxis*>& axes);
  /// A text tied to the point (x, y) of a panel; the next `build` or `clearNotes` removes it.
  QCPItemText* addNote(int panel, double x, double y, const QString& text, const QColor& color);
  void clearNotes();
  QAction* addPlotAction(const QString& name, const QString& text, const QKeySequence& key,
                         const std::function<void()>& slot, bool checkable = false);
  template <class T>
  std::unique_ptr<Plot> copyOf(const T& original) const;

  void resizeEvent(QResizeEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  QVector<QCPRange> view() const;
  void setView(const QVector<QCPRange>& ranges);
  void redraw();
  void beginRun();
  void watchAxes();
  void makeActions();
  void makeMenu();
  void explain();
  void makeBadge();
  void placeBadge();
  void copyPicture();
  void note(const RunEvent& event);

  Theme m_theme = Theme::light();
  CaptionLabel* m_caption;
  QCustomPlot* m_plot;
  PanelGrid m_grid;
  QToolButton* m_badge = nullptr;
  FocusRing* m_ring = nullptr;
  std::unique_ptr<PlotInteraction> m_interaction;
  QHash<QCPAxis*, QVector<QCPAxis*>> m_links;
  QVector<QCPItemText*> m_notes;
  bool m_following = true, m_live = false, m_paused = false, m_stale = true, m_adjusting = false;
  std::int64_t m_run = -1;
  RunRecord m_record;
};

template <class T>
std::unique_ptr<Plot> LivePlot::copyOf(const T& original) const {
  auto copy = std::make_unique<T>();
  copy->m_state = original.m_state;
  copy->setObjectName(objectName());
  copy->setAccessibleName(accessibleName());
  copy->m_run = m_run;
  copy->m_record = m_record;
  copy->m_theme = m_theme;
  copy->redraw();
  copy->setView(view());
  copy->m_following = m_following;
  return copy;
}

}  // namespace ergo
