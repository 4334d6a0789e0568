// SPDX-License-Identifier: GPL-3.0-or-later
#include <qcustomplot.h>

#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

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
    QCOMPARE(lines[0], QString("sampler,draws,predicted,observed,weight"));
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
    writeFileAtomically(path, "first version, long");
    writeFileAtomically(path, "second");
    QCOMPARE(contentOf(path), QByteArray("second"));
    QVERIFY(QDir(m_folder.path()).entryList({"data.csv*"}).size() == 1);
  }

 private:
  QTemporaryDir m_folder;
};

QTEST_MAIN(TestExport)
#include "tst_export.moc"
