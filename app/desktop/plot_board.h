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
  explicit PlotBoard(QWidget* parent);
  const std::vector<Item>& items() const { return m_items; }
  Plot* plot(const QString& id) const;

  /// `metaTraining`: the events of a meta-training go to its own picture only, so that it can run
  /// beside a comparison.
  void consume(const std::vector<RunEvent>& events, bool metaTraining);

  /// Redraws visible dirty plots, the longest waiting first, until `budgetMs` is spent.
  /// @return whether a visible plot is still dirty.
  bool refresh(int budgetMs);
  void applyTheme(const Theme& theme);

 private:
  std::vector<Item> m_items;
  std::size_t m_next = 0;
};

}  // namespace ergo
