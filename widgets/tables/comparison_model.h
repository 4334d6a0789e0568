// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>

#include "widgets/tables/comparison.h"
#include "widgets/theme.h"

namespace ergo {

/// The table of runs: a row per sampler and comparison, mean and spread over its seeds. With a
/// baseline, measures are differences to that row on common seeds, with their standard error; one
/// that is better by more than two of them is bold. Qt::UserRole gives the raw mean for sorting.
class ComparisonModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit ComparisonModel(QObject* parent = nullptr);
  enum FixedColumn { Run, Sampler, Seeds, CpuSeconds, FixedCount };
  enum class Spread { sd, standard_error };

  void consume(const RunEvent& event);
  void applyTheme(const Theme& theme);
  void setSpread(Spread spread);
  void setBaseline(int row);  ///< -1: none
  int baseline() const { return m_baseline; }
  void removeRun(int row);         ///< all rows of its comparison
  void clear();                    ///< all but the run that is shown
  QString rowName(int row) const;  ///< "#2 SGHMC"

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  QString measureOf(int column) const;  ///< empty for the fixed columns

  /// As shown, in the order of the rows; the CSV has mean, sd, standard error and n apart.
  QString csv() const;
  QString markdown() const;
  QString latex() const;  ///< a tabular for booktabs

 private:
  const ComparedSampler& row(int index) const;
  bool isDifference(int row) const { return m_baseline >= 0 && row != m_baseline; }
  SeedStatistic statistic(int row, int column) const;
  QString text(int row, int column, const QString& plusMinus) const;
  QString toolTip(int row, int column) const;
  bool isBold(int row, int column) const;
  void refresh();
  QStringList headings() const;

  Comparison m_comparison;
  std::vector<std::string> m_measures;
  Spread m_spread = Spread::sd;
  int m_baseline = -1, m_rows = 0;
  Theme m_theme;
};

}  // namespace ergo
