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
  m_state.best.push_back(update->best_score);
  m_state.gradient_norm.push_back(update->gradient_norm);
  if (m_state.iteration.size() == 1) rebuild();  // until now there was only a sentence
  return true;
}

void MetaPlot::build() {
  m_raw = nullptr;
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
  m_scores = addGraph(rect, tr("validation score"), grid().legend());
  m_scores->setLineStyle(QCPGraph::lsNone);
  m_scores->setPen(Qt::NoPen);
  m_scores->setScatterStyle({QCPScatterStyle::ssDiamond, QPen(theme().background, 0.6),
                             QBrush(theme().complement()), theme().print ? 5.0 : 9.0});
  m_best->setName(tr("best score"));
  m_best->addToLegend(grid().legend());
}

void MetaPlot::draw() {
  if (!m_raw) return;
  setGraphData(m_raw, m_state.iteration, m_state.loss, false);
  setGraphData(m_smoothed, m_state.iteration, m_state.smoothed, false);
  std::vector<double> x, y;
  for (std::size_t i = 0; i < m_state.score.size(); ++i) {
    if (!std::isfinite(m_state.score[i])) continue;
    x.push_back(m_state.iteration[i]);
    y.push_back(m_state.score[i]);
  }
  setGraphData(m_scores, x, y, false);
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
  const FiniteRange scores = quantileRange(m_state.score, 0.0, 0.95);
  if (!scores.isEmpty()) {
    up.add(scores.low());
    up.add(scores.high());
  }
  const FiniteRange smooth = quantileRange(m_state.smoothed, 0.0, 0.98);
  if (!smooth.isEmpty()) {
    up.add(smooth.low());
    up.add(smooth.high());
  }
  grid().x(0)->setRange(across.padded(0.02));
  grid().y(0)->setRange(up.padded(0.06));
}

QString MetaPlot::csv() const {
  QString text =
      csvRow({"iteration", "meta_loss", "smoothed", "score", "best_score", "gradient_norm"});
  for (std::size_t i = 0; i < m_state.iteration.size(); ++i) {
    text += csvRow({csvNumber(m_state.iteration[i]), csvNumber(m_state.loss[i]),
                    csvNumber(m_state.smoothed[i]), csvNumber(m_state.score[i]),
                    csvNumber(m_state.best[i]), csvNumber(m_state.gradient_norm[i])});
  }
  return text;
}

QString MetaPlot::explanation() const {
  return tr(
      "How well L2E does while its parameters φ are trained on many small problems: the loss of "
      "every "
      "outer iteration, its moving average, and the score on problems that the training does not "
      "see. "
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
