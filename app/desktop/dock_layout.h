// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QDockWidget>
#include <QMainWindow>
#include <QMap>

class QMenu;

namespace ergo {

/// The panels of the window and where they lie at first: presets and settings on the left, the
/// predictive picture large on top, traces and calibration beneath, measures and diversity at the
/// bottom. In a small window the pictures beneath share one place as tabs, so that each is legible.
/// When the window grows the pictures do; the left column keeps its width.
class DockLayout {
 public:
  static constexpr int version = 1;  ///< of saveState(); rises when the panels change

  explicit DockLayout(QMainWindow* window) : m_window(window) {}
  QDockWidget* add(const QString& id, const QString& title, QWidget* content);
  QDockWidget* dock(const QString& id) const { return m_docks.value(id); }
  const QMap<QString, QDockWidget*>& docks() const { return m_docks; }
  void reset();  ///< the first layout, every panel shown
  void raise(const QString& id);

 private:
  void tabify(const QString& first, std::initializer_list<const char*> others);
  void placeLeft();
  void placeRight();
  void placeRightCompact();
  void setSizes();
  bool isCompact() const;
  QMainWindow* m_window;
  QMap<QString, QDockWidget*> m_docks;
};

}  // namespace ergo
