// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_tools.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ergo {

void FiniteRange::add(double value) {
  if (!std::isfinite(value)) return;
  m_low = std::min(m_low, value);
  m_high = std::max(m_high, value);
}

void FiniteRange::add(const std::vector<double>& values) {
  for (const double value : values) add(value);
}

QCPRange FiniteRange::padded(double share) const {
  if (isEmpty()) return {0.0, 1.0};
  // Halves first: the size of a range of huge numbers must not overflow.
  const double half = m_high / 2 - m_low / 2;
  const double scale = std::max(std::abs(m_low), std::abs(m_high));
  if (half <= scale * 1e-12) {
    const double room = scale > 0 ? scale * 0.1 : 1.0;
    return {m_low - room, m_high + room};
  }
  return {m_low - 2 * half * share, m_high + 2 * half * share};
}

FiniteRange quantileRange(std::vector<double> values, double low, double high) {
  FiniteRange range;
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return range;
  const auto quantile = [&values](double q) {
    const auto at = values.begin() + std::lround(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  range.add(quantile(low));
  range.add(quantile(high));
  return range;
}

QString CountTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
  const double size = std::abs(tick);
  if (size < 1e-9) return QStringLiteral("0");
  if (size < 10000) return QString::number(tick, 'g', 6);
  if (size < 1e6) return QString::number(tick / 1e3, 'g', 6) + u'k';
  if (size < 1e9) return QString::number(tick / 1e6, 'g', 6) + u'M';
  return QString::number(tick / 1e9, 'g', 6) + u'G';
}

double WholeTicker::getTickStep(const QCPRange& range) {
  return std::max(1.0, std::ceil(QCPAxisTicker::getTickStep(range) - 1e-9));
}

QCPGraph* addGraph(QCPAxisRect* rect, const QString& name, QCPLegend* legend) {
  QCPGraph* graph =
      rect->parentPlot()->addGraph(rect->axis(QCPAxis::atBottom), rect->axis(QCPAxis::atLeft));
  graph->setName(name);
  graph->setAdaptiveSampling(false);  // it turns steep parts of short curves into steps
  if (legend) graph->addToLegend(legend);
  return graph;
}

QCPGraph* addBand(QCPAxisRect* rect, const QColor& fill) {
  QCPGraph* lower = addGraph(rect);
  QCPGraph* upper = addGraph(rect);
  lower->setPen(Qt::NoPen);
  upper->setPen(Qt::NoPen);
  upper->setBrush(fill);
  upper->setChannelFillGraph(lower);
  return upper;
}

void setBandData(QCPGraph* upper, const std::vector<double>& x, const std::vector<double>& low,
                 const std::vector<double>& high) {
  setGraphData(upper->channelFillGraph(), x, low);
  setGraphData(upper, x, high);
}

void setGraphData(QCPGraph* graph, const std::vector<double>& x, const std::vector<double>& y,
                  bool sorted) {
  QVector<QCPGraphData> points;
  const std::size_t count = std::min(x.size(), y.size());
  points.reserve(static_cast<qsizetype>(count));
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(x[i])) points.append({x[i], std::isfinite(y[i]) ? y[i] : qQNaN()});
  }
  graph->data()->set(points, sorted);
}

QCPColorGradient viridis() {
  static constexpr std::array<QRgb, 16> stops{0xff440154, 0xff481a6c, 0xff472f7d, 0xff414487,
                                              0xff39568c, 0xff31688e, 0xff2a788e, 0xff23888e,
                                              0xff1f988b, 0xff22a884, 0xff35b779, 0xff54c568,
                                              0xff7ad151, 0xffa5db36, 0xffd2e21b, 0xfffde725};
  QCPColorGradient gradient;
  gradient.clearColorStops();
  for (std::size_t i = 0; i < stops.size(); ++i) {
    gradient.setColorStopAt(static_cast<double>(i) / (stops.size() - 1), QColor::fromRgb(stops[i]));
  }
  gradient.setNanHandling(QCPColorGradient::nhTransparent);
  return gradient;
}

QPen solidPen(const QColor& color, double width) {
  return QPen(color, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
}

QString shortNumber(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', 4) : QStringLiteral("–");
}

QString csvNumber(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest)
                              : QString();
}

QString csvText(const QString& text) {
  if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n')) return text;
  return u'"' + QString(text).replace(u'"', QStringLiteral("\"\"")) + u'"';
}

QString csvRow(const QStringList& fields) { return fields.join(u',') + u'\n'; }

}  // namespace ergo
