// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/predictive_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

QColor alpha(QColor color, double opacity) {
  color.setAlphaF(opacity);
  return color;
}

// Opacity of the bands: the narrow one lies on the wide one, so they add up.
constexpr double wide_opacity = 0.20, narrow_opacity = 0.30;

}  // namespace

PredictivePlot::PredictivePlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Predictive distributions"));
}

bool PredictivePlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    m_state.start = *start;
    m_state.latest.assign(start->samplers.size(), {});
    return true;
  }
  const auto* update = std::get_if<PredictiveUpdated>(&event);
  if (!update || update->sampler < 0) return false;
  const auto index = static_cast<std::size_t>(update->sampler);
  if (index >= m_state.latest.size()) return false;
  m_state.latest[index] = *update;
  return true;
}

QString PredictivePlot::emptyMessage() const {
  if (m_state.start.samplers.empty()) return tr("Start a run to see its predictive distributions.");
  if (!m_state.start.curve.grid_x.empty()) return {};
  if (m_state.start.task == "density") {
    return tr("No data: this run samples a known distribution.\nSee trajectories and the table.");
  }
  return m_state.start.task == "classification"
             ? tr("No 1-D input: this run classifies.\nSee reliability, diversity and the table.")
             : tr("No 1-D input: these data have several features.\n"
                  "See reliability, diversity and the table.");
}

QString PredictivePlot::titleOf(int sampler) const {
  const auto index = static_cast<std::size_t>(sampler);
  const QString label = QString::fromStdString(m_state.start.samplers[index].label);
  const auto draws = m_state.latest[index].draws;
  return draws > 0 ? tr("%1, K = %2").arg(label).arg(draws) : tr("%1, no draws yet").arg(label);
}

void PredictivePlot::build() {
  m_panels.clear();
  if (const QString message = emptyMessage(); !message.isEmpty()) {
    grid().showMessage(message, theme());
    return;
  }
  const int count = static_cast<int>(m_state.start.samplers.size());
  grid().reset(count, {.legend = true, .shared_axes = true});
  grid().setAxisLabels(QString::fromStdString(m_state.start.curve.x_label),
                       QString::fromStdString(m_state.start.curve.y_label));
  std::vector<QCPAxis*> across, up;
  for (int i = 0; i < count; ++i) {
    buildPanel(i);
    across.push_back(grid().x(i));
    up.push_back(grid().y(i));
  }
  link(across);
  link(up);
  buildLegend();
}

void PredictivePlot::buildPanel(int sampler) {
  const auto& info = m_state.start.samplers[static_cast<std::size_t>(sampler)];
  const QColor color = theme().sampler(QString::fromStdString(info.id));
  QCPAxisRect* rect = grid().rect(sampler);
  Panel panel;
  panel.wide = addBand(rect, alpha(color, wide_opacity));
  panel.narrow = addBand(rect, alpha(color, narrow_opacity));
  buildReference(sampler);
  for (QCPGraph** edge : {&panel.noisy_low, &panel.noisy_high}) {
    *edge = addGraph(rect);
    (*edge)->setPen(noisePen(color));
  }
  panel.mean = addGraph(rect);
  panel.mean->setPen(solidPen(color, isLive() ? 1.0 : theme().line_width + 0.5));
  buildData(sampler);
  m_panels.push_back(panel);
}

QPen PredictivePlot::noisePen(const QColor& color) const {
  return QPen(alpha(color, 0.8), theme().print ? 0.6 : 1.0, Qt::DotLine);
}

QPen PredictivePlot::referencePen() const {
  return solidPen(blend(theme().muted, theme().background, 0.75), theme().print ? 0.8 : 1.5);
}

void PredictivePlot::buildReference(int sampler) {
  const Band& band = m_state.start.reference;
  for (const auto* edge : {&band.q05, &band.q95}) {
    QCPGraph* graph = addGraph(grid().rect(sampler));
    graph->setPen(referencePen());
    setGraphData(graph, m_state.start.curve.grid_x, *edge);
  }
}

void PredictivePlot::buildData(int sampler) {
  const CurveData& curve = m_state.start.curve;
  QCPGraph* truth = addGraph(grid().rect(sampler));
  truth->setPen(QPen(theme().reference, theme().print ? 0.8 : 1.2, Qt::DashLine));
  setGraphData(truth, curve.grid_x, curve.true_y);
  QCPGraph* training = addGraph(grid().rect(sampler));
  training->setLineStyle(QCPGraph::lsNone);
  training->setScatterStyle({QCPScatterStyle::ssCircle, QPen(theme().background, 0.4),
                             QBrush(theme().reference), theme().print ? 2.6 : 4.0});
  setGraphData(training, curve.train_x, curve.train_y, false);
}

// Colours differ between panels, so the legend shows the shapes in neutral grey.
void PredictivePlot::buildLegend() {
  QCPAxisRect* rect = grid().rect(0);
  const auto entry = [&](const QString& name) { return addGraph(rect, name, grid().legend()); };
  entry(tr("mean"))->setPen(solidPen(theme().muted, theme().line_width + 0.5));
  QCPGraph* narrow = entry(tr("25–75 %"));
  narrow->setPen(Qt::NoPen);
  narrow->setBrush(alpha(theme().muted, wide_opacity + narrow_opacity));
  QCPGraph* wide = entry(tr("5–95 %"));
  wide->setPen(Qt::NoPen);
  wide->setBrush(alpha(theme().muted, wide_opacity));
  entry(tr("5–95 % with noise"))->setPen(noisePen(theme().muted));
  if (!m_state.start.reference.q05.empty()) {
    entry(tr("HMC reference 5–95 %"))->setPen(referencePen());
  }
  if (!m_state.start.curve.true_y.empty()) {
    entry(tr("true function"))->setPen(QPen(theme().reference, 1.2, Qt::DashLine));
  }
  QCPGraph* training = entry(tr("training data"));
  training->setLineStyle(QCPGraph::lsNone);
  training->setPen(Qt::NoPen);
  training->setScatterStyle({QCPScatterStyle::ssCircle, QPen(Qt::NoPen), QBrush(theme().reference),
                             theme().print ? 3.0 : 5.0});
}

void PredictivePlot::draw() {
  const auto& x = m_state.start.curve.grid_x;
  for (std::size_t i = 0; i < m_panels.size(); ++i) {
    const int sampler = static_cast<int>(i);
    const Band& band = m_state.latest[i].band;
    setBandData(m_panels[i].wide, x, band.q05, band.q95);
    setBandData(m_panels[i].narrow, x, band.q25, band.q75);
    setGraphData(m_panels[i].noisy_low, x, band.y05);
    setGraphData(m_panels[i].noisy_high, x, band.y95);
    setGraphData(m_panels[i].mean, x, band.mean);
    const QString id = QString::fromStdString(m_state.start.samplers[i].id);
    grid().setTitle(sampler, titleOf(sampler), theme().sampler(id), theme());
  }
}

// A sampler that runs away far from the data must not squash the others into a line.
QCPRange PredictivePlot::valueRange() const {
  FiniteRange core;
  core.add(m_state.start.curve.train_y);
  core.add(m_state.start.curve.true_y);
  core.add(m_state.start.reference.q05);
  core.add(m_state.start.reference.q95);
  const QCPRange allowed = core.padded(1.0);
  for (const PredictiveUpdated& update : m_state.latest) {
    for (const auto* edge : {&update.band.q05, &update.band.q95}) {
      for (const double y : *edge) {
        if (std::isfinite(y)) core.add(std::clamp(y, allowed.lower, allowed.upper));
      }
    }
  }
  return core.padded(0.04);
}

void PredictivePlot::fitRanges() {
  if (m_panels.empty()) return;
  FiniteRange across;
  across.add(m_state.start.curve.grid_x);
  across.add(m_state.start.curve.train_x);  // data outside the grid must be seen
  const bool outside = across.low() < m_state.start.curve.grid_x.front() ||
                       across.high() > m_state.start.curve.grid_x.back();
  grid().x(0)->setRange(across.padded(outside ? 0.02 : 0.0));
  grid().y(0)->setRange(valueRange());
}

QString PredictivePlot::readout(QCPAxisRect* rect, double x, double y) const {
  QString text = LivePlot::readout(rect, x, y);
  const std::vector<double>& grid_x = m_state.start.curve.grid_x;
  if (grid_x.empty()) return text;
  const auto nearest = std::min_element(grid_x.begin(), grid_x.end(), [x](double a, double b) {
    return std::abs(a - x) < std::abs(b - x);
  });
  const auto i = static_cast<std::size_t>(nearest - grid_x.begin());
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const Band& band = m_state.latest[s].band;
    if (i >= band.mean.size() || i >= band.q05.size() || i >= band.q95.size()) continue;
    text += QStringLiteral("\n%1: %2 [%3, %4]")
                .arg(QString::fromStdString(m_state.start.samplers[s].label),
                     shortNumber(band.mean[i]), shortNumber(band.q05[i]), shortNumber(band.q95[i]));
  }
  return text;
}

QString PredictivePlot::csv() const {
  QString text = csvRow({"sampler", "draws", "x", "mean", "q05", "q25", "q75", "q95", "y05", "y95",
                         "truth", "reference_q05", "reference_q95", "training_y"});
  const RunStarted& start = m_state.start;
  const auto at = [](const std::vector<double>& v, std::size_t i) {
    return i < v.size() ? csvNumber(v[i]) : QString();
  };
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const PredictiveUpdated& update = m_state.latest[s];
    const Band& band = update.band;
    for (std::size_t i = 0; i < start.curve.grid_x.size() && i < band.mean.size(); ++i) {
      text += csvRow({csvText(QString::fromStdString(start.samplers[s].id)),
                      QString::number(update.draws), at(start.curve.grid_x, i), at(band.mean, i),
                      at(band.q05, i), at(band.q25, i), at(band.q75, i), at(band.q95, i),
                      at(band.y05, i), at(band.y95, i), at(start.curve.true_y, i),
                      at(start.reference.q05, i), at(start.reference.q95, i), QString()});
    }
  }
  for (std::size_t i = 0; i < std::min(start.curve.train_x.size(), start.curve.train_y.size()); ++i)
    text += QString(2, u',') + at(start.curve.train_x, i) + QString(11, u',') +
            at(start.curve.train_y, i) + u'\n';
  return text;
}

QString PredictivePlot::explanation() const {
  return tr(
      "Each panel shows what one sampler has learned about the function: the mean of f(x) over its "
      "draws "
      "and the intervals that hold the middle 50 % and 90 % of them. Good bands widen where data "
      "are "
      "missing and agree with the grey lines of the HMC reference, where there is one.\n\n"
      "q_p(x) = quantile_p { f(x; θ_k), k = 1..K }, without observation noise");
}

QString PredictivePlot::summary() const {
  if (const QString message = emptyMessage(); !message.isEmpty()) return message;
  QStringList parts;
  for (int i = 0; i < static_cast<int>(m_state.start.samplers.size()); ++i) parts << titleOf(i);
  return tr("Predictive bands of %1.").arg(parts.join(QStringLiteral("; ")));
}

std::unique_ptr<Plot> PredictivePlot::clone() const { return copyOf(*this); }

}  // namespace ergo
