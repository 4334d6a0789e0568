// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <qcustomplot.h>

#include <QApplication>
#include <QSet>
#include <QTest>
#include <QWheelEvent>
#include <cmath>

#include "tests/widgets/sample_events.h"
#include "widgets/plots/live_plot.h"
#include "widgets/theme.h"

/// Plots with data on an offscreen window, and hands that use them.
namespace ergo::fixture {

inline const char* const sampler_ids[] = {"sghmc",         "csgmcmc",     "l2e",
                                          "deep_ensemble", "meta_sgmcmc", "hmc"};

inline bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

inline QSet<QRgb> colorsOf(const QImage& image) {
  QSet<QRgb> colors;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) colors.insert(image.pixel(x, y));
  }
  return colors;
}

/// A shown plot with everything in it.
inline std::unique_ptr<LivePlot> shown(const char* id, const Theme& theme = Theme::light()) {
  std::unique_ptr<LivePlot> plot(static_cast<LivePlot*>(sample::make(id).release()));
  plot->resize(720, 440);
  plot->applyTheme(theme);
  plot->show();
  sample::feed(*plot);
  plot->refresh();
  return plot;
}

inline QCustomPlot* canvas(const LivePlot& plot) { return plot.panels().front(); }

inline void wheel(LivePlot& plot, QPoint at) {
  QWheelEvent event(at, canvas(plot)->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                    Qt::NoScrollPhase, false);
  QApplication::sendEvent(canvas(plot), &event);
}

inline void drag(LivePlot& plot, Qt::MouseButton button, QPoint from, QPoint to) {
  QTest::mousePress(canvas(plot), button, {}, from);
  QMouseEvent move(QEvent::MouseMove, to, canvas(plot)->mapToGlobal(to), Qt::NoButton, button, {});
  QApplication::sendEvent(canvas(plot), &move);
  QTest::mouseRelease(canvas(plot), button, {}, to);
}

}  // namespace ergo::fixture
