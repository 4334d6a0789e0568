// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/diversity_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

bool isWhole(const DiversityUpdated& update) {
  return update.draws > 0 &&
         update.pairwise_kld.size() == static_cast<std::size_t>(update.draws * update.draws);
}

/// Mean over ordered pairs of different draws; NaN when K < 2.
double meanOffDiagonal(const DiversityUpdated& update) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < update.draws; ++i) {
    for (std::int64_t j = 0; j < update.draws; ++j) {
      const double value = update.pairwise_kld[static_cast<std::size_t>(i * update.draws + j)];
      if (i == j || !std::isfinite(value)) continue;
      sum += value;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : undefined;
}

}  // namespace

DiversityPlot::DiversityPlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Diversity between draws"));
}

bool DiversityPlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    m_state.samplers = start->samplers;
    m_state.latest.assign(start->samplers.size(), {});
    return true;
  }
  const auto* update = std::get_if<DiversityUpdated>(&event);
  if (!update || update->sampler < 0 || !isWhole(*update)) return false;
  const auto index = static_cast<std::size_t>(update->sampler);
  if (index >= m_state.latest.size()) return false;
  m_state.latest[index] = *update;
  return true;
}

void DiversityPlot::build() {
  m_maps.clear();
  m_scale = nullptr;
  if (m_state.samplers.empty()) {
    grid().showMessage(tr("Start a run to see how much its draws differ."), theme());
    return;
  }
  const int count = static_cast<int>(m_state.samplers.size());
  grid().reset(count, {.legend = false, .shared_axes = false, .square = true});
  grid().setAxisLabels(tr("draw j"), tr("draw i"));
  buildScale();
  for (int i = 0; i < count; ++i) {
    grid().y(i)->setRangeReversed(true);  // row 1 at the top, as a matrix is written
    for (QCPAxis* axis : {grid().x(i), grid().y(i)}) {
      axis->grid()->setVisible(false);
      axis->setTicker(QSharedPointer<WholeTicker>::create());
    }
    auto* map = new QCPColorMap(grid().x(i), grid().y(i));
    map->setInterpolate(false);
    map->setColorScale(m_scale);
    m_maps.push_back(map);
  }
}

void DiversityPlot::buildScale() {
  m_scale = new QCPColorScale(canvas());
  m_scale->setType(QCPAxis::atRight);
  m_scale->setGradient(viridis());
  m_scale->setLabel(tr("pairwise KL (nats)"));
  m_scale->setBarWidth(theme().print ? 7 : 14);
  m_scale->setMinimumMargins(QMargins(0, 0, 0, 0));
  m_scale->setAutoMargins(QCP::msNone);
  m_scale->setRangeDrag(false);
  m_scale->setRangeZoom(false);
  grid().root()->addElement(0, 1, m_scale);
  grid().root()->setColumnSpacing(2);
}

QString DiversityPlot::titleOf(std::size_t sampler) const {
  const QString label = QString::fromStdString(m_state.samplers[sampler].label);
  const DiversityUpdated& update = m_state.latest[sampler];
  if (update.draws == 0) return tr("%1\nno draws yet").arg(label);
  const double mean = meanOffDiagonal(update);
  if (!std::isfinite(mean)) return tr("%1\nneeds K ≥ 2").arg(label);
  return tr("%1\nmean KL %2 nats").arg(label).arg(mean, 0, 'g', 3);
}

void DiversityPlot::draw() {
  std::vector<double> all;
  for (std::size_t s = 0; s < m_maps.size(); ++s) {
    drawMap(s);
    const auto& values = m_state.latest[s].pairwise_kld;
    all.insert(all.end(), values.begin(), values.end());
  }
  if (!m_scale) return;
  grid().setSharedAxes(std::all_of(m_state.latest.begin(), m_state.latest.end(), [this](auto& u) {
    return u.draws == m_state.latest.front().draws;
  }));
  // A single far pair must not turn every other cell dark.
  const FiniteRange range = quantileRange(std::move(all), 0.0, 0.995);
  m_scale->setDataRange({0.0, range.isEmpty() || range.high() <= 0 ? 1.0 : range.high()});
}

void DiversityPlot::drawMap(std::size_t sampler) {
  const DiversityUpdated& update = m_state.latest[sampler];
  const QString id = QString::fromStdString(m_state.samplers[sampler].id);
  grid().setTitle(static_cast<int>(sampler), titleOf(sampler), theme().sampler(id), theme());
  QCPColorMap* map = m_maps[sampler];
  map->setVisible(update.draws > 0);
  if (update.draws == 0) return;
  const int k = static_cast<int>(update.draws);
  map->data()->setSize(k, k);
  map->data()->setRange({1.0, static_cast<double>(k)}, {1.0, static_cast<double>(k)});
  for (int i = 0; i < k; ++i) {
    for (int j = 0; j < k; ++j) {
      map->data()->setCell(j, i, update.pairwise_kld[static_cast<std::size_t>(i * k + j)]);
    }
  }
}

void DiversityPlot::fitRanges() {
  for (std::size_t s = 0; s < m_maps.size(); ++s) {
    // The frame of all planned draws, so that the map fills up instead of growing.
    const double k = static_cast<double>(
        std::max({std::int64_t{1}, m_state.latest[s].draws, m_state.samplers[s].planned_draws}));
    for (QCPAxis* axis : {grid().x(static_cast<int>(s)), grid().y(static_cast<int>(s))}) {
      axis->setRange(0.5, k + 0.5);
    }
  }
  alignScale();
}

// The bar goes from the top of the first row of maps to the bottom of the last one.
void DiversityPlot::alignScale() {
  if (!m_scale) return;
  const QRect outer = m_scale->outerRect();
  const QRect first = grid().rect(0)->rect(), last = grid().rect(grid().count() - 1)->rect();
  if (outer.height() < 10 || first.height() < 10) return;
  m_scale->setMargins(QMargins(0, first.top() - outer.top(), 0, outer.bottom() - last.bottom()));
}

QString DiversityPlot::readout(QCPAxisRect* rect, double x, double y) const {
  for (std::size_t s = 0; s < m_maps.size(); ++s) {
    if (grid().rect(static_cast<int>(s)) != rect) continue;
    const DiversityUpdated& update = m_state.latest[s];
    const auto i = static_cast<std::int64_t>(std::lround(y));
    const auto j = static_cast<std::int64_t>(std::lround(x));
    if (i < 1 || j < 1 || i > update.draws || j > update.draws) return tr("outside the draws");
    const double value =
        update.pairwise_kld[static_cast<std::size_t>((i - 1) * update.draws + j - 1)];
    return tr("KL(%1 ‖ %2) = %3 nats").arg(i).arg(j).arg(shortNumber(value));
  }
  return {};
}

QString DiversityPlot::csv() const {
  QString text = csvRow({"sampler", "draw_i", "draw_j", "kld_nats"});
  for (std::size_t s = 0; s < m_state.latest.size(); ++s) {
    const DiversityUpdated& update = m_state.latest[s];
    const QString id = csvText(QString::fromStdString(m_state.samplers[s].id));
    for (std::int64_t i = 0; i < update.draws; ++i) {
      for (std::int64_t j = 0; j < update.draws; ++j) {
        text += csvRow(
            {id, QString::number(i + 1), QString::number(j + 1),
             csvNumber(update.pairwise_kld[static_cast<std::size_t>(i * update.draws + j)])});
      }
    }
  }
  return text;
}

QString DiversityPlot::explanation() const {
  return tr(
      "How much the draws of a sampler differ: each cell compares the predictions of two draws on "
      "the "
      "test inputs, dark where they agree. Blocks are chains or modes; a map that is dark "
      "everywhere "
      "means that the draws are one and the same function.\n\n"
      "regression: KL(i ‖ j) = mean (f_i − f_j)² / 2σ²;  classification: mean Σ_c p_i log(p_i / "
      "p_j)");
}

QString DiversityPlot::summary() const {
  if (m_state.samplers.empty()) return tr("No run yet.");
  QStringList parts;
  for (std::size_t s = 0; s < m_state.samplers.size(); ++s)
    parts << titleOf(s).replace(u'\n', QStringLiteral(", "));
  return tr("Pairwise KL divergence between draws, in nats: %1.").arg(parts.join("; "));
}

std::unique_ptr<Plot> DiversityPlot::clone() const { return copyOf(*this); }

}  // namespace ergo
