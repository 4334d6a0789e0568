// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QAction>
#include <QPushButton>

namespace ergo {

/// The one obvious thing to do before the first run: a large button on the empty picture that
/// triggers the action Run. Goes for good when a run has begun.
class StartButton : public QPushButton {
  Q_OBJECT
 public:
  StartButton(QAction* run, QWidget* picture);
  void setPreset(const QString& title);  ///< empty: there is nothing to run yet

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void place();
};

}  // namespace ergo
