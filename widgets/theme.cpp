// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme.h"

#include <qcustomplot.h>

#include <QFontDatabase>
#include <array>
#include <cmath>
#include <cstdint>

namespace ergo {
namespace {

struct SamplerColor {
  const char* id;
  QRgb light, dark;
};

// Okabe-Ito hues; l2e has the most saturated one. The reference sampler is black or near white.
// Pairwise CIE76 distance stays above 16 under simulated deuteranopia and protanopia.
constexpr std::array<SamplerColor, 10> sampler_colors{{
    {"l2e", 0xffd55e00, 0xfff97b3d},
    {"sghmc", 0xff0072b2, 0xff4fa3e3},
    {"csgmcmc", 0xff009e73, 0xff14c79a},
    {"deep_ensemble", 0xffb5578d, 0xffe58fc3},
    {"l2e_scalar", 0xff000078, 0xffa54b96},
    {"meta_sgmcmc", 0xff6b4a00, 0xfff0db5a},
    {"sgld", 0xff3c5a3c, 0xff87e187},
    {"psgld", 0xff872d78, 0xffb43c3c},
    {"sgnht", 0xff872de1, 0xff2d5ae1},
    {"hmc", 0xff2b2b2b, 0xffd9d9d9},
}};

constexpr std::array<SamplerColor, 4> fallback_colors{{
    {"", 0xff5b3a9b, 0xffb49cf0},
    {"", 0xff7f3b2b, 0xffd98a7a},
    {"", 0xff5f7f00, 0xffa8c840},
    {"", 0xff2f7f95, 0xff7fd4e8},
}};

// FNV-1a: the same colour on every machine, unlike qHash, which may be seeded.
std::uint32_t stableHash(const QString& text) {
  std::uint32_t hash = 2166136261u;
  for (const char byte : text.toUtf8())
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash;
}

double luminance(const QColor& color) {
  const auto linear = [](double c) {
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
         0.0722 * linear(color.blueF());
}

void styleAxis(QCPAxis& axis, const Theme& theme) {
  const QPen pen(theme.axis, theme.print ? 0.6 : 1.0);
  axis.setBasePen(pen);
  axis.setTickPen(pen);
  axis.setSubTickPen(pen);
  axis.setTickLabelFont(theme.font);
  axis.setLabelFont(theme.font);
  axis.setTickLabelColor(theme.text);
  axis.setLabelColor(theme.text);
  axis.setTickLength(0, theme.print ? 3 : 5);
  axis.setSubTickLength(0, theme.print ? 1.5 : 2);
  axis.setLabelPadding(theme.print ? 2 : 4);
  axis.setTickLabelPadding(theme.print ? 3 : 4);
  axis.grid()->setPen(QPen(theme.grid, theme.print ? 0.4 : 1.0));
  axis.grid()->setZeroLinePen(Qt::NoPen);
  axis.grid()->setSubGridVisible(false);
}

void styleLegend(QCPLegend& legend, const Theme& theme) {
  legend.setFont(theme.font);
  legend.setTextColor(theme.text);
  legend.setBrush(Qt::NoBrush);
  legend.setBorderPen(Qt::NoPen);
  const int em = QFontMetrics(theme.font).height();
  legend.setIconSize(em * 3 / 2, em * 4 / 5);
  legend.setIconTextPadding(em / 3);
  legend.setColumnSpacing(em * 2 / 3);
  legend.setRowSpacing(0);
  legend.setMargins(QMargins(em / 4, 0, em / 4, 0));
}

}  // namespace

QColor Theme::sampler(const QString& id) const {
  for (const SamplerColor& entry : sampler_colors) {
    if (id == QLatin1String(entry.id)) return QColor::fromRgb(dark ? entry.dark : entry.light);
  }
  const SamplerColor& entry = fallback_colors[stableHash(id) % fallback_colors.size()];
  return QColor::fromRgb(dark ? entry.dark : entry.light);
}

QColor Theme::accent() const { return sampler(QStringLiteral("l2e")); }

QColor Theme::complement() const { return sampler(QStringLiteral("sghmc")); }

Theme Theme::light() {
  Theme theme;
  theme.background = QColor("#ffffff");
  theme.text = QColor("#1f242b");
  theme.muted = QColor("#5a6270");
  theme.axis = QColor("#5a6270");
  theme.grid = QColor("#e6e9ee");
  theme.reference = QColor("#2b2b2b");
  theme.alert = QColor("#c62828");
  theme.font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
  return theme;
}

Theme Theme::night() {
  Theme theme = light();
  theme.dark = true;
  theme.background = QColor("#16191d");
  theme.text = QColor("#e8ebf0");
  theme.muted = QColor("#9aa4b2");
  theme.axis = QColor("#9aa4b2");
  theme.grid = QColor("#2b3038");
  theme.reference = QColor("#d9d9d9");
  theme.alert = QColor("#ff6b6b");
  return theme;
}

Theme Theme::paper(int fontPx) {
  Theme theme = light();
  theme.print = true;
  theme.text = Qt::black;
  theme.axis = QColor("#303030");
  theme.grid = QColor("#e4e4e4");
  theme.line_width = 1.1;
  theme.font = QFont(QStringLiteral("Liberation Sans"));
  theme.font.setPixelSize(fontPx);
  theme.font.setHintingPreference(QFont::PreferNoHinting);  // same widths at any resolution
  return theme;
}

double contrastRatio(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QColor blend(const QColor& top, const QColor& bottom, double opacity) {
  const auto mix = [opacity](double t, double b) { return b + (t - b) * opacity; };
  return QColor::fromRgbF(mix(top.redF(), bottom.redF()), mix(top.greenF(), bottom.greenF()),
                          mix(top.blueF(), bottom.blueF()));
}

QPalette applicationPalette(const Theme& theme) {
  const QColor window = theme.dark ? QColor("#22262c") : QColor("#f3f4f6");
  const QColor button = theme.dark ? QColor("#2d323a") : QColor("#e9ebef");
  QPalette palette(button, window);
  palette.setColor(QPalette::Base, theme.background);
  palette.setColor(QPalette::AlternateBase, blend(window, theme.background, 0.6));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText,
                          QPalette::ToolTipText, QPalette::BrightText}) {
    palette.setColor(role, theme.text);
    palette.setColor(QPalette::Disabled, role, blend(theme.text, window, 0.5));
  }
  palette.setColor(QPalette::ToolTipBase, window);
  palette.setColor(QPalette::PlaceholderText, theme.muted);
  palette.setColor(QPalette::Highlight, QColor(theme.dark ? "#2f6fb3" : "#0b62a8"));
  palette.setColor(QPalette::HighlightedText, Qt::white);
  palette.setColor(QPalette::Link, theme.complement());
  return palette;
}

void stylePlot(QCustomPlot& plot, const Theme& theme) {
  plot.setBackground(QBrush(theme.background));
  plot.setFont(theme.font);
  for (QCPAxisRect* rect : plot.axisRects()) rect->setBackground(QBrush(theme.background));
  // All axes, so that the frames of colour scales come along.
  for (QCPAxis* axis : plot.findChildren<QCPAxis*>()) styleAxis(*axis, theme);
  for (QCPLegend* legend : plot.findChildren<QCPLegend*>()) styleLegend(*legend, theme);
}

}  // namespace ergo
