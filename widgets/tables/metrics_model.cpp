// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tables/metrics_model.h"

#include <QFont>
#include <QPixmap>
#include <algorithm>
#include <cmath>

#include "core/measures/measures.h"
#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

bool before(const QString& a, const QString& b) {
  return measure_before(a.toStdString(), b.toStdString());
}

QPixmap swatch(const QColor& color) {
  QPixmap pixmap(12, 12);
  pixmap.fill(color);
  return pixmap;
}

}  // namespace

MetricsModel::MetricsModel(QObject* parent)
    : QAbstractTableModel(parent), m_theme(Theme::light()) {}

void MetricsModel::consume(const RunEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) start(*started);
  if (const auto* metrics = std::get_if<MetricsUpdated>(&event)) update(*metrics);
  if (const auto* chain = std::get_if<ChainDiverged>(&event)) diverged(*chain);
}

void MetricsModel::start(const RunStarted& event) {
  beginResetModel();
  m_run = event.run;
  m_rows.clear();
  m_metrics.clear();
  for (const SamplerInfo& info : event.samplers) m_rows.push_back({info, {}, {}});
  endResetModel();
}

void MetricsModel::update(const MetricsUpdated& event) {
  if (event.run != m_run || event.sampler < 0) return;
  const auto row = static_cast<std::size_t>(event.sampler);
  if (row >= m_rows.size()) return;
  insertMetricColumns(event);
  m_rows[row].last = event;
  // Every row: another one may now have the best value.
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void MetricsModel::insertMetricColumns(const MetricsUpdated& event) {
  for (const auto& [name, value] : event.metrics) {
    const QString metric = QString::fromStdString(name);
    const auto at = std::lower_bound(m_metrics.begin(), m_metrics.end(), metric, before);
    if (at != m_metrics.end() && *at == metric) continue;
    const int column = FixedCount + static_cast<int>(at - m_metrics.begin());
    beginInsertColumns({}, column, column);
    m_metrics.insert(at, metric);
    endInsertColumns();
  }
}

void MetricsModel::diverged(const ChainDiverged& event) {
  if (event.run != m_run || event.sampler < 0) return;
  const auto row = static_cast<std::size_t>(event.sampler);
  if (row >= m_rows.size()) return;
  m_rows[row].divergences.push_back(tr("chain %1 diverged at step %2: %3")
                                        .arg(event.chain + 1)
                                        .arg(event.step)
                                        .arg(QString::fromStdString(event.reason)));
  Q_EMIT dataChanged(index(event.sampler, 0), index(event.sampler, columnCount() - 1));
}

void MetricsModel::applyTheme(const Theme& theme) {
  m_theme = theme;
  if (m_rows.empty()) return;
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int MetricsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int MetricsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : FixedCount + static_cast<int>(m_metrics.size());
}

QString MetricsModel::metricOf(int column) const {
  if (column < FixedCount || column >= columnCount()) return {};
  return m_metrics[static_cast<std::size_t>(column - FixedCount)];
}

std::optional<double> MetricsModel::number(int row, int column) const {
  const Row& entry = m_rows[static_cast<std::size_t>(row)];
  switch (column) {
    case Sampler:
    case Status:
      return std::nullopt;
    case Chains:
      return static_cast<double>(entry.info.chains);
    case Draws:
      return static_cast<double>(entry.last.draws);
    case Evaluations:
      return static_cast<double>(entry.last.gradient_evaluations);
    case CpuSeconds:
      return entry.last.cpu_seconds;
    default:
      break;
  }
  const auto at = entry.last.metrics.find(metricOf(column).toStdString());
  if (at == entry.last.metrics.end() || !std::isfinite(at->second)) return std::nullopt;
  return at->second;
}

bool MetricsModel::isBest(int row, int column) const {
  const Measure* measure = find_measure(metricOf(column).toStdString());
  const std::optional<double> mine = number(row, column);
  if (!measure || measure->better == Better::neither || !mine || m_rows.size() < 2) return false;
  for (int other = 0; other < rowCount(); ++other) {
    const std::optional<double> theirs = number(other, column);
    if (theirs && penalty(*measure, *theirs) < penalty(*measure, *mine)) return false;
  }
  return true;
}

QVariant MetricsModel::display(int row, int column) const {
  const Row& entry = m_rows[static_cast<std::size_t>(row)];
  if (column == Sampler) return QString::fromStdString(entry.info.label);
  if (column == Status) {
    const std::string& status = entry.last.status;
    if (status == "running") return tr("running");
    if (status == "done") return tr("done");
    if (status == "stopped") return tr("stopped");
    if (status == "diverged") return tr("diverged");
    return status.empty() ? tr("waiting") : QString::fromStdString(status);
  }
  const std::optional<double> value = number(row, column);
  if (!value) return QStringLiteral("–");
  if (column == CpuSeconds) return QString::number(*value, 'f', 1);
  if (column < FixedCount) return QString::number(static_cast<qint64>(*value));
  // A star leads to the remark in the tool tip.
  const bool remarked = isConvergence(column) && !entry.last.convergence_remark.empty();
  return QString::number(*value, 'g', 4) + (remarked ? QStringLiteral(" *") : QString());
}

bool MetricsModel::isConvergence(int column) const {
  return is_convergence(metricOf(column).toStdString());
}

QString MetricsModel::whyUndefined(const Row& row, const QString& metric) const {
  const std::string id = metric.toStdString();
  if (const auto known = row.last.reasons.find(id); known != row.last.reasons.end())
    return tr("Undefined: %1.").arg(QString::fromStdString(known->second));
  const MeasuredDraws from{row.last.draws, row.last.status == "diverged"};
  return tr("Undefined: %1.")
      .arg(QString::fromStdString(why_undefined(id, from, row.last.metrics.contains(id))));
}

QString MetricsModel::toolTip(int row, int column) const {
  const Row& entry = m_rows[static_cast<std::size_t>(row)];
  if (column == Status && !entry.divergences.empty()) {
    return QStringList(entry.divergences.begin(), entry.divergences.end()).join(u'\n');
  }
  if (column < FixedCount) return {};
  if (!number(row, column)) return whyUndefined(entry, metricOf(column));
  QStringList lines;
  if (isBest(row, column)) lines << tr("The best of this run.");
  if (isConvergence(column) && !entry.last.convergence_remark.empty())
    lines << QStringLiteral("* %1.").arg(QString::fromStdString(entry.last.convergence_remark));
  return lines.join(u'\n');
}

QVariant MetricsModel::data(const QModelIndex& at, int role) const {
  if (!checkIndex(at, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
    return {};
  const int row = at.row(), column = at.column();
  const Row& entry = m_rows[static_cast<std::size_t>(row)];
  switch (role) {
    case Qt::DisplayRole:
      return display(row, column);
    case Qt::ToolTipRole:
      return toolTip(row, column);
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter) |
                                 (column < Chains ? Qt::AlignLeft : Qt::AlignRight));
    case Qt::DecorationRole:
      if (column != Sampler) return {};
      return swatch(m_theme.sampler(QString::fromStdString(entry.info.id)));
    case Qt::FontRole: {
      QFont font;
      font.setBold(isBest(row, column));
      return font;
    }
    case Qt::ForegroundRole:
      if (column != Status || entry.divergences.empty()) return {};
      return QBrush(m_theme.alert);
    case Qt::UserRole: {
      const std::optional<double> value = number(row, column);
      if (column <= Status) return display(row, column);
      return value ? QVariant(*value) : QVariant();
    }
    default:
      return {};
  }
}

QVariant MetricsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const Measure* measure = find_measure(metricOf(section).toStdString());
  if (role == Qt::ToolTipRole) return measure ? QString::fromStdString(measure->doc) : QString();
  if (role != Qt::DisplayRole) return {};
  switch (section) {
    case Sampler:
      return tr("Sampler");
    case Status:
      return tr("Status");
    case Chains:
      return tr("Chains");
    case Draws:
      return tr("Draws");
    case Evaluations:
      return tr("Gradient evaluations");
    case CpuSeconds:
      return tr("CPU s");
    default:
      return measure ? QString::fromStdString(measure->title) : metricOf(section);
  }
}

QString MetricsModel::csv() const {
  QStringList header{"sampler", "status", "chains", "draws", "gradient_evaluations", "cpu_seconds"};
  for (const QString& metric : m_metrics) header << csvText(metric);
  QString text = csvRow(header);
  for (int row = 0; row < rowCount(); ++row) {
    const Row& entry = m_rows[static_cast<std::size_t>(row)];
    QStringList fields{csvText(QString::fromStdString(entry.info.id)),
                       csvText(QString::fromStdString(entry.last.status))};
    for (int column = Chains; column < columnCount(); ++column) {
      const std::optional<double> value = number(row, column);
      fields << (value ? csvNumber(*value) : QString());
    }
    text += csvRow(fields);
  }
  return text;
}

}  // namespace ergo
