// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// Calibration: accuracy against confidence (classification, bins of the model average) or
/// empirical against nominal coverage of the central intervals (regression), all in 0..1.
/// On the diagonal a sampler is as right as it claims to be. Empty bins make gaps.
class ReliabilityPlot : public LivePlot {
  Q_OBJECT
 public:
  explicit ReliabilityPlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  std::unique_ptr<Plot> clone() const override;

 protected:
  bool take(const RunEvent& event) override;
  void build() override;
  void draw() override;
  void fitRanges() override;

 private:
  friend class LivePlot;
  struct State {
    std::vector<SamplerInfo> samplers;
    bool classification = false;
    std::vector<ReliabilityUpdated> latest;  ///< one a sampler; draws = 0 before the first
  };

  State m_state;
  std::vector<QCPGraph*> m_graphs;
};

}  // namespace ergo
