// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// The predictive of every sampler over a 1-D input, one panel each, both axes shared.
///
/// Bands are 5-95 % and 25-75 % quantiles of the latent f(x) (no observation noise) over the K
/// pooled draws; grey lines bound the same 5-95 % band of the HMC reference. Data that have no
/// 1-D input get a message instead of empty axes.
class PredictivePlot : public LivePlot {
  Q_OBJECT
 public:
  explicit PredictivePlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
  /// With the mean and the 90 % interval of every sampler at the nearest point of the grid.
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
    RunStarted start;
    std::vector<PredictiveUpdated> latest;  ///< one a sampler; draws = 0 before the first
  };
  struct Panel {
    QCPGraph *wide = nullptr, *narrow = nullptr, *mean = nullptr;
    QCPGraph *noisy_low = nullptr, *noisy_high = nullptr;
  };
  QString emptyMessage() const;
  void buildPanel(int sampler);
  QPen noisePen(const QColor& color) const;
  QPen referencePen() const;
  void buildReference(int sampler);
  void buildData(int sampler);
  void buildLegend();
  QString titleOf(int sampler) const;
  QCPRange valueRange() const;

  State m_state;
  std::vector<Panel> m_panels;
};

}  // namespace ergo
