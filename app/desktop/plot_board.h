// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QObject>
#include <vector>

#include "core/events/events.h"
#include "widgets/plots/plot.h"

namespace ergo {

/// The title of a picture's dock, translated.
QString plotTitle(const PlotEntry& entry);

/// Whether a picture shows anything now. A dock behind another tab counts as visible for Qt.
bool isOnScreen(const Plot& plot);

/// Every live picture of the window, one per row of plotEntries(): hands them events, redraws
/// them within a time budget, restyles them.
class PlotBoard : public QObject {
  Q_OBJECT
 public:
  struct Item {
    const PlotEntry* entry;
    Plot* plot;
  };
  /// One picture per row of `entries`; more than one row may name the same kind.
  explicit PlotBoard(QWidget* parent, const std::vector<PlotEntry>& entries = plotEntries());
  const std::vector<Item>& items() const { return m_items; }
  Plot* plot(const QString& id) const;

  /// `metaTraining`: the events of a meta-training go to its own picture only, so that it can run
  /// beside a comparison.
  void consume(const std::vector<RunEvent>& events, bool metaTraining);

  /// Redraws visible dirty plots: the one under the mouse first, then the longest waiting, until
  /// the next would exceed `budgetMs` by what it took lately; always at least one. Plots that
  /// nobody sees stay dirty. @return whether a visible plot is still dirty.
  bool refresh(int budgetMs);
  void applyTheme(const Theme& theme);
  /// Whether the settings of the window are no longer those of the comparison that is shown.
  void setOutdated(bool outdated);
  /// The comparison stands still or goes on; the picture of meta-training is not concerned.
  void setPaused(bool paused);

 private:
  struct Turn {
    std::int64_t dirtySince = 0;  ///< number of the frame; 0: clean
    double costMs = 0;            ///< of a redraw, lately
  };
  std::vector<std::size_t> waiting();
  std::int64_t priority(std::size_t index) const;
  void redraw(std::size_t index);
  const std::vector<PlotEntry> m_entries;
  std::vector<Item> m_items;
  std::vector<Turn> m_turns;  ///< of m_items
  std::int64_t m_frame = 0;
};

}  // namespace ergo
