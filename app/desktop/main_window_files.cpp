// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, saving, exporting, and the orderly end of the window.
#include <QCloseEvent>
#include <QDir>
#include <QFileDialog>
#include <QMessageBox>
#include <QPushButton>
#include <QStandardPaths>
#include <QStatusBar>
#include <QTimer>

#include "app/desktop/export_dialog.h"
#include "app/desktop/log_view.h"
#include "app/desktop/main_window.h"
#include "app/desktop/preset_gallery.h"
#include "core/base/error.h"
#include "core/base/printable.h"
#include "core/presets/store.h"

namespace ergo {
namespace {

QFileDialog* makeDialog(QWidget* parent, const char* name, const QString& title) {
  auto* dialog = new QFileDialog(parent, title);
  dialog->setObjectName(QString::fromLatin1(name));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  return dialog;
}

/// The first of "<name>", "<name>-2", "<name>-3", ... that does not exist.
QString freshFolder(const QString& parent, const QString& name) {
  QString folder = parent + QLatin1Char('/') + name;
  for (int i = 2; QFileInfo::exists(folder); ++i)
    folder = QStringLiteral("%1/%2-%3").arg(parent, name).arg(i);
  return folder;
}

}  // namespace

Services Services::real() {
  Services services;
  services.run = [](const Preset& preset, const RunOptions& options, const EventSink& sink,
                    RunControl& control) { return ergo::run(preset, options, sink, control); };
  services.metaTrain = [](const Preset& preset, const MetaOptions& options, const EventSink& sink,
                          RunControl& control) {
    MetaResult result = meta_train(preset, options, sink, control);
    if (result.unsaved) throw *result.unsaved;
    return result;
  };
  return services;
}

bool MainWindow::openPreset(const QString& idOrPath) {
  try {
    const Preset preset = load_preset(idOrPath.toStdString());
    if (preset.kind() == "meta-train") {
      m_meta->openPreset(idOrPath);
      m_layout.raise(QStringLiteral("metaTraining"));
    } else {
      m_document->open(idOrPath);
      m_gallery->select(QString::fromStdString(preset.id));
    }
    return true;
  } catch (const Error& error) {
    m_gallery->select(QString::fromStdString(m_document->preset().id));
    showError(static_cast<int>(error.code()), QString::fromStdString(error.what()));
    return false;
  }
}

void MainWindow::openFirstPreset() {
  const QString first = m_gallery->firstToTry();
  if (!first.isEmpty()) openPreset(first);
}

void MainWindow::askPreset() {
  QFileDialog* dialog = makeDialog(this, "openPresetDialog", tr("Open preset"));
  dialog->setNameFilter(tr("Presets (*.json)"));
  dialog->setFileMode(QFileDialog::ExistingFile);
  dialog->setDirectory(QString::fromStdString(preset_folder().string()));
  connect(dialog, &QFileDialog::fileSelected, this,
          [this](const QString& path) { openPreset(path); });
  dialog->open();
}

void MainWindow::askPresetTarget() {
  QFileDialog* dialog = makeDialog(this, "savePresetDialog", tr("Save preset as"));
  dialog->setNameFilter(tr("Presets (*.json)"));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("json"));
  dialog->selectFile(QString::fromStdString(m_document->preset().id) + QStringLiteral(".json"));
  connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::savePresetAs);
  dialog->open();
}

void MainWindow::savePresetAs(const QString& path) {
  try {
    m_document->saveAs(path);
    m_document->history()->setClean();
    statusBar()->showMessage(tr("Preset written to %1.").arg(path), 10000);
  } catch (const Error& error) {
    showError(static_cast<int>(error.code()), QString::fromStdString(error.what()));
  }
}

void MainWindow::askResultFolder() {
  QFileDialog* dialog =
      makeDialog(this, "saveResultDialog", tr("Save result in a new or empty folder"));
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::saveResult);
  dialog->open();
}

void MainWindow::saveResult(const QString& folder) {
  const auto result = m_runs->result();
  if (!result) return;
  m_background->run([result, folder] { archive(*result, folder.toStdString(), ArchiveOptions{}); },
                    [this, folder](int code, const QString& sentence) {
                      if (code != 0) return showError(code, sentence);
                      m_log->add(QStringLiteral("info"), tr("Result written to %1.").arg(folder));
                      statusBar()->showMessage(tr("Result written to %1.").arg(folder), 10000);
                    });
}

void MainWindow::openExportDialog() {
  QString id = QString::fromLatin1(m_board->items().front().entry->id);
  for (const PlotBoard::Item& item : m_board->items())
    if (item.plot == QApplication::focusWidget() ||
        item.plot->isAncestorOf(QApplication::focusWidget()))
      id = QString::fromLatin1(item.entry->id);
  openExportDialog(id);
}

void MainWindow::openExportDialog(const QString& plotId) {
  auto* dialog = new ExportDialog(*m_board, plotId, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &ExportDialog::exported, this, [this](const QString& path) {
    m_log->add(QStringLiteral("info"), tr("Figure written to %1.").arg(path));
  });
  dialog->open();
}

void MainWindow::askFigureFolder() {
  QFileDialog* dialog = makeDialog(this, "exportAllDialog", tr("Export all figures into a folder"));
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::exportAll);
  dialog->open();
}

void MainWindow::exportAll(const QString& folder) {
  const QStringList existing = m_figures->existing(folder);
  if (existing.isEmpty()) return m_figures->start(folder, false);
  QStringList names;
  for (const QString& file : existing) names << QFileInfo(file).fileName();
  auto* box = new QMessageBox(
      QMessageBox::Question, tr("Export all figures"),
      tr("%n file(s) in '%1' would be replaced:", nullptr, static_cast<int>(names.size()))
          .arg(folder),
      QMessageBox::Cancel, this);
  box->setInformativeText(names.join(QStringLiteral(", ")));
  QPushButton* replace = box->addButton(tr("&Replace"), QMessageBox::AcceptRole);
  replace->setObjectName(QStringLiteral("replaceFigures"));
  box->setDefaultButton(QMessageBox::Cancel);
  box->setObjectName(QStringLiteral("replaceBox"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  connect(box, &QMessageBox::accepted, this, [this, folder] { m_figures->start(folder, true); });
  box->open();
}

void MainWindow::showError(int exitCode, const QString& text) {
  const QString sentence = QString::fromStdString(printable(text.toStdString()));
  m_log->add(QStringLiteral("error"), sentence);
  Q_EMIT errorShown(exitCode, sentence);
  if (m_services.quiet || m_closing) return;
  auto* box =
      new QMessageBox(QMessageBox::Warning, tr("Ergoscope"), sentence, QMessageBox::Ok, this);
  box->setObjectName(QStringLiteral("errorBox"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();  // never exec(): a nested event loop would hold up whoever reported the error
}

/// A run that closing the window cuts short is kept: in the application's own data folder.
void MainWindow::saveInterrupted() {
  const auto result = m_runs->result();
  if (!result || result->reason == "completed") return;
  const QString base = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
  const QString name =
      QStringLiteral("%1-s%2").arg(QString::fromStdString(result->preset)).arg(result->seed);
  const QString parent = base + QStringLiteral("/interrupted");
  QDir().mkpath(parent);
  saveResult(freshFolder(parent, name));
}

bool MainWindow::isBusy() {
  return m_runs->bridge()->isRunning() || m_meta->bridge()->isRunning() || m_background->isBusy() ||
         m_figures->isBusy();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!isBusy()) {
    rememberView();
    event->accept();
    Q_EMIT closed();
    return;
  }
  event->ignore();
  if (m_closing) return;
  m_closing = true;
  rememberView();
  hide();  // at once; the work ends within a transition and then finishClosing() comes
  m_runs->stop();
  m_meta->stop();
}

/// Asked again in the next turn of the event loop: whoever hears of the same end may save first.
void MainWindow::finishClosing() {
  if (!m_closing) return;
  QTimer::singleShot(0, this, [this] {
    if (!isBusy()) Q_EMIT closed();
  });
}

}  // namespace ergo
