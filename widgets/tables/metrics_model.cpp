// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tables/metrics_model.h"

#include <QFont>
#include <QPixmap>
#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

enum class Better { Lower, Higher, Nominal90, Neither };

struct MetricInfo {
  const char* id;
  const char* title;
  const char* doc;
  Better better;
};

/// Known metrics in the order of the columns; others follow in the order of their names.
constexpr std::array<MetricInfo, 10> known_metrics{{
    {"nll", QT_TRANSLATE_NOOP("ergo::MetricsModel", "NLL"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Negative log-likelihood per test point, nats; lower is better."),
     Better::Lower},
    {"rmse", QT_TRANSLATE_NOOP("ergo::MetricsModel", "RMSE"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Root mean squared error of the mean, original units; lower is better."),
     Better::Lower},
    {"accuracy", QT_TRANSLATE_NOOP("ergo::MetricsModel", "Accuracy"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel", "Share of correct classes; higher is better."),
     Better::Higher},
    {"ece", QT_TRANSLATE_NOOP("ergo::MetricsModel", "ECE"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Expected calibration error, 15 bins; lower is better."),
     Better::Lower},
    {"brier", QT_TRANSLATE_NOOP("ergo::MetricsModel", "Brier"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel", "Brier score; lower is better."), Better::Lower},
    {"coverage_90", QT_TRANSLATE_NOOP("ergo::MetricsModel", "Coverage 90 %"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Share of test points inside the central 90 % interval; 0.9 is best."),
     Better::Nominal90},
    {"wasserstein_to_reference", QT_TRANSLATE_NOOP("ergo::MetricsModel", "W1 to HMC"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Mean 1-D Wasserstein distance of f(x) to the HMC reference, original "
                       "units; lower is better."),
     Better::Lower},
    {"reference_self_distance", QT_TRANSLATE_NOOP("ergo::MetricsModel", "W1 of HMC to itself"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Distance between the halves of the reference; a difference below it is "
                       "not resolved."),
     Better::Neither},
    {"kld", QT_TRANSLATE_NOOP("ergo::MetricsModel", "Pairwise KL"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Mean KL divergence between the predictives of two draws, nats: diversity, "
                       "neither good nor bad by itself."),
     Better::Neither},
    {"disagreement", QT_TRANSLATE_NOOP("ergo::MetricsModel", "Disagreement"),
     QT_TRANSLATE_NOOP("ergo::MetricsModel",
                       "Share of test points where two draws predict different classes."),
     Better::Neither},
}};

const MetricInfo* known(const QString& metric) {
  const auto at = std::find_if(known_metrics.begin(), known_metrics.end(),
                               [&](const auto& info) { return metric == QLatin1String(info.id); });
  return at == known_metrics.end() ? nullptr : &*at;
}

std::size_t rank(const QString& metric) {
  const MetricInfo* info = known(metric);
  return info ? static_cast<std::size_t>(info - known_metrics.data()) : known_metrics.size();
}

bool before(const QString& a, const QString& b) {
  return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
}

/// Smaller is better, whatever the metric.
double penalty(Better better, double value) {
  if (better == Better::Higher) return -value;
  return better == Better::Nominal90 ? std::abs(value - 0.9) : value;
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
  const MetricInfo* info = known(metricOf(column));
  const std::optional<double> mine = number(row, column);
  if (!info || info->better == Better::Neither || !mine || m_rows.size() < 2) return false;
  for (int other = 0; other < rowCount(); ++other) {
    const std::optional<double> theirs = number(other, column);
    if (theirs && penalty(info->better, *theirs) < penalty(info->better, *mine)) return false;
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
  return QString::number(*value, 'g', 4);
}

QString MetricsModel::whyUndefined(const Row& row, const QString& metric) const {
  if (row.last.status == "diverged") return tr("Undefined: every chain diverged.");
  if (row.last.draws == 0) return tr("Undefined: no draws yet.");
  if (row.last.draws < 2 && (metric == "kld" || metric == "disagreement")) {
    return tr("Undefined: a pair needs at least two draws.");
  }
  if (metric.startsWith(QLatin1String("wasserstein")) ||
      metric.startsWith(QLatin1String("reference"))) {
    return tr("Undefined: this run has no HMC reference.");
  }
  return row.last.metrics.count(metric.toStdString()) ? tr("Undefined: the value is not finite.")
                                                      : tr("Not measured for this sampler yet.");
}

QString MetricsModel::toolTip(int row, int column) const {
  const Row& entry = m_rows[static_cast<std::size_t>(row)];
  if (column == Status && !entry.divergences.empty()) {
    return QStringList(entry.divergences.begin(), entry.divergences.end()).join(u'\n');
  }
  if (column < FixedCount) return {};
  if (!number(row, column)) return whyUndefined(entry, metricOf(column));
  return isBest(row, column) ? tr("The best of this run.") : QString();
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
  const MetricInfo* info = known(metricOf(section));
  if (role == Qt::ToolTipRole) return info ? tr(info->doc) : QString();
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
      return info ? tr(info->title) : metricOf(section);
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
