// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QWidget>
#include <vector>

#include "core/events/events.h"
#include "widgets/run_record.h"
#include "widgets/theme.h"

namespace ergo {

class CaptionLabel;
class MetricsModel;

/// The table of measures under the line that names its run.
class MeasuresPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MeasuresPanel(QWidget* parent = nullptr);
  void consume(const std::vector<RunEvent>& events);
  void setOutdated(bool outdated);
  void applyTheme(const Theme& theme);

 private:
  MetricsModel* m_model;
  CaptionLabel* m_caption;
  RunRecord m_record;
};

}  // namespace ergo
