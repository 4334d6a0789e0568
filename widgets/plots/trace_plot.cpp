// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/trace_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "widgets/plots/pixel_line.h"
#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

constexpr int overview_columns = 512;  // for files
constexpr int range_columns = 128;     // for the ranges of the axes
constexpr int paper_columns = 3;       // per point of a printed figure: 216 to the inch

std::size_t chainsOf(const SamplerInfo& info) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, info.chains));
}

}  // namespace

TracePlot::TracePlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Potential traces"));
  m_logAction = addPlotAction(
      QStringLiteral("logarithmicY"), tr("Logarithmic y axis"), Qt::Key_L,
      [this] { setLogarithmic(!m_state.log); }, true);
  // Zoom and pan replot without a redraw of this class.
  connect(canvas(), &QCustomPlot::beforeReplot, this, &TracePlot::followView);
}

void TracePlot::setLogarithmic(bool on) {
  if (m_state.log == on) return;
  m_state.log = on;
  m_logAction->setChecked(on);
  rebuild();
  fit();
}

TracePlot::Chain* TracePlot::chain(int sampler, std::int64_t index) {
  if (sampler < 0 || index < 0) return nullptr;
  const auto s = static_cast<std::size_t>(sampler), c = static_cast<std::size_t>(index);
  if (s >= m_state.chains.size() || c >= m_state.chains[s].size()) return nullptr;
  return &m_state.chains[s][c];
}

bool TracePlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    takeStart(*start);
    return true;
  }
  if (const auto* added = std::get_if<TraceAdded>(&event)) return takeTrace(*added);
  if (const auto* diverged = std::get_if<ChainDiverged>(&event)) return takeDivergence(*diverged);
  return false;
}

std::size_t TracePlot::capacityOf(std::size_t index, std::size_t chains) {
  const std::size_t share = pointBudget / chains;
  return std::max<std::size_t>(1024, share - share / 8 * index / chains);
}

void TracePlot::takeStart(const RunStarted& event) {
  m_state.samplers = event.samplers;
  m_state.chains.clear();
  std::size_t count = 0, index = 0;
  for (const SamplerInfo& info : event.samplers) count += chainsOf(info);
  for (const SamplerInfo& info : event.samplers) {
    auto& chains = m_state.chains.emplace_back();
    for (std::size_t c = 0; c < chainsOf(info); ++c)
      chains.push_back({PyramidSeries(capacityOf(index++, count)), {}});
  }
}

bool TracePlot::takeTrace(const TraceAdded& event) {
  Chain* target = chain(event.sampler, event.chain);
  if (!target) return false;
  const std::size_t count = std::min(event.evaluation.size(), event.potential.size());
  for (std::size_t i = 0; i < count; ++i) {
    const bool collecting = i >= event.collecting.size() || event.collecting[i];
    target->series.append(event.evaluation[i], event.potential[i], collecting);
  }
  return count > 0;
}

bool TracePlot::takeDivergence(const ChainDiverged& event) {
  Chain* target = chain(event.sampler, event.chain);
  if (!target) return false;
  target->divergence = tr("chain %1 diverged at step %2").arg(event.chain + 1).arg(event.step);
  return true;
}

void TracePlot::build() {
  m_lines.clear();
  m_crosses = nullptr;
  if (m_state.samplers.empty()) {
    grid().showMessage(tr("Start a run to see the potential of its chains."), theme());
    return;
  }
  grid().reset(1, {.legend = true});
  grid().x(0)->setTicker(QSharedPointer<CountTicker>::create());
  if (m_state.log) {
    grid().y(0)->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    grid().y(0)->setScaleType(QCPAxis::stLogarithmic);
  }
  grid().setAxisLabels(tr("gradient evaluations"),
                       m_state.log ? tr("U − lowest U (nats)") : tr("potential U (nats)"));
  m_lines.resize(m_state.samplers.size());
  // The last lies on top: a learned sampler must not be hidden by those that it is compared with.
  std::vector<std::size_t> order(m_state.samplers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_partition(order.begin(), order.end(),
                        [this](std::size_t i) { return !m_state.samplers[i].learned; });
  for (const std::size_t sampler : order) buildSampler(sampler);
  QCPGraph* pale = addGraph(grid().rect(0), tr("pale: no draws"), grid().legend());
  pale->setPen(solidPen(blend(theme().muted, theme().background, 0.45), theme().print ? 1.2 : 2.0));
  m_crosses = addGraph(grid().rect(0));
  m_crosses->setLineStyle(QCPGraph::lsNone);
  m_crosses->setScatterStyle({QCPScatterStyle::ssCross,
                              QPen(theme().alert, theme().print ? 1.0 : 2.0), Qt::NoBrush,
                              theme().print ? 5.0 : 9.0});
}

void TracePlot::buildSampler(std::size_t sampler) {
  const SamplerInfo& info = m_state.samplers[sampler];
  const QColor color = theme().sampler(QString::fromStdString(info.id));
  const double width = isLive() ? 1.0 : theme().print ? 0.6 : 1.2;
  // The lines themselves are too thin to show their colour in a legend.
  QCPGraph* key = addGraph(grid().rect(0), QString::fromStdString(info.label), grid().legend());
  key->setPen(solidPen(color, theme().print ? 1.2 : 2.0));
  for (std::size_t c = 0; c < m_state.chains[sampler].size(); ++c) {
    Lines lines{new PixelLine(grid().x(0), grid().y(0)), nullptr};
    lines.solid = new PixelLine(grid().x(0), grid().y(0));
    lines.pale->setPen(solidPen(blend(color, theme().background, 0.45), width));
    lines.solid->setPen(solidPen(color, width));
    for (QCPGraph* line : {lines.pale, lines.solid}) {
      line->setAdaptiveSampling(false);  // the points are those of the pixel columns already
      line->setAntialiased(!isLive());
    }
    m_lines[sampler].push_back(lines);
  }
}

/// Fills the lines for what the x axis shows, at the pixels it has.
void TracePlot::drawChains() {
  m_drawn = grid().x(0)->range();
  m_drawnColumns = grid().rect(0)->width();
  const double scale = theme().print ? paper_columns : devicePixelRatioF();
  const int columns = std::clamp(static_cast<int>(m_drawnColumns * scale), 16, 8192);
  for (std::size_t s = 0; s < m_lines.size(); ++s) {
    for (std::size_t c = 0; c < m_lines[s].size(); ++c)
      drawChain(m_state.chains[s][c], m_lines[s][c], m_drawn, columns);
  }
}

void TracePlot::drawChain(const Chain& chain, const Lines& lines, const QCPRange& range,
                          int columns) {
  QVector<QCPGraphData> pale, solid;
  bool before = true;
  const auto points = chain.series.columns(range.lower, range.upper, columns);
  solid.reserve(static_cast<qsizetype>(points.size()));
  for (const auto& point : points) {
    const double y = shown(point.y);
    // A change of kind belongs to both lines, so that they meet; then the other one pauses.
    if (point.solid != before) {
      (before ? solid : pale).append({point.x, y});
      (before ? solid : pale).append({point.x, qQNaN()});
    }
    (point.solid ? solid : pale).append({point.x, y});
    before = point.solid;
  }
  lines.pale->data()->set(pale, true);
  lines.solid->data()->set(solid, true);
}

void TracePlot::followView() {
  if (!m_crosses || grid().count() == 0) return;
  if (grid().x(0)->range() != m_drawn || grid().rect(0)->width() != m_drawnColumns) drawChains();
}

void TracePlot::draw() {
  if (!m_crosses) return;
  m_lowest = lowest();
  drawDivergences();
  m_extent.reset();
  m_drawnColumns = 0;  // new points: the replot that follows the layout fills the lines
}

// The potential of a diverging chain leaves the range, so the text stays at the upper edge.
void TracePlot::drawDivergences() {
  clearNotes();
  std::vector<double> x, y;
  double end = 0;
  for (const auto& chains : m_state.chains) {
    for (const Chain& chain : chains) end = std::max(end, chain.series.last().x);
  }
  for (std::size_t s = 0; s < m_state.chains.size(); ++s) {
    const QString label = QString::fromStdString(m_state.samplers[s].label);
    for (const Chain& chain : m_state.chains[s]) {
      if (chain.divergence.isEmpty()) continue;
      const PyramidSeries::Point last = chain.series.last();
      const double line = 0.02 + 0.07 * static_cast<double>(x.size());
      QCPItemText* note = addNote(
          0, last.x, line, QStringLiteral("✕ %1: %2").arg(label, chain.divergence), theme().alert);
      note->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
      note->position->setCoords(last.x, line);
      const bool late = last.x > end / 2;
      note->setPositionAlignment((late ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
      x.push_back(last.x);
      y.push_back(chain.series.isEmpty() ? undefined : shown(last.y));
    }
  }
  setGraphData(m_crosses, x, y, false);
}

double TracePlot::lowest() const {
  double low = std::numeric_limits<double>::infinity();
  for (const auto& chains : m_state.chains)
    for (const Chain& chain : chains) low = std::min(low, chain.series.points().low());
  return low;
}

/// A potential as the axis has it; NaN where a logarithm has no place for it.
double TracePlot::shown(double potential) const {
  if (!m_state.log) return potential;
  return potential > m_lowest ? potential - m_lowest : undefined;
}

/// Where one sampler moves: its collected points, or the later half of each chain before any is
/// collected. Samplers differ by far more than a chain varies, so each has a range of its own.
FiniteRange TracePlot::samplerRange(const std::vector<Chain>& chains) const {
  std::vector<double> collected, late;
  for (const Chain& chain : chains) {
    const auto points = chain.series.overview(range_columns);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points[i].solid) collected.push_back(points[i].y);
      if (2 * i >= points.size()) late.push_back(points[i].y);  // without the transient
    }
  }
  const FiniteRange range = quantileRange(collected, 0.01, 0.99);
  return range.isEmpty() ? quantileRange(late, 0.02, 0.98) : range;
}

TracePlot::Extent TracePlot::extent() const {
  Extent found;
  for (const auto& chains : m_state.chains) {
    for (const Chain& chain : chains) {
      if (chain.series.isEmpty()) continue;
      found.across.add(chain.series.points().x(0));
      found.across.add(chain.series.last().x);
    }
    const FiniteRange own = samplerRange(chains);
    if (own.isEmpty()) continue;
    found.up.add(own.low());
    found.up.add(own.high());
  }
  return found;
}

// A redraw fits before and after its layout; the data are the same and a walk over them is dear.
void TracePlot::fitRanges() {
  if (!m_crosses) return;
  if (!m_extent) m_extent = extent();
  const FiniteRange &across = m_extent->across, &up = m_extent->up;
  grid().x(0)->setRange(across.isEmpty() ? QCPRange(0, 1)
                                         : QCPRange(std::min(0.0, across.low()),
                                                    std::max(across.high(), across.low() + 1)));
  if (!m_state.log) return grid().y(0)->setRange(up.padded(0.1));
  // The lowest point itself lies infinitely deep: three decades below the top are enough.
  const double top = up.isEmpty() ? 1.0 : std::max(shown(up.high()), 1e-9) * 2;
  const double bottom = up.isEmpty() ? 0.0 : shown(up.low()) / 1.3;
  grid().y(0)->setRange(std::max(std::isfinite(bottom) ? bottom : 0.0, top / 1e3), top);
}

QString TracePlot::readout(QCPAxisRect* rect, double x, double y) const {
  QString text = LivePlot::readout(rect, x, y);
  for (std::size_t s = 0; s < m_state.chains.size(); ++s) {
    FiniteRange there;
    for (const Chain& chain : m_state.chains[s])
      if (const auto point = chain.series.at(x)) there.add(point->y);
    if (there.isEmpty()) continue;
    text += QStringLiteral("\n%1: %2")
                .arg(QString::fromStdString(m_state.samplers[s].label), shortNumber(there.low()));
    if (there.high() > there.low()) text += QStringLiteral(" … %1").arg(shortNumber(there.high()));
  }
  return text;
}

QString TracePlot::csv() const {
  QString text =
      csvRow({"sampler", "chain", "gradient_evaluations", "potential_nats", "collecting"});
  for (std::size_t s = 0; s < m_state.chains.size(); ++s) {
    const QString id = csvText(QString::fromStdString(m_state.samplers[s].id));
    for (std::size_t c = 0; c < m_state.chains[s].size(); ++c) {
      for (const auto& point : m_state.chains[s][c].series.overview(overview_columns)) {
        text += csvRow({id, QString::number(c), csvNumber(point.x), csvNumber(point.y),
                        point.solid ? "1" : "0"});
      }
    }
  }
  return text;
}

QString TracePlot::explanation() const {
  return tr(
      "The potential of every chain against the gradient evaluations that its sampler has spent; "
      "pale "
      "parts (burn-in, exploration) give no draws. A chain that has settled fluctuates around a "
      "level "
      "without a trend, and chains of one sampler share that level.\n\n"
      "U(θ) = −Σ log p(y_i | x_i, θ) − log p(θ), in nats, scaled to all data on a minibatch");
}

QString TracePlot::summary() const {
  if (m_state.samplers.empty()) return tr("No run yet.");
  QStringList parts;
  for (std::size_t s = 0; s < m_state.samplers.size(); ++s) {
    const QString label = QString::fromStdString(m_state.samplers[s].label);
    const Chain& first = m_state.chains[s].front();
    parts << (first.series.isEmpty() ? tr("%1: no steps yet").arg(label)
                                     : tr("%1: %2 nats after %3 gradient evaluations")
                                           .arg(label, shortNumber(first.series.last().y),
                                                QString::number(first.series.last().x, 'g', 10)));
    for (const Chain& chain : m_state.chains[s]) {
      if (!chain.divergence.isEmpty()) parts << chain.divergence;
    }
  }
  return tr("Potential of the first chain of each sampler. %1.").arg(parts.join("; "));
}

std::unique_ptr<Plot> TracePlot::clone() const { return copyOf(*this); }

}  // namespace ergo
