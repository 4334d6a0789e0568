// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions.h"

#include <QCoreApplication>

#include "app/desktop/icons.h"

namespace ergo {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ergo::Actions", text); }

QAction* make(QMainWindow* window, const char* name, const QString& text, const QString& tip,
              const QKeySequence& key = {}) {
  auto* action = new QAction(text, window);
  action->setObjectName(QString::fromLatin1(name));
  action->setShortcut(key);
  const QString keys = key.isEmpty()
                           ? QString()
                           : QStringLiteral(" (%1)").arg(key.toString(QKeySequence::NativeText));
  action->setToolTip(tip + keys);
  action->setStatusTip(tip);
  return action;
}

void makeFileActions(Actions& a, QMainWindow* w) {
  a.openPreset =
      make(w, "openPreset", tr("&Open preset..."), tr("Loads a preset file"), QKeySequence::Open);
  a.savePreset = make(w, "savePreset", tr("&Save preset as..."),
                      tr("Writes the preset with all edits to a file"), QKeySequence::Save);
  a.saveResult = make(w, "saveResult", tr("Save &result..."),
                      tr("Writes result, preset, manifest and tables of the last run to a folder"),
                      QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S));
  a.exportFigure = make(w, "exportFigure", tr("&Export figure..."),
                        tr("Writes one picture at its printed size, with its numbers"),
                        QKeySequence(Qt::CTRL | Qt::Key_E));
  a.exportAll = make(w, "exportAll", tr("Export &all figures..."),
                     tr("Writes every picture as PDF, SVG and PNG with its numbers"),
                     QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E));
  a.quit = make(w, "quit", tr("&Quit"), tr("Stops a run within a step, saves it and ends"),
                QKeySequence(Qt::CTRL | Qt::Key_Q));
}

void makeRunActions(Actions& a, QMainWindow* w) {
  a.run = make(w, "run", tr("&Run"), tr("Runs every sampler of the preset"),
               QKeySequence(Qt::CTRL | Qt::Key_R));
  a.pause = make(w, "pause", tr("&Pause"), tr("Pauses or resumes all chains"),
                 QKeySequence(Qt::Key_Space));
  a.step = make(w, "step", tr("S&tep"), tr("Pauses, and takes one transition of every chain"),
                QKeySequence(Qt::Key_Period));
  a.stop =
      make(w, "stop", tr("&Stop"), tr("Ends the run at the next transition; what exists is kept"),
           QKeySequence(Qt::CTRL | Qt::Key_Period));
}

void makeTheme(Actions& a, QMainWindow* w) {
  a.theme = new QActionGroup(w);
  const struct {
    const char *id, *text, *tip;
  } rows[] = {
      {"system", QT_TRANSLATE_NOOP("ergo::Actions", "S&ystem theme"),
       QT_TRANSLATE_NOOP("ergo::Actions", "Light or dark as the desktop is")},
      {"light", QT_TRANSLATE_NOOP("ergo::Actions", "&Light theme"),
       QT_TRANSLATE_NOOP("ergo::Actions", "Dark text on white, for bright rooms and projectors")},
      {"dark", QT_TRANSLATE_NOOP("ergo::Actions", "&Dark theme"),
       QT_TRANSLATE_NOOP("ergo::Actions", "Light text on dark, for dim rooms")}};
  for (const auto& row : rows) {
    QAction* action = make(w, row.id, tr(row.text), tr(row.tip));
    action->setObjectName(QStringLiteral("theme.") + QLatin1String(row.id));
    action->setData(QString::fromLatin1(row.id));
    action->setCheckable(true);
    a.theme->addAction(action);
  }
}

void makeViewActions(Actions& a, QMainWindow* w) {
  a.resetLayout = make(w, "resetLayout", tr("&Reset layout"),
                       tr("Puts every panel back where it was at first"));
  a.fullScreen = make(w, "fullScreen", tr("&Full screen"), tr("Uses the whole screen"),
                      QKeySequence(Qt::Key_F11));
  a.fullScreen->setCheckable(true);
  a.shortcuts = make(w, "shortcuts", tr("&Keys and mouse"), tr("Lists every key and mouse gesture"),
                     QKeySequence(Qt::Key_F1));
  a.about =
      make(w, "about", tr("&About Ergoscope"), tr("Version, licence and third-party notices"));
}

}  // namespace

Actions makeActions(QMainWindow* window, QUndoGroup* history) {
  Actions a{};
  makeFileActions(a, window);
  makeRunActions(a, window);
  makeTheme(a, window);
  makeViewActions(a, window);
  a.undo = history->createUndoAction(window);
  a.undo->setObjectName(QStringLiteral("undo"));
  a.undo->setShortcut(QKeySequence::Undo);
  a.redo = history->createRedoAction(window);
  a.redo->setObjectName(QStringLiteral("redo"));
  a.redo->setShortcuts(
      {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y)});
  return a;
}

void enableActions(const Actions& a, RunState state, bool presetOpen, bool hasResult) {
  const bool idle = state == RunState::idle;
  const bool controllable = state == RunState::running || state == RunState::paused;
  a.run->setEnabled(idle && presetOpen);
  a.pause->setEnabled(controllable);
  a.step->setEnabled(controllable);
  a.stop->setEnabled(controllable);
  a.savePreset->setEnabled(presetOpen);
  a.saveResult->setEnabled(idle && hasResult);
  a.pause->setText(state == RunState::paused ? tr("&Resume") : tr("&Pause"));
}

void refreshIcons(const Actions& a, const QColor& colour, RunState state) {
  a.run->setIcon(transportIcon(Glyph::play, colour));
  a.pause->setIcon(transportIcon(state == RunState::paused ? Glyph::play : Glyph::pause, colour));
  a.step->setIcon(transportIcon(Glyph::step, colour));
  a.stop->setIcon(transportIcon(Glyph::stop, colour));
}

}  // namespace ergo
