// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <qcustomplot.h>

#include <QString>
#include <QStringList>
#include <limits>
#include <vector>

#include "widgets/theme.h"

/// Small things that several plots need.
namespace ergo {

/// Smallest interval over the finite numbers it was given; NaN and infinity never enter.
class FiniteRange {
 public:
  void add(double value);
  void add(const std::vector<double>& values);
  bool isEmpty() const { return m_low > m_high; }
  double low() const { return m_low; }
  double high() const { return m_high; }
  /// Widened by `share` of its size on both sides; [0, 1] when empty, never of size zero.
  QCPRange padded(double share) const;

 private:
  double m_low = std::numeric_limits<double>::infinity();
  double m_high = -std::numeric_limits<double>::infinity();
};

/// The range between two quantiles (0..1) of the finite `values`; empty when there are none.
FiniteRange quantileRange(std::vector<double> values, double low, double high);

/// Tick labels of counts: 0, 500, 20k, 1.5M.
class CountTicker : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// Ticks of things that are counted from 1: whole numbers only, however few there are.
class WholeTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override;
  int getSubTickCount(double) override { return 0; }
};

/// A graph on `rect` with a name for the legend (shown only where `legend` is given).
QCPGraph* addGraph(QCPAxisRect* rect, const QString& name = {}, QCPLegend* legend = nullptr);

/// Shades between two lines: returns the upper graph; the lower one is its channel fill.
QCPGraph* addBand(QCPAxisRect* rect, const QColor& fill);
void setBandData(QCPGraph* upper, const std::vector<double>& x, const std::vector<double>& low,
                 const std::vector<double>& high);

/// `setData` for std::vector; `sorted` promises ascending x. Points beyond the shorter are left
/// out.
void setGraphData(QCPGraph* graph, const std::vector<double>& x, const std::vector<double>& y,
                  bool sorted = true);

/// Perceptually uniform and colour-blind safe: dark blue over green to yellow (viridis, by
/// S. van der Walt and N. Smith, sampled at 16 points).
QCPColorGradient viridis();

QPen solidPen(const QColor& color, double width);

/// A number for people: four significant digits, point as decimal mark.
QString shortNumber(double value);
/// A number for files: shortest text that reads back equal; empty when not finite.
QString csvNumber(double value);
/// A text field, quoted where RFC 4180 asks for it.
QString csvText(const QString& text);
QString csvRow(const QStringList& fields);

}  // namespace ergo
