// SPDX-License-Identifier: GPL-3.0-or-later
#include <qcustomplot.h>

#include <QCryptographicHash>
#include <QDir>
#include <QHashSeed>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "tests/widgets/sample_events.h"
#include "widgets/export/figure_export.h"
#include "widgets/plots/live_plot.h"
#include "widgets/theme.h"

using namespace ergo;

namespace {

/// Standard output of a program; a missing or failing one is a failure of the test.
QString outputOf(const QString& program, const QStringList& arguments) {
  QProcess process;
  process.start(program, arguments);
  if (!process.waitForFinished() || process.exitCode() != 0) {
    return QStringLiteral("FAILED %1: %2").arg(program, process.errorString());
  }
  return QString::fromUtf8(process.readAllStandardOutput());
}

QByteArray contentOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::unique_ptr<Plot> darkPlot(const char* id) {
  std::unique_ptr<Plot> plot = sample::make(id);
  plot->resize(700, 420);
  plot->applyTheme(Theme::night());
  plot->show();
  sample::feed(*plot);
  plot->refresh();
  return plot;
}

/// What exportFigure throws; ExitCode::ok when it does not.
ExitCode codeOf(const Plot& plot, const QString& path, const FigureSpec& spec, QString* text) {
  try {
    exportFigure(plot, path, spec);
  } catch (const Error& error) {
    *text = QString::fromStdString(error.what());
    return error.code();
  }
  return ExitCode::ok;
}

/// Where an SVG has lines and areas, in units of its page.
struct SvgInk {
  QRectF box, curves;  ///< of everything; of what is stroked in the colour of a sampler
  int points = 0;
  void add(QPointF at, bool curve) {
    ++points;
    const QRectF dot(at, QSizeF(1e-9, 1e-9));
    box = box.isNull() ? dot : box | dot;
    if (curve) curves = curves.isNull() ? dot : curves | dot;
  }
};

QTransform matrixOf(const QString& text) {
  static const QRegularExpression pattern(R"(matrix\(([^)]*)\))");
  const QStringList v = pattern.match(text).captured(1).split(',');
  if (v.size() != 6) return {};
  return {v[0].toDouble(), v[1].toDouble(), v[2].toDouble(),
          v[3].toDouble(), v[4].toDouble(), v[5].toDouble()};
}

bool isSamplerColor(const QString& stroke) {
  for (const char* id : {"sghmc", "csgmcmc", "deep_ensemble", "l2e"})
    if (stroke == Theme::light().sampler(id).name()) return true;
  return false;
}

/// Polylines, paths and images with the transformations of their groups; texts are not looked at.
SvgInk inkOf(const QByteArray& content) {
  SvgInk ink;
  QXmlStreamReader reader(content);
  QVector<std::pair<QTransform, bool>> groups{{QTransform(), false}};
  static const QRegularExpression number(R"(-?\d+\.?\d*(?:e-?\d+)?)");
  while (!reader.atEnd()) {
    const auto token = reader.readNext();
    const auto attributes = reader.attributes();
    if (token == QXmlStreamReader::EndElement && reader.name() == u"g") groups.removeLast();
    if (token != QXmlStreamReader::StartElement) continue;
    if (reader.name() == u"g") {
      const auto stroke = attributes.value("stroke").toString();
      groups.append({matrixOf(attributes.value("transform").toString()) * groups.last().first,
                     stroke.isEmpty() ? groups.last().second : isSamplerColor(stroke)});
    }
    const bool line = reader.name() == u"polyline";
    const QString text = attributes.value(line ? "points" : "d").toString();
    if (!line && reader.name() != u"path") continue;
    QVector<double> values;
    for (auto it = number.globalMatch(text); it.hasNext();)
      values.append(it.next().captured().toDouble());
    const bool curve = line && groups.last().second && values.size() > 4;  // else of a legend
    for (qsizetype i = 0; i + 1 < values.size(); i += 2)
      ink.add(groups.last().first.map(QPointF(values[i], values[i + 1])), curve);
  }
  return ink;
}

void everyPlot() {
  QTest::addColumn<QString>("id");
  for (const PlotEntry& entry : plotEntries()) QTest::addRow("%s", entry.id) << QString(entry.id);
}

}  // namespace

class TestExport : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() { QVERIFY(m_folder.isValid()); }

  void pdf_data() { everyPlot(); }
  void pdf() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    const QString path = m_folder.filePath(id + ".pdf");
    exportFigure(*plot, path, {89, 60, 8, 600});
    QRegularExpression size(R"(Page size:\s+([\d.]+) x ([\d.]+) pts)");
    const QString info = outputOf("pdfinfo", {path});
    const auto match = size.match(info);
    QVERIFY2(match.hasMatch(), qPrintable(info));
    QVERIFY(std::abs(match.captured(1).toDouble() / 72 * 25.4 - 89) < 0.2);
    QVERIFY(std::abs(match.captured(2).toDouble() / 72 * 25.4 - 60) < 0.2);
    QVERIFY(info.contains(QRegularExpression("Pages:\\s+1\\n")));

    const QStringList fonts = outputOf("pdffonts", {path}).split('\n', Qt::SkipEmptyParts);
    QVERIFY2(fonts.size() > 2, qPrintable(fonts.join('\n')));
    for (const QString& font : fonts.mid(2)) {
      QVERIFY2(font.contains("TrueType") && !font.contains("Type 3"), qPrintable(font));
      QVERIFY2(font.contains("LiberationSans"), qPrintable(font));
      QVERIFY2(font.contains(QRegularExpression("\\byes\\b")), qPrintable(font));
    }
    const QString text = outputOf("pdftotext", {"-layout", path, "-"});
    QVERIFY2(text.contains(id == "meta" ? "outer iteration" : "SGHMC"), qPrintable(text));
    const QString images = outputOf("pdfimages", {"-list", path});
    QVERIFY2(!images.startsWith("FAILED") && !images.contains("jpeg"), qPrintable(images));
    if (id == "diversity") QVERIFY2(images.contains("image"), qPrintable(images));
  }

  // All text must lie on the page: a title or legend that sticks out would be cut by the printer.
  void textLiesOnThePage_data() { everyPlot(); }
  void textLiesOnThePage() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    const QString path = m_folder.filePath("box-" + id + ".pdf");
    exportFigure(*plot, path, {89, 60, 8, 600});
    const QString boxes = outputOf("pdftotext", {"-bbox", path, "-"});
    static const QRegularExpression word(
        R"re(<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">)re");
    int words = 0;
    for (auto it = word.globalMatch(boxes); it.hasNext(); ++words) {
      const auto box = it.next();
      QVERIFY2(box.captured(1).toDouble() >= -0.5 && box.captured(2).toDouble() >= -1.0 &&
                   box.captured(3).toDouble() <= 253 && box.captured(4).toDouble() <= 171,
               qPrintable(box.captured(0)));
    }
    QVERIFY(words > 5);
  }

  void svg_data() { everyPlot(); }
  void svg() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    const QString path = m_folder.filePath(id + ".svg");
    exportFigure(*plot, path, {89, 60, 8, 600});
    const QByteArray content = contentOf(path);
    QXmlStreamReader reader(content);
    QVERIFY(reader.readNextStartElement());
    const auto root = reader.attributes();
    QCOMPARE(root.value("width").toString(), QString("89mm"));
    QCOMPARE(root.value("height").toString(), QString("60mm"));
    const QStringList box = root.value("viewBox").toString().split(' ');
    QVERIFY(std::abs(box.value(2).toDouble() - 89 / 25.4 * 72) < 0.01);
    while (!reader.atEnd()) reader.readNext();
    QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
    QVERIFY(content.contains("font-family=\"Liberation Sans\""));
    QVERIFY(content.contains("font-size=\"8\""));
    QVERIFY(!content.contains("Sans Serif"));
  }

  void png_data() { everyPlot(); }
  void png() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    const QString path = m_folder.filePath(id + ".png");
    exportFigure(*plot, path, {89, 60, 8, 300});
    const QImage image(path);
    QCOMPARE(image.size(), QSize(1051, 709));
    QCOMPARE(image.dotsPerMeterX(), 11811);
    QCOMPARE(image.dotsPerMeterY(), 11811);
    // Paper: white corners, light sampler colours, though the screen is dark.
    for (const QPoint corner : {QPoint(0, 0), QPoint(1050, 0), QPoint(0, 708), QPoint(1050, 708)}) {
      QCOMPARE(image.pixelColor(corner), QColor(Qt::white));
    }
    bool paper = false, screen = false;
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        paper |= image.pixelColor(x, y) == Theme::light().sampler("l2e");
        screen |= image.pixelColor(x, y) == Theme::night().background;
      }
    }
    QVERIFY(paper);
    QVERIFY(!screen);
  }

  void screenStaysAsItIs_data() { everyPlot(); }
  void screenStaysAsItIs() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    QCPAxisRect* rect = plot->panels().front()->axisRects().first();
    rect->axis(QCPAxis::atBottom)->scaleRange(0.5);  // somebody's zoom
    plot->panels().front()->replot();
    const QImage before = plot->grab().toImage();
    const QCPRange range = rect->axis(QCPAxis::atBottom)->range();
    exportFigure(*plot, m_folder.filePath("still.png"), {89, 60, 8, 150});
    QCOMPARE(rect->axis(QCPAxis::atBottom)->range(), range);
    plot->panels().front()->replot();
    QCOMPARE(plot->grab().toImage(), before);
    QVERIFY(!plot->isDirty());
  }

  void zoomIsExported() {
    auto plot = darkPlot("trace");
    QCPAxis* x = plot->panels().front()->axisRects().first()->axis(QCPAxis::atBottom);
    x->setRange(1000, 3000);
    const auto copy = plot->clone();
    const auto* axis = copy->panels().front()->axisRects().first()->axis(QCPAxis::atBottom);
    QCOMPARE(axis->range(), QCPRange(1000, 3000));
    QVERIFY(!static_cast<LivePlot*>(copy.get())->isFollowing());
  }

  void dataLieBeside() {
    auto plot = darkPlot("reliability");
    exportFigure(*plot, m_folder.filePath("a.b.pdf"));
    QCOMPARE(contentOf(m_folder.filePath("a.b.csv")), plot->csv().toUtf8());
    const QStringList lines = plot->csv().split('\n');
    QCOMPARE(lines[0], QString("sampler,draws,predicted,observed,weight,test_points"));
    QVERIFY(lines[3].startsWith("sghmc,40,0.15,,"));  // the empty bin
    QCOMPARE(lines.size(), 1 + 4 * 19 + 1);
  }

  void fractionalFontSizes() {
    auto plot = darkPlot("meta");
    const QString path = m_folder.filePath("small.pdf");
    exportFigure(*plot, path, {183, 80, 6.5, 600});
    const QString boxes = outputOf("pdftotext", {"-bbox", path, "-"});
    // A line of Liberation Sans is 1.149 em high, so the box of any word tells the size.
    static const QRegularExpression word(
        R"re(yMin="([-\d.]+)" xMax="[-\d.]+" yMax="([-\d.]+)">outer)re");
    const auto match = word.match(boxes);
    QVERIFY2(match.hasMatch(), qPrintable(boxes));
    const double height = match.captured(2).toDouble() - match.captured(1).toDouble();
    QVERIFY2(std::abs(height / 6.5 - 1.12) < 0.08, qPrintable(QString::number(height)));
  }

  /// The record lies beside the figure and inside every format; equal bytes.
  void recordLiesBesideAndInside_data() { everyPlot(); }
  void recordLiesBesideAndInside() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    plot->consume(RunFinished{1, "completed", "", {"aa", "bb", "cc", "dd"}});
    const FigureSpec spec{89, 60, 8, 300};
    const QString base = m_folder.filePath("record-" + id);
    Figure figure(*plot, base, spec);
    for (const char* suffix : {"pdf", "svg", "png"}) figure.render(suffix);
    figure.write();
    const QByteArray record = contentOf(base + ".json");
    const auto json = nlohmann::json::parse(record.toStdString());
    QVERIFY(json["plot"] == id.toStdString());
    const QByteArray csv = contentOf(base + ".csv");
    QVERIFY(json["csv_sha256"] ==
            QCryptographicHash::hash(csv, QCryptographicHash::Sha256).toHex().toStdString());
    QVERIFY(!json["panels"].empty());
    if (id != "meta") {
      const auto& run = json["run"];
      QVERIFY(run["preset"] == "toy-foong" && run["seed"] == "3");
      QVERIFY(run["samplers"][1]["draws_sha256"] == "bb");
      QVERIFY(run["resolved_preset"]["gradient_evaluations"] == 20000);
      QVERIFY(run["versions"]["stream_version"] == 2);
    }
    outputOf("pdfdetach", {"-saveall", "-o", m_folder.path(), base + ".pdf"});
    QCOMPARE(contentOf(m_folder.filePath(id + ".json")), record);
    QCOMPARE(QImage(base + ".png").text("ergoscope").toLatin1(), record);
    QXmlStreamReader svg(contentOf(base + ".svg"));
    QString metadata;
    while (!svg.atEnd())
      if (svg.readNext() == QXmlStreamReader::StartElement && svg.name() == u"metadata")
        metadata = svg.readElementText();
    QVERIFY2(!svg.hasError(), qPrintable(svg.errorString()));
    QCOMPARE(metadata.toLatin1(), record);
  }

  /// Zoomed far into the data: what lies outside the axes is cut, though Qt's SVG knows no clips.
  void svgStaysInsideItsAxes_data() { everyPlot(); }
  void svgStaysInsideItsAxes() {
    QFETCH(QString, id);
    auto plot = darkPlot(id.toLatin1().constData());
    QCPAxisRect* rect = plot->panels().front()->axisRects().first();
    for (const auto side : {QCPAxis::atBottom, QCPAxis::atLeft})
      rect->axis(side)->scaleRange(0.2, rect->axis(side)->range().center());
    const QString path = m_folder.filePath("inside-" + id + ".svg");
    exportFigure(*plot, path, {89, 60, 8, 600});
    const SvgInk ink = inkOf(contentOf(path));
    QVERIFY(ink.points > 100);
    const double width = 89 / 25.4 * 72, height = 60 / 25.4 * 72;
    const QRectF page(-0.5, -0.5, width + 1, height + 1);
    QVERIFY2(page.contains(ink.box), qPrintable(QString("%1 %2 %3 %4")
                                                    .arg(ink.box.left())
                                                    .arg(ink.box.top())
                                                    .arg(ink.box.right())
                                                    .arg(ink.box.bottom())));
    // Curves in the colours of samplers end at the frame: tick labels lie below it.
    if (!ink.curves.isEmpty()) QVERIFY(ink.curves.bottom() < height - 20);
    if (!ink.curves.isEmpty()) QVERIFY(ink.curves.left() > 15);
  }

  /// Hashes start differently in every process; a file must not.
  void svgIsTheSameInEveryProcess_data() { everyPlot(); }
  void svgIsTheSameInEveryProcess() {
    QFETCH(QString, id);
    QByteArray first;
    for (int process = 0; process < 4; ++process) {
      process == 0 ? QHashSeed::setDeterministicGlobalSeed() : QHashSeed::resetRandomGlobalSeed();
      auto plot = darkPlot(id.toLatin1().constData());
      const QString path = m_folder.filePath(QString("order-%1-%2.svg").arg(id).arg(process));
      exportFigure(*plot, path, {89, 60, 8, 600});
      if (process == 0) first = contentOf(path);
      QVERIFY(contentOf(path) == first);
    }
  }

  void trainingDataLieBesideTheirFigure() {
    auto plot = darkPlot("predictive");
    const RunStarted start = sample::started();
    const QStringList lines = plot->csv().split('\n', Qt::SkipEmptyParts);
    QVERIFY(lines[0].endsWith(",training_y"));
    QStringList training;
    for (const QString& line : lines.mid(1))
      if (line.startsWith(",,")) training << line;
    QCOMPARE(training.size(), static_cast<qsizetype>(start.curve.train_x.size()));
    const QStringList fields = training[7].split(',');
    QCOMPARE(fields.size(), lines[0].split(',').size());
    QCOMPARE(fields[2].toDouble(), start.curve.train_x[7]);
    QCOMPARE(fields.last().toDouble(), start.curve.train_y[7]);
  }

  void freshNamesAvoidEveryFileOfAFigure() {
    const QTemporaryDir folder;
    const auto fresh = [&folder] {
      return QFileInfo(freshFigure(folder.path(), "predictive", "pdf")).fileName();
    };
    QCOMPARE(fresh(), QString("predictive.pdf"));
    writeFilesAtomically({{folder.filePath("predictive.csv"), "mine"}});
    QCOMPARE(fresh(), QString("predictive-2.pdf"));
    writeFilesAtomically({{folder.filePath("predictive-2.json"), "mine"}});
    QCOMPARE(fresh(), QString("predictive-3.pdf"));
  }

  /// One file that cannot be written: nothing of the figure is, and what was there stays.
  void figureIsWrittenWholeOrNot() {
    const QTemporaryDir folder;
    const QString base = folder.filePath("whole");
    writeFilesAtomically({{base + ".pdf", "old picture"}});
    QVERIFY(QDir().mkdir(base + ".csv"));
    auto plot = darkPlot("trace");
    QString text;
    QCOMPARE(codeOf(*plot, base + ".pdf", {}, &text), ExitCode::cannot_create);
    QVERIFY2(text.contains("whole.csv"), qPrintable(text));
    QCOMPARE(contentOf(base + ".pdf"), QByteArray("old picture"));
    QVERIFY(!QFile::exists(base + ".json"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList("whole.pdf"));
  }

  void errorsNameTheFile() {
    auto plot = darkPlot("trace");
    QString text;
    QCOMPARE(codeOf(*plot, m_folder.filePath("x.gif"), {}, &text), ExitCode::usage);
    QVERIFY2(text.contains("x.gif") && text.contains(".pdf, .svg or .png"), qPrintable(text));
    const QString missing = m_folder.filePath("no/such/folder/x.pdf");
    QCOMPARE(codeOf(*plot, missing, {}, &text), ExitCode::cannot_create);
    QVERIFY2(text.contains(missing), qPrintable(text));
    QCOMPARE(codeOf(*plot, m_folder.filePath("x.pdf"), {0, 60, 8, 600}, &text), ExitCode::usage);
    QVERIFY2(text.contains("width"), qPrintable(text));
    QVERIFY(!QFile::exists(m_folder.filePath("x.pdf")));
    QVERIFY(!QFile::exists(m_folder.filePath("x.csv")));
  }

  void writingReplacesWhole() {
    const QString path = m_folder.filePath("data.csv");
    writeFilesAtomically({{path, "first version, long"}});
    writeFilesAtomically({{path, "second"}});
    QCOMPARE(contentOf(path), QByteArray("second"));
    QVERIFY(QDir(m_folder.path()).entryList({"data.csv*"}).size() == 1);
  }

 private:
  QTemporaryDir m_folder;
};

QTEST_MAIN(TestExport)
#include "tst_export.moc"
