// SPDX-License-Identifier: GPL-3.0-or-later
#include "window_test.h"

#include <QApplication>
#include <QMessageBox>
#include <QStandardPaths>
#include <QTest>

namespace ergo {

void WindowTest::initTestCase() {
  QStandardPaths::setTestModeEnabled(true);
  QApplication::setStyle("Fusion");
  QApplication::setQuitOnLastWindowClosed(false);
}

void WindowTest::openWindow(Services services) {
  m_window = std::make_unique<MainWindow>(std::move(services));
  m_window->resize(1600, 1000);
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  m_window->activateWindow();
}

void WindowTest::init() {
  m_folder = std::make_unique<QTemporaryDir>();
  m_script = std::make_shared<ScriptedRun>();
  openWindow(scriptedServices(m_script));
  QVERIFY(m_window->openPreset("toy-foong"));
}

void WindowTest::cleanup() {
  m_window.reset();
  QVERIFY(QApplication::topLevelWidgets().isEmpty());
}

void WindowTest::retype(QWidget* control, const QString& text) {
  control->setFocus();
  QTest::keyClick(control, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(control, text);
  QTest::keyClick(control, Qt::Key_Return);
}

/// The sentence of the open error box, which is closed; empty when there is none.
QString WindowTest::takeError() {
  auto* box = child<QMessageBox>("errorBox");
  if (!box || !box->isVisible()) return {};
  const QString text = box->text();
  delete box;
  return text;
}

QListWidgetItem* WindowTest::item(const char* list, const QString& id) {
  auto* widget = child<QListWidget>(list);
  for (int row = 0; row < widget->count(); ++row)
    if (widget->item(row)->data(Qt::UserRole).toString() == id) return widget->item(row);
  return nullptr;
}

void WindowTest::stopAndWait() {
  m_window->runs()->stop();
  QTRY_COMPARE(m_window->runs()->state(), RunState::idle);
}

void WindowTest::click(const char* name) {
  QTest::mouseClick(child<QToolButton>(name), Qt::LeftButton);
}

}  // namespace ergo
