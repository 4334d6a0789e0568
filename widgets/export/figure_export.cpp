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
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "widgets/export/clipping_device.h"
#include "widgets/export/figure_record.h"
#include "widgets/plots/plot.h"
#include "widgets/run_record.h"
#include "widgets/theme.h"

namespace ergo {

/// A page in points and the unit its pictures are laid out in: `font_px` of them are the wanted
/// font size, so that fractional sizes come out true although fonts have whole pixel sizes.
struct FigurePage {
  double width, height, unit;
  int font_px;
};

namespace {

using Page = FigurePage;

constexpr double points_per_mm = 72.0 / 25.4;

/// What the file is, for its own fields of title and content.
struct Note {
  QString title;      ///< of the picture, and its run
  QByteArray record;  ///< figureRecord
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
  copy->applyTheme(Theme::paper(page.font_px));  // first: without the ornaments of a screen
  copy->setMinimumSize(0, 0);
  copy->resize(static_cast<int>(std::lround(page.width / page.unit)),
               static_cast<int>(std::lround(page.height / page.unit)));
  copy->show();
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

QByteArray pdf(const Plot& plot, const FigureSpec& spec, const Page& page, const Note& note) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  QPdfWriter writer(&buffer);
  writer.setTitle(note.title);
  writer.setCreator(QStringLiteral("Ergoscope"));
  writer.setResolution(72);  // one device pixel is one point: fonts and pens come out true
  writer.setPageMargins(QMarginsF());
  writer.setPageSize(QPageSize(QSizeF(spec.widthMm, spec.heightMm), QPageSize::Millimeter,
                               QString(), QPageSize::ExactMatch));
  writer.addFileAttachment(plot.objectName() + QStringLiteral(".json"), note.record,
                           QStringLiteral("application/json"));
  paintPanels(plot, writer, page.unit, true);
  return bytes;
}

QByteArray svg(const Plot& plot, const FigureSpec& spec, const Page& page, const Note& note) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setResolution(2540);  // the size is given in whole pixels: here 0.01 mm
  generator.setSize(QSize(static_cast<int>(std::lround(spec.widthMm * 100)),
                          static_cast<int>(std::lround(spec.heightMm * 100))));
  generator.setViewBox(QRectF(0, 0, page.width, page.height));
  generator.setTitle(note.title);
  generator.setDescription(QStringLiteral("Ergoscope"));
  ClippingDevice device(&generator);
  paintPanels(plot, device, page.unit, true);
  const QByteArray metadata =
      "<metadata>" + QString::fromLatin1(note.record).toHtmlEscaped().toLatin1() + "</metadata>\n";
  return bytes.insert(std::max<qsizetype>(0, bytes.indexOf("<defs>")), metadata);
}

QByteArray png(const Plot& plot, const FigureSpec& spec, const Page& page, const Note& note) {
  const double per_mm = spec.dpi / 25.4;
  QImage image(static_cast<int>(std::lround(spec.widthMm * per_mm)),
               static_cast<int>(std::lround(spec.heightMm * per_mm)), QImage::Format_RGB32);
  if (image.isNull()) {
    throw Error(ExitCode::usage, fmt::format("a figure of {} x {} mm at {} dpi needs more memory "
                                             "than there is",
                                             spec.widthMm, spec.heightMm, spec.dpi));
  }
  image.fill(Qt::white);
  image.setText(QStringLiteral("Title"), note.title);
  image.setText(QStringLiteral("ergoscope"), QString::fromLatin1(note.record));
  paintPanels(plot, image, page.unit * spec.dpi / 72.0, false);
  image.setDotsPerMeterX(static_cast<int>(std::lround(per_mm * 1000)));
  image.setDotsPerMeterY(static_cast<int>(std::lround(per_mm * 1000)));
  QByteArray bytes;
  QBuffer buffer(&bytes);
  if (!image.save(&buffer, "PNG")) throw Error(ExitCode::io, "the figure could not be encoded");
  return bytes;
}

using Renderer = QByteArray (*)(const Plot&, const FigureSpec&, const Page&, const Note&);

Renderer rendererFor(const QString& suffix) {
  const QString kind = suffix.toLower();
  if (kind == QLatin1String("pdf")) return pdf;
  if (kind == QLatin1String("svg")) return svg;
  return kind == QLatin1String("png") ? png : nullptr;
}

/// Folder and name of a figure without its suffix.
QString baseOf(const QString& path) {
  const QFileInfo info(path);
  return info.path() + u'/' + info.completeBaseName();
}

std::string reasonOf(const QSaveFile& file) {
  return fmt::format("'{}' ({})", file.fileName().toStdString(), file.errorString().toStdString());
}

using SaveFiles = std::vector<std::unique_ptr<QSaveFile>>;

/// Fills a temporary file beside each target; those that cannot be filled are in the Error.
SaveFiles prepare(const QMap<QString, QByteArray>& files) {
  SaveFiles prepared;
  std::vector<std::string> problems;
  ExitCode code = ExitCode::io;
  for (auto it = files.begin(); it != files.end(); ++it) {
    auto file = std::make_unique<QSaveFile>(it.key());
    const bool open = file->open(QIODevice::WriteOnly);
    if (!open) code = ExitCode::cannot_create;
    if (!open || file->write(it.value()) != it.value().size() || !file->flush())
      problems.push_back(reasonOf(*file));
    prepared.push_back(std::move(file));
  }
  if (problems.empty()) return prepared;
  for (const auto& file : prepared) file->cancelWriting();
  throw Error(code, fmt::format("Nothing of the figure is written, because there is no writing to "
                                "{}.",
                                fmt::join(problems, " and ")));
}

}  // namespace

void writeFilesAtomically(const QMap<QString, QByteArray>& files) {
  std::vector<std::string> done, failed;
  for (const auto& file : prepare(files)) {
    if (file->commit())
      done.push_back(fmt::format("'{}'", file->fileName().toStdString()));
    else
      failed.push_back(reasonOf(*file));
  }
  if (failed.empty()) return;
  throw Error(ExitCode::io,
              fmt::format("Not written: {}; written: {}.", fmt::join(failed, ", "),
                          done.empty() ? "nothing" : fmt::format("{}", fmt::join(done, ", "))));
}

QStringList Figure::files(const QString& base, const QStringList& suffixes) {
  QStringList files;
  for (const QString& suffix : suffixes + QStringList{"csv", "json"}) files << base + u'.' + suffix;
  return files;
}

Figure::Figure(const Plot& plot, const QString& base, const FigureSpec& spec)
    : m_spec(spec), m_base(base) {
  check(spec);
  m_page = std::make_unique<FigurePage>(pageOf(spec));
  m_copy = paperCopy(plot, *m_page);
  const QByteArray csv = m_copy->csv().toUtf8();
  m_record = figureRecord(*m_copy, spec, csv);
  m_files.insert(base + QStringLiteral(".csv"), csv);
  m_files.insert(base + QStringLiteral(".json"), m_record);
}

Figure::~Figure() = default;

void Figure::render(const QString& suffix) {
  const QString run = m_copy->record().caption();
  const QString title =
      m_copy->accessibleName() + (run.isEmpty() ? run : QStringLiteral(" – ") + run);
  m_files.insert(m_base + u'.' + suffix,
                 rendererFor(suffix)(*m_copy, m_spec, *m_page, {title, m_record}));
}

void Figure::write() const { writeFilesAtomically(m_files); }

void exportFigure(const Plot& plot, const QString& path, const FigureSpec& spec) {
  const QString suffix = QFileInfo(path).suffix();
  if (!rendererFor(suffix))
    throw Error(ExitCode::usage,
                fmt::format("figure '{}' must end in .pdf, .svg or .png", path.toStdString()));
  Figure figure(plot, baseOf(path), spec);
  figure.render(suffix);
  figure.write();
}

QStringList figureFiles(const QString& path) {
  return Figure::files(baseOf(path), {QFileInfo(path).suffix()});
}

QString freshFigure(const QString& folder, const QString& name, const QString& suffix) {
  for (int number = 1;; ++number) {
    const QString count = number > 1 ? QStringLiteral("-%1").arg(number) : QString();
    const QString path = QStringLiteral("%1/%2%3.%4").arg(folder, name, count, suffix);
    const QStringList files = figureFiles(path);
    if (std::none_of(files.begin(), files.end(), [](const QString& f) { return QFile::exists(f); }))
      return path;
  }
}

}  // namespace ergo
