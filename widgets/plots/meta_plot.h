// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// Meta-training over outer iterations: raw meta-loss as a ghost (mean over the population,
/// nats), its bias-corrected moving average, validation scores as marks, and the lowest score as
/// a dashed line. The range follows quantiles, so that one bad population does not squash it.
class MetaPlot : public LivePlot {
  Q_OBJECT
 public:
  explicit MetaPlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
  std::unique_ptr<Plot> clone() const override;

 protected:
  bool take(const RunEvent& event) override;
  bool adoptsRuns() const override { return true; }
  void build() override;
  void draw() override;
  void fitRanges() override;

 private:
  friend class LivePlot;
  struct State {
    std::int64_t run = -1;
    std::vector<double> iteration, loss, smoothed, best, gradient_norm;
    std::vector<double> score, score_error, transfer, transfer_error;  ///< NaN where not due
  };
  /// Points with bars of one standard error.
  struct Scores {
    QCPGraph* points = nullptr;
    QCPErrorBars* bars = nullptr;
  };
  Scores addScores(const QString& name, const QColor& color, QCPScatterStyle::ScatterShape shape);
  void setScores(const Scores& scores, const std::vector<double>& values,
                 const std::vector<double>& errors);
  State m_state;
  QCPGraph *m_raw = nullptr, *m_smoothed = nullptr, *m_best = nullptr;
  Scores m_family, m_transfer;
};

}  // namespace ergo
