// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAbstractTableModel>
#include <QString>
#include <optional>
#include <vector>

#include "core/events/events.h"
#include "widgets/theme.h"

namespace ergo {

/// The samplers of a run as rows: label, status, work and one column per metric that exists.
///
/// The best value of a metric is bold; an undefined one is "–" with the reason as tool tip.
/// Qt::UserRole gives the raw number for sorting; an undefined number gives an invalid QVariant.
class MetricsModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit MetricsModel(QObject* parent = nullptr);
  enum FixedColumn { Sampler, Status, Chains, Draws, Evaluations, CpuSeconds, FixedCount };

  void consume(const RunEvent& event);
  void applyTheme(const Theme& theme);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  /// Name of the metric in a column as on the command line; empty for the fixed columns.
  QString metricOf(int column) const;
  /// The table as CSV with a header row; undefined values are empty fields.
  QString csv() const;

 private:
  struct Row {
    SamplerInfo info;
    MetricsUpdated last;
    std::vector<QString> divergences;
  };
  void start(const RunStarted& event);
  void update(const MetricsUpdated& event);
  void diverged(const ChainDiverged& event);
  void insertMetricColumns(const MetricsUpdated& event);
  bool isBest(int row, int column) const;
  bool isConvergence(int column) const;
  std::optional<double> number(int row, int column) const;
  QVariant display(int row, int column) const;
  QString toolTip(int row, int column) const;
  QString whyUndefined(const Row& row, const QString& metric) const;

  std::int64_t m_run = -1;
  std::vector<Row> m_rows;
  std::vector<QString> m_metrics;
  Theme m_theme;
};

}  // namespace ergo
