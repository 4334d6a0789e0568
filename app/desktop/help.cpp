// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/help.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QMap>
#include <QPushButton>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace ergo {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ergo::Help", text); }

void openText(QMainWindow* window, const char* name, const QString& title, const QString& html,
              const QSize& size) {
  auto* dialog = new QDialog(window);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName(QString::fromLatin1(name));
  dialog->setWindowTitle(title);
  auto* text = new QTextBrowser(dialog);
  text->setObjectName(QLatin1String(name) + QStringLiteral("Text"));
  text->setAccessibleName(title);
  text->setToolTip(title);
  text->setOpenExternalLinks(true);
  text->setHtml(html);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  QPushButton* close = buttons->button(QDialogButtonBox::Close);
  close->setObjectName(QLatin1String(name) + QStringLiteral("Close"));
  close->setAccessibleName(tr("Close"));
  close->setToolTip(tr("Closes this sheet"));
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
  auto* layout = new QVBoxLayout(dialog);
  layout->addWidget(text);
  layout->addWidget(buttons);
  dialog->resize(size);
  dialog->show();
}

QString row(const QString& keys, const QString& what) {
  return QStringLiteral("<tr><td><b>%1</b>&nbsp;&nbsp;</td><td>%2</td></tr>")
      .arg(keys.toHtmlEscaped(), what.toHtmlEscaped());
}

QString keyRows(QMainWindow* window) {
  QString rows;
  for (const QAction* action :
       window->findChildren<QAction*>(QString(), Qt::FindDirectChildrenOnly)) {
    if (action->shortcut().isEmpty() || action->objectName().isEmpty()) continue;
    const QString what =
        action->statusTip().isEmpty() ? action->text().remove('&') : action->statusTip();
    rows += row(action->shortcut().toString(QKeySequence::NativeText), what);
  }
  return rows;
}

QString plotRows() {
  return row(tr("Home"), tr("Show everything and follow the run again")) +
         row(tr("F"), tr("Follow the run, or stay")) +
         row(tr("+, -"), tr("Zoom in and out of the middle")) +
         row(tr("Arrows"), tr("Move the picture")) +
         row(tr("L"), tr("Potential: logarithmic axis of the distance to the lowest")) +
         row(tr("Ctrl+C"), tr("Copy the picture with the line that names its run")) +
         row(tr("?"), tr("What am I looking at")) +
         row(tr("Menu, right click"), tr("Everything that can be done with the picture")) +
         row(tr("Tab"), tr("To the next panel; a frame shows which one has the keys"));
}

QString mouseRows() {
  return row(tr("Wheel"), tr("Zoom at the pointer; over an axis only that axis")) +
         row(tr("Left drag"), tr("Zoom into a box")) +
         row(tr("Middle drag, Ctrl + left drag"), tr("Move the picture")) +
         row(tr("Double-click, Home"), tr("Show everything and follow the run again")) +
         row(tr("Pointer"), tr("Reads off the values under it"));
}

struct Notice {
  const char *name, *licence, *what;
};
constexpr Notice notices[] = {
    {"Qt 6", "LGPL-3.0", QT_TRANSLATE_NOOP("ergo::Help", "windows and painting")},
    {"QCustomPlot 2", "GPL-3.0-or-later", QT_TRANSLATE_NOOP("ergo::Help", "plots")},
    {"LibTorch", "BSD-3-Clause", QT_TRANSLATE_NOOP("ergo::Help", "tensors and gradients")},
    {"Eigen", "MPL-2.0", QT_TRANSLATE_NOOP("ergo::Help", "linear algebra")},
    {"spdlog and fmt", "MIT", QT_TRANSLATE_NOOP("ergo::Help", "logging and formatting")},
    {"JSON for Modern C++", "MIT", QT_TRANSLATE_NOOP("ergo::Help", "presets and results")},
    {"Random123", "BSD-3-Clause", QT_TRANSLATE_NOOP("ergo::Help", "counter-based random numbers")},
    {"CLI11", "BSD-3-Clause", QT_TRANSLATE_NOOP("ergo::Help", "command line")},
    {"zlib", "Zlib", QT_TRANSLATE_NOOP("ergo::Help", "compressed data files")},
    {"Fashion-MNIST", "MIT", QT_TRANSLATE_NOOP("ergo::Help", "image data set, by Zalando SE")}};

QString noticeRows() {
  QString rows;
  for (const Notice& notice : notices)
    rows +=
        QStringLiteral("<tr><td><b>%1</b>&nbsp;&nbsp;</td><td>%2&nbsp;&nbsp;</td><td>%3</td></tr>")
            .arg(QString::fromLatin1(notice.name), QString::fromLatin1(notice.licence),
                 tr(notice.what));
  return rows;
}

}  // namespace

void showShortcuts(QMainWindow* window) {
  const QString html =
      QStringLiteral("<h3>%1</h3><table>%2</table><h3>%3</h3><table>%4%5</table>")
          .arg(tr("Keys"), keyRows(window), tr("In a picture"), plotRows(), mouseRows());
  openText(window, "shortcutSheet", tr("Keys and mouse"), html, {620, 640});
}

void showAbout(QMainWindow* window) {
  const QString html =
      QStringLiteral("<h2>Ergoscope %1</h2><p>%2</p><p>%3</p><h3>%4</h3><table>%5</table>")
          .arg(QCoreApplication::applicationVersion(),
               tr("Meta-trains a learned sampler of Bayesian neural networks (L2E) and compares it "
                  "live with SGHMC, cyclical SGMCMC, deep ensembles and HMC."),
               tr("Licence: GNU General Public License, version 3 or later. There is no warranty."),
               tr("Third-party software and data"), noticeRows());
  openText(window, "aboutBox", tr("About Ergoscope"), html, {600, 520});
}

}  // namespace ergo
