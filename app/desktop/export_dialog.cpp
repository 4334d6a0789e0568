// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/export_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStandardPaths>

#include "app/desktop/figure_job.h"
#include "core/base/error.h"
#include "widgets/run_record.h"

namespace ergo {
namespace {

struct Size {
  const char* label;
  double widthMm, heightMm;  // 0: own size
};
constexpr Size sizes[] = {
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "One journal column, 89 mm"), 89, 60},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "Two journal columns, 183 mm"), 183, 55},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "ICML column, 82.6 mm (3.25 in)"), 82.55, 55},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "ICML page, 171.5 mm (6.75 in)"), 171.45, 52},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "NeurIPS page, 139.7 mm (5.5 in)"), 139.7, 50},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "Slide, 254 mm"), 254, 143},
    {QT_TRANSLATE_NOOP("ergo::ExportDialog", "Own size"), 0, 0}};
constexpr int ownSize = static_cast<int>(std::size(sizes)) - 1;

template <class Control>
Control* named(Control* control, const char* name, const QString& label, const QString& tip) {
  control->setObjectName(QString::fromLatin1(name));
  control->setAccessibleName(label);
  control->setToolTip(tip);
  return control;
}

}  // namespace

ExportDialog::ExportDialog(const PlotBoard& board, const QString& plotId, QWidget* parent)
    : QDialog(parent), m_board(board) {
  setObjectName(QStringLiteral("exportDialog"));
  setWindowTitle(tr("Export figure"));
  build();
  m_plot->setCurrentIndex(std::max(0, m_plot->findData(plotId)));
  choosePlot();
  chooseFormat();
  connect(m_plot, &QComboBox::currentIndexChanged, this, &ExportDialog::choosePlot);
  connect(m_format, &QComboBox::currentIndexChanged, this, &ExportDialog::chooseFormat);
  connect(m_size, &QComboBox::activated, this, &ExportDialog::chooseSize);
}

QDoubleSpinBox* ExportDialog::makeLength(const char* name, const QString& label) {
  auto* box = named(new QDoubleSpinBox(this), name, label, tr("20 to 1000 mm on paper"));
  box->setLocale(QLocale::c());
  box->setRange(20, 1000);
  box->setDecimals(2);
  box->setSuffix(tr(" mm"));
  connect(box, &QDoubleSpinBox::editingFinished, this, [this, box] {
    if (box->value() != sizes[m_size->currentIndex()].widthMm) m_size->setCurrentIndex(ownSize);
  });
  return box;
}

void ExportDialog::build() {
  auto* form = new QFormLayout(this);
  m_plot = named(new QComboBox(this), "exportPlot", tr("Picture"), tr("Which picture is written"));
  for (const PlotBoard::Item& item : m_board.items())
    m_plot->addItem(plotTitle(*item.entry), QString::fromLatin1(item.entry->id));
  m_format = named(new QComboBox(this), "exportFormat", tr("Format"),
                   tr("PDF and SVG are vector graphics; PNG has the resolution below"));
  for (const char* format : {"pdf", "svg", "png"})
    m_format->addItem(QString::fromLatin1(format).toUpper(), QString::fromLatin1(format));
  m_size =
      named(new QComboBox(this), "exportSize", tr("Size"), tr("Printed sizes of common pages"));
  for (const Size& size : sizes) m_size->addItem(tr(size.label));
  m_width = makeLength("exportWidth", tr("Width"));
  m_height = makeLength("exportHeight", tr("Height"));
  m_font = named(new QDoubleSpinBox(this), "exportFont", tr("Text size"),
                 tr("Of axis labels and legends, in points"));
  m_font->setLocale(QLocale::c());
  m_font->setRange(4, 72);
  m_font->setSuffix(tr(" pt"));
  m_dpi = named(new QSpinBox(this), "exportDpi", tr("Resolution"), tr("Dots per inch of a PNG"));
  m_dpi->setRange(72, 2400);
  m_dpi->setSuffix(tr(" dpi"));
  form->addRow(tr("&Picture"), m_plot);
  form->addRow(tr("F&ormat"), m_format);
  form->addRow(tr("&Size"), m_size);
  form->addRow(tr("&Width"), m_width);
  form->addRow(tr("&Height"), m_height);
  form->addRow(tr("&Text size"), m_font);
  form->addRow(tr("&Resolution"), m_dpi);
  form->addRow(tr("&File"), makeFileRow());
  m_run = named(new QLabel(this), "exportRun", tr("Run"), tr("The run that the picture shows"));
  form->addRow(tr("Run"), m_run);
  m_error = named(new QLabel(this), "exportError", tr("Error"), QString());
  m_error->setWordWrap(true);
  form->addRow(m_error);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel, this);
  m_save = named(buttons->button(QDialogButtonBox::Save), "exportSave", tr("Save"),
                 tr("Writes the figure, its numbers as CSV and its record as JSON"));
  named(buttons->button(QDialogButtonBox::Cancel), "exportCancel", tr("Cancel"),
        tr("Closes without writing"));
  connect(buttons, &QDialogButtonBox::accepted, this, &ExportDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  form->addRow(buttons);
}

QWidget* ExportDialog::makeFileRow() {
  auto* row = new QWidget(this);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  m_path = named(new QLineEdit(row), "exportPath", tr("File"),
                 tr("The figure; its numbers and its record go beside it as CSV and JSON"));
  m_path->setMinimumWidth(320);
  auto* browseButton = named(new QPushButton(tr("Browse..."), row), "exportBrowse", tr("Browse"),
                             tr("Chooses the file"));
  browseButton->setAutoDefault(false);
  connect(m_path, &QLineEdit::textChanged, this, [this] {  // consent is for the listed files only
    m_agreed.clear();
    m_error->clear();
    m_save->setText(tr("&Save"));
  });
  layout->addWidget(m_path);
  layout->addWidget(browseButton);
  connect(browseButton, &QPushButton::clicked, this, &ExportDialog::browse);
  return row;
}

void ExportDialog::choosePlot() {
  const QString id = m_plot->currentData().toString();
  const Plot* plot = m_board.plot(id);
  if (!plot) return;
  const FigureSpec spec = defaultSpec(*plot);
  m_width->setValue(spec.widthMm);
  m_height->setValue(spec.heightMm);
  m_font->setValue(spec.fontPt);
  m_dpi->setValue(spec.dpi);
  m_size->setCurrentIndex(spec.widthMm == sizes[1].widthMm ? 1 : 0);
  const QString run = plot->record().caption();
  m_run->setText(run.isEmpty() ? tr("none yet") : run);
  propose();
}

/// A name in the user's documents (a fresh home has no such folder) that no file has.
void ExportDialog::propose() {
  QString folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
  if (!QFileInfo(folder).isDir()) folder = QDir::homePath();
  m_proposed =
      freshFigure(folder, m_plot->currentData().toString(), m_format->currentData().toString());
  m_path->setText(m_proposed);
}

void ExportDialog::chooseSize(int index) {
  if (index == ownSize) return;
  m_width->setValue(sizes[index].widthMm);
  m_height->setValue(sizes[index].heightMm);
}

void ExportDialog::chooseFormat() {
  const QString format = m_format->currentData().toString();
  m_dpi->setEnabled(format == QLatin1String("png"));
  if (m_path->text() == m_proposed) return propose();
  const QFileInfo file(m_path->text());
  m_path->setText(QDir(file.path()).filePath(file.completeBaseName() + QLatin1Char('.') + format));
}

void ExportDialog::browse() {
  auto* dialog = new QFileDialog(this, tr("Export figure"), m_path->text());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setOption(QFileDialog::DontConfirmOverwrite);  // it would ask for one of the files
  dialog->setDefaultSuffix(m_format->currentData().toString());
  connect(dialog, &QFileDialog::fileSelected, m_path, &QLineEdit::setText);
  dialog->open();
}

FigureSpec ExportDialog::spec() const {
  return {m_width->value(), m_height->value(), m_font->value(), m_dpi->value()};
}

/// Whether the user has seen that these files would be replaced; asks where not.
bool ExportDialog::isAgreed(const QStringList& existing) {
  if (existing.isEmpty() || existing == m_agreed) return true;
  m_agreed = existing;
  QStringList names;
  for (const QString& file : existing) names << QFileInfo(file).fileName();
  m_error->setText(tr("In '%1' these files exist: %2. Press Replace to replace them.")
                       .arg(QFileInfo(existing.first()).path(), names.join(QStringLiteral(", "))));
  m_save->setText(tr("&Replace"));
  return false;
}

void ExportDialog::accept() {
  const Plot* plot = m_board.plot(m_plot->currentData().toString());
  if (!plot) return reject();
  QStringList existing;
  for (const QString& file : figureFiles(m_path->text()))
    if (QFileInfo::exists(file)) existing << file;
  if (!isAgreed(existing)) return;
  try {
    exportFigure(*plot, m_path->text(), spec());
  } catch (const Error& error) {
    m_error->setText(QString::fromStdString(error.what()));
    return;
  }
  Q_EMIT exported(m_path->text());
  QDialog::accept();
}

}  // namespace ergo
