// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// Calibration: accuracy against confidence (classification, bins of the model average) or
/// empirical against nominal coverage of the central intervals (regression), all in 0..1.
/// On the diagonal a sampler is as right as it claims to be. Empty bins make gaps.
///
/// How far chance alone takes it off, at 95 % and if test points were independent: for coverage a
/// band around the diagonal, c ± 1.96 sqrt(c (1 - c) / N); for bins Wilson's interval (1927) of the
/// accuracy with the number of points in the bin.
class ReliabilityPlot : public LivePlot {
  Q_OBJECT
 public:
  explicit ReliabilityPlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
  /// With the nearest point of every sampler.
  QString readout(QCPAxisRect* rect, double x, double y) const override;
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

  void drawChance();
  void drawIntervals(std::size_t sampler);
  std::int64_t testPoints() const;

  State m_state;
  std::vector<QCPGraph*> m_graphs;
  std::vector<QCPErrorBars*> m_intervals;  ///< of m_graphs; classification only
  QCPGraph* m_chance = nullptr;            ///< regression only
};

}  // namespace ergo
