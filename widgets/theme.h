// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QColor>
#include <QFont>
#include <QPalette>
#include <QString>

class QCustomPlot;

namespace ergo {

/// Everything that decides how a picture looks. A value: plots keep a copy.
///
/// Sampler colours come from the colour-blind safe set of Okabe and Ito (2008), shifted in
/// lightness per theme until each has a WCAG contrast of at least 3:1 against `background`.
struct Theme {
  bool dark = false;
  bool print = false;       ///< for paper: antialiased, line widths in pt, no screen ornaments
  QColor background;        ///< of the picture
  QColor text;              ///< titles, axis labels, legends; contrast >= 4.5:1
  QColor muted;             ///< hints and secondary text; contrast >= 4.5:1
  QColor axis;              ///< axis lines and ticks; contrast >= 3:1
  QColor grid;              ///< grid lines; faint on purpose
  QColor reference;         ///< the HMC reference, diagonals, the true function
  QColor alert;             ///< divergence; always with a text or a shape beside it
  QFont font;               ///< of every text in a picture; titles use its bold form
  double line_width = 1.5;  ///< of result curves, pixels (points when `print`)

  /// The colour of a sampler id; unknown ids get a colour that depends on the id only.
  QColor sampler(const QString& id) const;
  QColor accent() const;      ///< of what is learned, and of the application itself
  QColor complement() const;  ///< beside the accent

  static Theme light();
  static Theme night();  ///< the dark theme; its field `dark` is true
  /// White, black text, Liberation Sans; `fontPx` in the units of the paint device.
  static Theme paper(int fontPx = 8);
};

/// WCAG 2 contrast ratio of two opaque colours, 1 to 21.
double contrastRatio(const QColor& a, const QColor& b);

/// `top` at `opacity` (0..1) over `bottom`, opaque. For lines that must stay cheap to draw.
QColor blend(const QColor& top, const QColor& bottom, double opacity);

/// The palette of the application (style Fusion) that goes with a theme.
QPalette applicationPalette(const Theme& theme);

/// Background, axes, grid, fonts and legend of every axis rect of `plot`. Does not replot.
void stylePlot(QCustomPlot& plot, const Theme& theme);

}  // namespace ergo
