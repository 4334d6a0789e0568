// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>

#include "widgets/theme.h"

namespace ergo {

/// One line above a picture or a table that says which run it shows, and whether the settings of
/// the window are others by now. Cut with an ellipsis where it is too long; the tool tip has it
/// whole. Hidden while there is no run, and on paper.
class CaptionLabel : public QWidget {
  Q_OBJECT
 public:
  explicit CaptionLabel(QWidget* parent = nullptr);
  void setCaption(const QString& caption);
  void setOutdated(bool outdated);
  void applyTheme(const Theme& theme);
  void setReserve(int pixels);  ///< at the right end, for what lies over it
  QString text() const;         ///< as shown, but whole
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {1, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void refresh();
  QString m_caption;
  Theme m_theme;
  int m_reserve = 0;
  bool m_outdated = false;
};

}  // namespace ergo
