// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/reliability_plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

/// Weighted mean distance from the diagonal, the number a reader wants in words.
double meanGap(const ReliabilityUpdated& update) {
  double gap = 0, total = 0;
  for (std::size_t i = 0; i < std::min(update.predicted.size(), update.observed.size()); ++i) {
    if (!std::isfinite(update.predicted[i]) || !std::isfinite(update.observed[i])) continue;
    const double weight = i < update.weight.size() ? update.weight[i] : 1.0;
    gap += weight * std::abs(update.predicted[i] - update.observed[i]);
    total += weight;
  }
  return total > 0 ? gap / total : undefined;
}

constexpr double z95 = 1.959964;  // standard normal quantile

// Shapes beside colours, for readers and printers without colour.
constexpr std::array shapes{QCPScatterStyle::ssCircle,           QCPScatterStyle::ssSquare,
                            QCPScatterStyle::ssDiamond,          QCPScatterStyle::ssTriangle,
                            QCPScatterStyle::ssTriangleInverted, QCPScatterStyle::ssCross};

}  // namespace

ReliabilityPlot::ReliabilityPlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Reliability"));
}

bool ReliabilityPlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    m_state.samplers = start->samplers;
    m_state.classification = start->task == "classification";
    m_state.latest.assign(start->samplers.size(), {});
    return true;
  }
  const auto* update = std::get_if<ReliabilityUpdated>(&event);
  if (!update || update->sampler < 0) return false;
  const auto index = static_cast<std::size_t>(update->sampler);
  if (index >= m_state.latest.size()) return false;
  m_state.latest[index] = *update;
  return true;
}

void ReliabilityPlot::build() {
  m_graphs.clear();
  m_intervals.clear();
  m_chance = nullptr;
  if (m_state.samplers.empty()) {
    grid().showMessage(tr("Start a run to see how well calibrated its samplers are."), theme());
    return;
  }
  grid().reset(1, {.legend = true, .square = true});
  grid().setAxisLabels(m_state.classification ? tr("confidence") : tr("nominal coverage"),
                       m_state.classification ? tr("accuracy") : tr("empirical coverage"));
  if (!m_state.classification)
    m_chance = addBand(grid().rect(0), blend(theme().muted, theme().background, 0.15));
  QCPGraph* diagonal = addGraph(grid().rect(0));
  diagonal->setPen(QPen(theme().muted, theme().print ? 0.7 : 1.0, Qt::DashLine));
  setGraphData(diagonal, {0.0, 1.0}, {0.0, 1.0});
  for (std::size_t s = 0; s < m_state.samplers.size(); ++s) {
    const SamplerInfo& info = m_state.samplers[s];
    const QColor color = theme().sampler(QString::fromStdString(info.id));
    QCPGraph* graph = addGraph(grid().rect(0), QString::fromStdString(info.label), grid().legend());
    graph->setPen(curvePen(color));
    graph->setScatterStyle({shapes[s % shapes.size()], QPen(color, theme().print ? 0.8 : 1.2),
                            QBrush(color), theme().print ? 3.5 : 6.0});
    m_graphs.push_back(graph);
    if (!m_state.classification) continue;
    auto* interval = new QCPErrorBars(grid().x(0), grid().y(0));
    interval->setDataPlottable(graph);
    interval->setPen(QPen(blend(color, theme().background, 0.6), theme().print ? 0.5 : 1.0));
    interval->setWhiskerWidth(theme().print ? 2.0 : 4.0);
    m_intervals.push_back(interval);
  }
  diagonal->setName(tr("ideal"));
  diagonal->addToLegend(grid().legend());
  if (m_chance) m_chance->addToLegend(grid().legend());
}

std::int64_t ReliabilityPlot::testPoints() const {
  std::int64_t points = 0;
  for (const ReliabilityUpdated& update : m_state.latest) points = std::max(points, update.points);
  return points;
}

void ReliabilityPlot::drawChance() {
  const std::int64_t points = testPoints();
  std::vector<double> nominal, low, high;
  for (int i = 0; points > 0 && i <= 100; ++i) {
    const double c = i / 100.0, half = z95 * std::sqrt(c * (1 - c) / static_cast<double>(points));
    nominal.push_back(c);
    low.push_back(std::max(0.0, c - half));
    high.push_back(std::min(1.0, c + half));
  }
  setBandData(m_chance, nominal, low, high);
  m_chance->setName(tr("95 % by chance, N = %1").arg(points));
}

void ReliabilityPlot::drawIntervals(std::size_t sampler) {
  const ReliabilityUpdated& update = m_state.latest[sampler];
  QVector<double> below, above;
  for (std::size_t i = 0; i < std::min(update.predicted.size(), update.observed.size()); ++i) {
    if (!std::isfinite(update.predicted[i])) continue;  // has no point in the graph either
    const double share = i < update.weight.size() ? update.weight[i] : 0.0;
    const double n = share * static_cast<double>(update.points), p = update.observed[i];
    const double scale = 1 + z95 * z95 / n, centre = (p + z95 * z95 / (2 * n)) / scale;
    const double half = z95 / scale * std::sqrt(p * (1 - p) / n + z95 * z95 / (4 * n * n));
    const bool known = n > 0 && std::isfinite(p);
    below.append(known ? p - (centre - half) : 0.0);
    above.append(known ? centre + half - p : 0.0);
  }
  m_intervals[sampler]->setData(below, above);
}

void ReliabilityPlot::draw() {
  for (std::size_t s = 0; s < m_graphs.size(); ++s) {
    setGraphData(m_graphs[s], m_state.latest[s].predicted, m_state.latest[s].observed, false);
    if (!m_intervals.empty()) drawIntervals(s);
  }
  if (m_chance) drawChance();
}

void ReliabilityPlot::fitRanges() {
  if (m_graphs.empty()) return;
  grid().x(0)->setRange(-0.02, 1.02);
  grid().y(0)->setRange(-0.02, 1.02);
}

QString ReliabilityPlot::readout(QCPAxisRect* rect, double x, double y) const {
  QString text = LivePlot::readout(rect, x, y);
  for (std::size_t s = 0; s < m_graphs.size(); ++s) {
    const QCPGraphData* nearest = nullptr;
    for (const QCPGraphData& point : *m_graphs[s]->data())
      if (std::isfinite(point.value) &&
          (!nearest || std::abs(point.key - x) < std::abs(nearest->key - x)))
        nearest = &point;
    if (nearest)
      text += tr("\n%1: %2 at %3")
                  .arg(QString::fromStdString(m_state.samplers[s].label),
                       shortNumber(nearest->value), shortNumber(nearest->key));
  }
  return text;
}

QString ReliabilityPlot::csv() const {
  QString text = csvRow({"sampler", "draws", "predicted", "observed", "weight", "test_points"});
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const ReliabilityUpdated& update = m_state.latest[s];
    for (std::size_t i = 0; i < std::min(update.predicted.size(), update.observed.size()); ++i) {
      text += csvRow({csvText(QString::fromStdString(m_state.samplers[s].id)),
                      QString::number(update.draws), csvNumber(update.predicted[i]),
                      csvNumber(update.observed[i]),
                      i < update.weight.size() ? csvNumber(update.weight[i]) : QString(),
                      QString::number(update.points)});
    }
  }
  return text;
}

QString ReliabilityPlot::explanation() const {
  return tr(
      "Whether a sampler is as sure as it should be. On the diagonal it is; below it the sampler "
      "is "
      "too sure, above it not sure enough.\n\n"
      "regression: share of test points inside the central interval of nominal coverage c, against "
      "c;  classification: share of correct answers in each of 15 bins, against mean confidence");
}

QString ReliabilityPlot::summary() const {
  QStringList parts;
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const double gap = meanGap(m_state.latest[s]);
    if (!std::isfinite(gap)) continue;
    parts << QStringLiteral("%1 %2").arg(QString::fromStdString(m_state.samplers[s].label),
                                         shortNumber(gap));
  }
  if (parts.isEmpty()) return tr("No calibration yet.");
  return tr("Mean distance from the diagonal: %1.").arg(parts.join("; "));
}

std::unique_ptr<Plot> ReliabilityPlot::clone() const { return copyOf(*this); }

}  // namespace ergo
