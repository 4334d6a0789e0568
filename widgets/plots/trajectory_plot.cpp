// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/trajectory_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

// A parametric curve is not thinned by the plot library; more points than this cost frames.
constexpr std::size_t most_points = 3000;

std::size_t pointsOf(const TrajectoryPath& path) { return std::min(path.x.size(), path.y.size()); }

}  // namespace

TrajectoryPlot::TrajectoryPlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Trajectories"));
}

bool TrajectoryPlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    m_state.samplers = start->samplers;
    m_state.latest = {};
    return true;
  }
  const auto* update = std::get_if<TrajectoryUpdated>(&event);
  if (!update) return false;
  m_state.latest = *update;
  std::erase_if(m_state.latest.paths, [this](const auto& path) { return !isKnown(path); });
  return true;
}

bool TrajectoryPlot::isKnown(const TrajectoryPath& path) const {
  return path.sampler >= 0 && static_cast<std::size_t>(path.sampler) < m_state.samplers.size();
}

void TrajectoryPlot::build() {
  m_marks.clear();
  m_curves.clear();
  if (m_state.samplers.empty()) {
    grid().showMessage(tr("Start a run to see the paths of its chains."), theme());
    return;
  }
  grid().reset(1, {.legend = true});
  for (const SamplerInfo& info : m_state.samplers) {
    const QColor color = theme().sampler(QString::fromStdString(info.id));
    Marks marks{addGraph(grid().rect(0)), nullptr};
    marks.end = addGraph(grid().rect(0), QString::fromStdString(info.label), grid().legend());
    const double size = theme().print ? 4.5 : 8;
    for (QCPGraph* graph : {marks.start, marks.end}) graph->setLineStyle(QCPGraph::lsNone);
    marks.start->setScatterStyle({QCPScatterStyle::ssCircle, QPen(color, theme().line_width),
                                  QBrush(theme().background), size});
    marks.end->setScatterStyle(
        {QCPScatterStyle::ssCircle, QPen(theme().background, 0.8), QBrush(color), size});
    marks.end->setPen(solidPen(color, theme().line_width));
    m_marks.push_back(marks);
  }
  buildMarkLegend();
}

void TrajectoryPlot::buildMarkLegend() {
  QCPGraph* start = addGraph(grid().rect(0), tr("start"), grid().legend());
  start->setLineStyle(QCPGraph::lsNone);
  start->setPen(Qt::NoPen);
  start->setScatterStyle({QCPScatterStyle::ssCircle, QPen(theme().muted, theme().line_width),
                          Qt::NoBrush, theme().print ? 4.5 : 8.0});
}

QString TrajectoryPlot::nameOf(std::size_t sampler) const {
  double sum = 0;
  std::size_t count = 0;
  for (const TrajectoryPath& path : m_state.latest.paths) {
    if (static_cast<std::size_t>(path.sampler) != sampler) continue;
    for (const double distance : path.off_plane) {
      if (!std::isfinite(distance)) continue;
      sum += distance;
      ++count;
    }
  }
  const QString label = QString::fromStdString(m_state.samplers[sampler].label);
  if (count == 0) return label;
  // A narrow figure has no room for the whole word.
  const bool wide = canvas()->viewport().width() > 36 * QFontMetrics(theme().font).height();
  return (wide ? tr("%1 (off-plane %2)") : tr("%1 (off %2)"))
      .arg(label)
      .arg(sum / static_cast<double>(count), 0, 'g', 2);
}

void TrajectoryPlot::draw() {
  if (m_marks.empty()) return;
  for (QCPCurve* curve : std::as_const(m_curves)) canvas()->removePlottable(curve);
  m_curves.clear();
  for (const TrajectoryPath& path : m_state.latest.paths) drawPath(path);
  for (std::size_t s = 0; s < m_marks.size(); ++s) drawMarks(s);
  const auto title = [](const QString& name, double share) {
    return share > 0 ? QStringLiteral("%1 (%2 %)").arg(name).arg(share * 100, 0, 'f', 1) : name;
  };
  grid().setAxisLabels(title(tr("PC 1"), m_state.latest.explained[0]),
                       title(tr("PC 2"), m_state.latest.explained[1]));
}

void TrajectoryPlot::drawPath(const TrajectoryPath& path) {
  const auto& info = m_state.samplers[static_cast<std::size_t>(path.sampler)];
  const QColor color = theme().sampler(QString::fromStdString(info.id));
  auto* curve = new QCPCurve(grid().x(0), grid().y(0));
  curve->setPen(
      solidPen(blend(color, theme().background, 0.75), isLive() ? 1.0 : theme().line_width * 0.7));
  curve->setAntialiased(!isLive());
  const std::size_t count = pointsOf(path);
  const std::size_t stride = count / most_points + 1;
  QVector<QCPCurveData> points;
  for (std::size_t i = 0; i < count;
       i += (i + stride >= count && i + 1 < count) ? count - 1 - i : stride) {
    const bool finite = std::isfinite(path.x[i]) && std::isfinite(path.y[i]);
    points.append(
        {static_cast<double>(i), finite ? path.x[i] : qQNaN(), finite ? path.y[i] : qQNaN()});
  }
  curve->data()->set(points, true);
  m_curves.append(curve);
}

void TrajectoryPlot::drawMarks(std::size_t sampler) {
  std::vector<double> sx, sy, ex, ey;
  for (const TrajectoryPath& path : m_state.latest.paths) {
    if (static_cast<std::size_t>(path.sampler) != sampler || pointsOf(path) == 0) continue;
    sx.push_back(path.x.front());
    sy.push_back(path.y.front());
    ex.push_back(path.x[pointsOf(path) - 1]);
    ey.push_back(path.y[pointsOf(path) - 1]);
  }
  setGraphData(m_marks[sampler].start, sx, sy, false);
  setGraphData(m_marks[sampler].end, ex, ey, false);
  m_marks[sampler].end->setName(nameOf(sampler));
}

void TrajectoryPlot::fitRanges() {
  if (m_marks.empty()) return;
  FiniteRange across, up;
  for (const TrajectoryPath& path : m_state.latest.paths) {
    across.add(path.x);
    up.add(path.y);
  }
  QCPRange x = across.padded(0.06), y = up.padded(0.06);
  const QSize size = grid().rect(0)->rect().size();
  if (size.width() < 10 || size.height() < 10) return;
  const double unit = std::max(x.size() / size.width(), y.size() / size.height());
  const auto widen = [unit](QCPRange range, int pixels) {
    return QCPRange(range.center() - unit * pixels / 2, range.center() + unit * pixels / 2);
  };
  grid().x(0)->setRange(widen(x, size.width()));
  grid().y(0)->setRange(widen(y, size.height()));
}

QString TrajectoryPlot::readout(QCPAxisRect* rect, double x, double y) const {
  const QString here = LivePlot::readout(rect, x, y);
  const TrajectoryPath* nearest = nullptr;
  std::size_t at = 0;
  double best = std::numeric_limits<double>::infinity();
  for (const TrajectoryPath& path : m_state.latest.paths) {
    for (std::size_t i = 0; i < std::min(pointsOf(path), path.off_plane.size()); ++i) {
      const double distance = std::hypot(path.x[i] - x, path.y[i] - y);
      if (!(distance < best)) continue;
      best = distance;
      nearest = &path;
      at = i;
    }
  }
  if (!nearest) return here;
  const auto& info = m_state.samplers[static_cast<std::size_t>(nearest->sampler)];
  return here + tr("\nnearest: %1, chain %2, %3 off the plane")
                    .arg(QString::fromStdString(info.label))
                    .arg(nearest->chain + 1)
                    .arg(shortNumber(nearest->off_plane[at]));
}

QString TrajectoryPlot::csv() const {
  QString text = csvRow({"sampler", "chain", "point", "pc1", "pc2", "off_plane"});
  for (const TrajectoryPath& path : m_state.latest.paths) {
    const auto& info = m_state.samplers[static_cast<std::size_t>(path.sampler)];
    for (std::size_t i = 0; i < pointsOf(path); ++i) {
      text += csvRow({csvText(QString::fromStdString(info.id)), QString::number(path.chain),
                      QString::number(i), csvNumber(path.x[i]), csvNumber(path.y[i]),
                      i < path.off_plane.size() ? csvNumber(path.off_plane[i]) : QString()});
    }
  }
  return text;
}

QString TrajectoryPlot::explanation() const {
  return tr(
      "The positions of all chains, projected on the plane that holds most of their common "
      "variance; "
      "circles are starts, dots ends. Distances in the picture are shorter than true ones: "
      "\"off-plane\" is the mean distance of a sampler's points from the plane.\n\n"
      "(PC 1, PC 2) = Vᵀ(θ − mean θ), V: the first two principal directions");
}

QString TrajectoryPlot::summary() const {
  if (m_state.latest.paths.empty()) return tr("No trajectories yet.");
  const double share = m_state.latest.explained[0] + m_state.latest.explained[1];
  return tr("Paths of %n chain(s) in a plane that holds %1 percent of the variance.", nullptr,
            static_cast<int>(m_state.latest.paths.size()))
      .arg(share * 100, 0, 'f', 1);
}

std::unique_ptr<Plot> TrajectoryPlot::clone() const { return copyOf(*this); }

}  // namespace ergo
