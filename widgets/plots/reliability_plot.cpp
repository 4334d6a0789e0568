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
  if (m_state.samplers.empty()) {
    grid().showMessage(tr("Start a run to see how well calibrated its samplers are."), theme());
    return;
  }
  grid().reset(1, {.legend = true, .square = true});
  grid().setAxisLabels(m_state.classification ? tr("confidence") : tr("nominal coverage"),
                       m_state.classification ? tr("accuracy") : tr("empirical coverage"));
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
  }
  diagonal->setName(tr("ideal"));
  diagonal->addToLegend(grid().legend());
}

void ReliabilityPlot::draw() {
  for (std::size_t s = 0; s < m_graphs.size(); ++s) {
    setGraphData(m_graphs[s], m_state.latest[s].predicted, m_state.latest[s].observed, false);
  }
}

void ReliabilityPlot::fitRanges() {
  if (m_graphs.empty()) return;
  grid().x(0)->setRange(-0.02, 1.02);
  grid().y(0)->setRange(-0.02, 1.02);
}

QString ReliabilityPlot::csv() const {
  QString text = csvRow({"sampler", "draws", "predicted", "observed", "weight"});
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const ReliabilityUpdated& update = m_state.latest[s];
    for (std::size_t i = 0; i < std::min(update.predicted.size(), update.observed.size()); ++i) {
      text += csvRow({csvText(QString::fromStdString(m_state.samplers[s].id)),
                      QString::number(update.draws), csvNumber(update.predicted[i]),
                      csvNumber(update.observed[i]),
                      i < update.weight.size() ? csvNumber(update.weight[i]) : QString()});
    }
  }
  return text;
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
