// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// The paths of all chains in their common PCA plane, both axes in parameter units and to the
/// same scale. Axis titles say which share of the variance the plane shows; the legend gives the
/// mean distance of each sampler's points from it, the cursor that of the nearest point.
class TrajectoryPlot : public LivePlot {
  Q_OBJECT
 public:
  explicit TrajectoryPlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
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
    TrajectoryUpdated latest;
  };
  struct Marks {
    QCPGraph *start = nullptr, *end = nullptr;
  };
  QString nameOf(std::size_t sampler) const;
  void buildMarkLegend();
  void drawPath(const TrajectoryPath& path);
  void drawMarks(std::size_t sampler);
  bool isKnown(const TrajectoryPath& path) const;

  State m_state;
  std::vector<Marks> m_marks;
  QVector<QCPCurve*> m_curves;
};

}  // namespace ergo
