// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QDialog>

#include "app/desktop/plot_board.h"
#include "widgets/export/figure_export.h"

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace ergo {

/// Writes one picture as PDF, SVG or PNG at its printed size, with its numbers and the record of
/// its run. The run goes on meanwhile. Where files would be replaced, all of them are listed and a
/// second Save is the consent.
class ExportDialog : public QDialog {
  Q_OBJECT
 public:
  ExportDialog(const PlotBoard& board, const QString& plotId, QWidget* parent = nullptr);
  void accept() override;  ///< writes; stays open with a sentence when that fails or must wait

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
  void propose();
  bool isAgreed(const QStringList& existing);
  FigureSpec spec() const;
  const PlotBoard& m_board;
  QComboBox *m_plot, *m_format, *m_size;
  QDoubleSpinBox *m_width, *m_height, *m_font;
  QSpinBox* m_dpi;
  QLineEdit* m_path;
  QLabel *m_run, *m_error;
  QPushButton* m_save;
  QString m_proposed;    ///< the path that this dialog has filled in
  QStringList m_agreed;  ///< existing files that were listed; Save again replaces them
};

}  // namespace ergo
