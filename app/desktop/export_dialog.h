// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QDialog>

#include "app/desktop/plot_board.h"
#include "widgets/export/figure_export.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace ergo {

/// Writes one picture as PDF, SVG or PNG at its printed size. The run goes on meanwhile.
class ExportDialog : public QDialog {
  Q_OBJECT
 public:
  ExportDialog(const PlotBoard& board, const QString& plotId, QWidget* parent = nullptr);
  void accept() override;  ///< writes; stays open with the sentence when that fails

 Q_SIGNALS:
  void exported(const QString& path);

 private:
  void build();
  QWidget* makeFileRow();
  QDoubleSpinBox* makeLength(const char* name, const QString& label);
  void choosePlot();
  void chooseSize(int index);
  void chooseFormat();
  void browse();
  FigureSpec spec() const;
  const PlotBoard& m_board;
  QComboBox *m_plot, *m_format, *m_size;
  QDoubleSpinBox *m_width, *m_height, *m_font;
  QSpinBox* m_dpi;
  QLineEdit* m_path;
  QLabel* m_error;
  QString m_replace;  ///< the existing file that the user has agreed to replace
};

}  // namespace ergo
