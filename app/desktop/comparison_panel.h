// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "core/events/events.h"
#include "widgets/theme.h"

class QComboBox;
class QSortFilterProxyModel;
class QTableView;
class QToolButton;

namespace ergo {

class ComparisonModel;

/// All runs and seeds of this window in one table, with a baseline to compare with and copies for
/// papers.
class ComparisonPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ComparisonPanel(QWidget* parent = nullptr);
  void consume(const std::vector<RunEvent>& events);
  void applyTheme(const Theme& theme);

 private:
  QWidget* makeControls();
  void makeTable();
  void makeActions();
  void fillBaselines();
  void copy(const QString& text);
  int selectedRow() const;  ///< of the model; -1 without a selection
  ComparisonModel* m_model;
  QSortFilterProxyModel* m_sorted;
  QTableView* m_view;
  QComboBox *m_baseline, *m_spread;
  QToolButton* m_copy;
};

}  // namespace ergo
