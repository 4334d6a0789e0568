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
    std::vector<double> iteration, loss, smoothed, score, best, gradient_norm;
  };
  State m_state;
  QCPGraph *m_raw = nullptr, *m_smoothed = nullptr, *m_scores = nullptr, *m_best = nullptr;
};

}  // namespace ergo
