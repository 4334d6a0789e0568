// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/export/figure_export.h"

#include <qcustomplot.h>
#include <spdlog/fmt/fmt.h>

#include <QBuffer>
#include <QFileInfo>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "widgets/plots/plot.h"
#include "widgets/theme.h"

namespace ergo {
namespace {

constexpr double points_per_mm = 72.0 / 25.4;

/// A page in points and the unit its pictures are laid out in: `font_px` of them are the wanted
/// font size, so that fractional sizes come out true although fonts have whole pixel sizes.
struct Page {
  double width, height, unit;
  int font_px;
};

Page pageOf(const FigureSpec& spec) {
  const int font_px = std::max(1, static_cast<int>(std::lround(spec.fontPt)));
  return {spec.widthMm * points_per_mm, spec.heightMm * points_per_mm, spec.fontPt / font_px,
          font_px};
}

void requireRange(const char* name, double value, double low, double high) {
  if (value >= low && value <= high) return;
  throw Error(ExitCode::usage, fmt::format("figure {} is {}; it must lie between {} and {}", name,
                                           value, low, high));
}

void check(const FigureSpec& spec) {
  requireRange("width (mm)", spec.widthMm, 20, 1000);
  requireRange("height (mm)", spec.heightMm, 20, 1000);
  requireRange("font size (pt)", spec.fontPt, 4, 72);
  requireRange("resolution (dpi)", spec.dpi, 72, 2400);
}

/// The paper copy: laid out like a widget on the screen, but never shown on one.
std::unique_ptr<Plot> paperCopy(const Plot& plot, const Page& page) {
  std::unique_ptr<Plot> copy = plot.clone();
  copy->setAttribute(Qt::WA_DontShowOnScreen);
  copy->setMinimumSize(0, 0);
  copy->resize(static_cast<int>(std::lround(page.width / page.unit)),
               static_cast<int>(std::lround(page.height / page.unit)));
  copy->show();
  copy->applyTheme(Theme::paper(page.font_px));
  copy->refresh();
  return copy;
}

/// Draws all panels side by side; `scale` device units are one layout unit.
void paintPanels(const Plot& plot, QPaintDevice& device, double scale, bool vector) {
  QCPPainter painter;
  painter.setModes(vector ? QCPPainter::pmVectorized | QCPPainter::pmNoCaching |
                                QCPPainter::pmNonCosmetic
                          : QCPPainter::pmNoCaching | QCPPainter::pmNonCosmetic);
  if (!painter.begin(&device)) throw Error(ExitCode::io, "the figure could not be painted");
  painter.setRenderHint(QPainter::LosslessImageRendering);
  painter.setFont(plot.panels().front()->font());  // an SVG names the font of every group
  for (QCustomPlot* panel : plot.panels()) {
    const QPoint corner = panel->mapTo(static_cast<const QWidget*>(&plot), QPoint());
    painter.save();
    painter.scale(scale, scale);
    painter.translate(corner);
    painter.fillRect(panel->rect(), panel->palette().window());
    panel->toPainter(&painter, panel->width(), panel->height());
    painter.restore();
  }
  if (!painter.end()) throw Error(ExitCode::io, "the figure could not be painted");
}

QByteArray pdf(const Plot& plot, const FigureSpec& spec, const Page& page, const QString& title) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QPdfWriter writer(&buffer);
  writer.setTitle(title);
  writer.setCreator(QStringLiteral("Ergoscope"));
  writer.setResolution(72);  // one device pixel is one point: fonts and pens come out true
  writer.setPageMargins(QMarginsF());
  writer.setPageSize(QPageSize(QSizeF(spec.widthMm, spec.heightMm), QPageSize::Millimeter,
                               QString(), QPageSize::ExactMatch));
  paintPanels(plot, writer, page.unit, true);
  return bytes;
}

QByteArray svg(const Plot& plot, const FigureSpec& spec, const Page& page, const QString& title) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setResolution(2540);  // the size is given in whole pixels: here 0.01 mm
  generator.setSize(QSize(static_cast<int>(std::lround(spec.widthMm * 100)),
                          static_cast<int>(std::lround(spec.heightMm * 100))));
  generator.setViewBox(QRectF(0, 0, page.width, page.height));
  generator.setTitle(title);
  generator.setDescription(QStringLiteral("Ergoscope"));
  paintPanels(plot, generator, page.unit, true);
  return bytes;
}

QByteArray png(const Plot& plot, const FigureSpec& spec, const Page& page, const QString& title) {
  const double per_mm = spec.dpi / 25.4;
  QImage image(static_cast<int>(std::lround(spec.widthMm * per_mm)),
               static_cast<int>(std::lround(spec.heightMm * per_mm)), QImage::Format_RGB32);
  if (image.isNull()) {
    throw Error(ExitCode::usage, fmt::format("a figure of {} x {} mm at {} dpi needs more memory "
                                             "than there is",
                                             spec.widthMm, spec.heightMm, spec.dpi));
  }
  image.fill(Qt::white);
  image.setText(QStringLiteral("Title"), title);
  paintPanels(plot, image, page.unit * spec.dpi / 72.0, false);
  image.setDotsPerMeterX(static_cast<int>(std::lround(per_mm * 1000)));
  image.setDotsPerMeterY(static_cast<int>(std::lround(per_mm * 1000)));
  QByteArray bytes;
  QBuffer buffer(&bytes);
  if (!image.save(&buffer, "PNG")) throw Error(ExitCode::io, "the figure could not be encoded");
  return bytes;
}

using Renderer = QByteArray (*)(const Plot&, const FigureSpec&, const Page&, const QString&);

Renderer rendererFor(const QString& path) {
  const QString suffix = QFileInfo(path).suffix().toLower();
  if (suffix == QLatin1String("pdf")) return pdf;
  if (suffix == QLatin1String("svg")) return svg;
  if (suffix == QLatin1String("png")) return png;
  throw Error(ExitCode::usage,
              fmt::format("figure '{}' must end in .pdf, .svg or .png", path.toStdString()));
}

}  // namespace

void writeFileAtomically(const QString& path, const QByteArray& bytes) {
  QSaveFile file(path);
  const auto sentence = [&](const char* what) {
    return fmt::format("file '{}' {}: {}", path.toStdString(), what,
                       file.errorString().toStdString());
  };
  if (!file.open(QIODevice::WriteOnly)) {
    throw Error(ExitCode::cannot_create, sentence("cannot be created"));
  }
  if (file.write(bytes) != bytes.size() || !file.commit()) {
    throw Error(ExitCode::io, sentence("cannot be written"));
  }
}

void exportFigure(const Plot& plot, const QString& path, const FigureSpec& spec) {
  const Renderer render = rendererFor(path);
  check(spec);
  const Page page = pageOf(spec);
  const std::unique_ptr<Plot> copy = paperCopy(plot, page);
  writeFileAtomically(path, render(*copy, spec, page, plot.accessibleName()));
  const QFileInfo info(path);
  writeFileAtomically(info.path() + u'/' + info.completeBaseName() + QStringLiteral(".csv"),
                      plot.csv().toUtf8());
}

}  // namespace ergo
