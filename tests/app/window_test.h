// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QListWidget>
#include <QTemporaryDir>
#include <QToolButton>
#include <memory>

#include "scripted_run.h"

namespace ergo {

/// A shown window with toy-foong open and a scripted run in it, and how a user handles it.
class WindowTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void init();
  void cleanup();

 protected:
  template <class T>
  T* child(const char* name) {
    return m_window->findChild<T*>(QString::fromLatin1(name));
  }
  QAction* action(const char* name) { return child<QAction>(name); }
  void openWindow(Services services);
  void retype(QWidget* control, const QString& text);
  void click(const char* name);
  QString takeError();
  QListWidgetItem* item(const char* list, const QString& id);
  void stopAndWait();

  std::shared_ptr<ScriptedRun> m_script;
  std::unique_ptr<MainWindow> m_window;
  std::unique_ptr<QTemporaryDir> m_folder;
};

}  // namespace ergo
