// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/meta_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {

MetaPlot::MetaPlot(QWidget* parent) : LivePlot(parent) { setAccessibleName(tr("Meta-training")); }

bool MetaPlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    if (start->task != "meta-training") return false;
    m_state = {};
    m_state.run = start->run;
    return true;
  }
  const auto* update = std::get_if<MetaIteration>(&event);
  if (!update) return false;
  if (update->run != m_state.run) {
    m_state = {};
    m_state.run = update->run;
  }
  m_state.iteration.push_back(static_cast<double>(update->iteration));
  m_state.loss.push_back(update->meta_loss);
  m_state.smoothed.push_back(update->smoothed);
  m_state.score.push_back(update->score);
  m_state.score_error.push_back(update->score_error);
  m_state.transfer.push_back(update->transfer);
  m_state.transfer_error.push_back(update->transfer_error);
  m_state.best.push_back(update->best_score);
  m_state.gradient_norm.push_back(update->gradient_norm);
  // Until now there was only a sentence, or no transfer score to name in the legend.
  if (m_state.iteration.size() == 1 || (std::isfinite(update->transfer) && !m_transfer.points))
    rebuild();
  return true;
}

void MetaPlot::build() {
  m_raw = nullptr;
  m_transfer = {};
  if (m_state.iteration.empty()) {
    grid().showMessage(tr("Start meta-training to see its loss."), theme());
    return;
  }
  grid().reset(1, {.legend = true});
  grid().x(0)->setTicker(QSharedPointer<CountTicker>::create());
  grid().setAxisLabels(tr("outer iteration"), tr("meta-loss (nats)"));
  QCPAxisRect* rect = grid().rect(0);
  const QColor color = theme().accent();
  m_raw = addGraph(rect, tr("meta-loss"), grid().legend());
  m_raw->setPen(solidPen(blend(color, theme().background, 0.35), theme().print ? 0.5 : 1.0));
  m_best = addGraph(rect);
  m_best->setPen(QPen(theme().muted, theme().print ? 0.7 : 1.0, Qt::DashLine));
  m_smoothed = addGraph(rect, tr("moving average"), grid().legend());
  m_smoothed->setPen(curvePen(color));
  m_family = addScores(tr("validation score"), theme().complement(), QCPScatterStyle::ssDiamond);
  if (std::any_of(m_state.transfer.begin(), m_state.transfer.end(),
                  [](double score) { return std::isfinite(score); }))
    m_transfer = addScores(tr("transfer score"), theme().text, QCPScatterStyle::ssSquare);
  m_best->setName(tr("best score"));
  m_best->addToLegend(grid().legend());
}

MetaPlot::Scores MetaPlot::addScores(const QString& name, const QColor& color,
                                     QCPScatterStyle::ScatterShape shape) {
  Scores scores;
  scores.points = addGraph(grid().rect(0), name, grid().legend());
  scores.points->setLineStyle(QCPGraph::lsNone);
  scores.points->setPen(Qt::NoPen);
  scores.points->setScatterStyle(
      {shape, QPen(theme().background, 0.6), QBrush(color), theme().print ? 5.0 : 9.0});
  scores.bars = new QCPErrorBars(grid().x(0), grid().y(0));
  scores.bars->setDataPlottable(scores.points);
  scores.bars->setPen(QPen(color, theme().print ? 0.7 : 1.2));
  scores.bars->setSymbolGap(0.0);
  scores.bars->removeFromLegend();
  return scores;
}

void MetaPlot::setScores(const Scores& scores, const std::vector<double>& values,
                         const std::vector<double>& errors) {
  std::vector<double> x, y;
  QVector<double> bars;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    x.push_back(m_state.iteration[i]);
    y.push_back(values[i]);
    bars.push_back(std::isfinite(errors[i]) ? errors[i] : 0.0);
  }
  setGraphData(scores.points, x, y, false);
  scores.bars->setData(bars);
}

void MetaPlot::draw() {
  if (!m_raw) return;
  setGraphData(m_raw, m_state.iteration, m_state.loss, false);
  setGraphData(m_smoothed, m_state.iteration, m_state.smoothed, false);
  setScores(m_family, m_state.score, m_state.score_error);
  if (m_transfer.points) setScores(m_transfer, m_state.transfer, m_state.transfer_error);
  const double best = m_state.best.back();
  m_best->setName(std::isfinite(best) ? tr("best score %1").arg(shortNumber(best))
                                      : tr("best score"));
  setGraphData(m_best, {m_state.iteration.front(), m_state.iteration.back()}, {best, best});
}

void MetaPlot::fitRanges() {
  if (!m_raw) return;
  FiniteRange across;
  across.add(m_state.iteration);
  FiniteRange up = quantileRange(m_state.loss, 0.02, 0.98);
  for (const FiniteRange& range :
       {quantileRange(m_state.score, 0.0, 0.95), quantileRange(m_state.transfer, 0.0, 0.95),
        quantileRange(m_state.smoothed, 0.0, 0.98)}) {
    if (range.isEmpty()) continue;
    up.add(range.low());
    up.add(range.high());
  }
  grid().x(0)->setRange(across.padded(0.02));
  grid().y(0)->setRange(up.padded(0.06));
}

QString MetaPlot::csv() const {
  QString text = csvRow({"iteration", "meta_loss", "smoothed", "score", "score_error", "transfer",
                         "transfer_error", "best_score", "gradient_norm"});
  for (std::size_t i = 0; i < m_state.iteration.size(); ++i) {
    text += csvRow({csvNumber(m_state.iteration[i]), csvNumber(m_state.loss[i]),
                    csvNumber(m_state.smoothed[i]), csvNumber(m_state.score[i]),
                    csvNumber(m_state.score_error[i]), csvNumber(m_state.transfer[i]),
                    csvNumber(m_state.transfer_error[i]), csvNumber(m_state.best[i]),
                    csvNumber(m_state.gradient_norm[i])});
  }
  return text;
}

QString MetaPlot::explanation() const {
  return tr(
      "How well L2E does while its parameters φ are trained on many small problems: the loss of "
      "every "
      "outer iteration, its moving average, and the score on frozen problems of its own kind and, "
      "where there is a transfer family, on others (bars: one standard error over the problems). "
      "Lower is better; the file holds the parameters of the best score.\n\n"
      "φ ← Adam of the antithetic evolution-strategy gradient of the mean loss (nats)");
}

QString MetaPlot::summary() const {
  if (m_state.iteration.empty()) return tr("No meta-training yet.");
  return tr("Meta-training at iteration %1: moving average of the loss %2 nats, best validation "
            "score %3.")
      .arg(csvNumber(m_state.iteration.back()), shortNumber(m_state.smoothed.back()),
           shortNumber(m_state.best.back()));
}

std::unique_ptr<Plot> MetaPlot::clone() const { return copyOf(*this); }

}  // namespace ergo
