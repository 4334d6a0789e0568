// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"

namespace ergo {

/// Pairwise KL divergence (nats) between the predictives of a sampler's K draws: one square map
/// per sampler, row i against column j, one colour scale for all. The title gives the mean over
/// ordered pairs, which is the `kld` of the table.
class DiversityPlot : public LivePlot {
  Q_OBJECT
 public:
  explicit DiversityPlot(QWidget* parent = nullptr);
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
    std::vector<DiversityUpdated> latest;  ///< one a sampler; draws = 0 before the first
  };
  void buildScale();
  void drawMap(std::size_t sampler);
  QString titleOf(std::size_t sampler) const;
  void alignScale();

  State m_state;
  std::vector<QCPColorMap*> m_maps;
  QCPColorScale* m_scale = nullptr;
};

}  // namespace ergo
