// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/start_button.h"

#include <QEvent>

namespace ergo {

StartButton::StartButton(QAction* run, QWidget* picture) : QPushButton(picture) {
  setObjectName(QStringLiteral("startButton"));
  setToolTip(tr("Runs every sampler of the preset side by side (%1)")
                 .arg(run->shortcut().toString(QKeySequence::NativeText)));
  setDefault(true);
  QFont large = font();
  large.setPointSizeF(large.pointSizeF() * 1.3);
  setFont(large);
  setPreset({});
  connect(this, &QPushButton::clicked, run, &QAction::trigger);
  picture->installEventFilter(this);
}

void StartButton::setPreset(const QString& title) {
  setText(tr("Run \"%1\"").arg(title));
  setAccessibleName(text());
  setVisible(!title.isEmpty());
  place();
}

/// Under the sentence in the middle of the picture.
void StartButton::place() {
  const QSize size = sizeHint() + QSize(24, 12);
  const QSize room = parentWidget()->size();
  setGeometry((room.width() - size.width()) / 2, room.height() / 2 + 24, size.width(),
              size.height());
  raise();
}

bool StartButton::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize) place();
  return QPushButton::eventFilter(watched, event);
}

}  // namespace ergo
