// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <optional>
#include <vector>

#include "widgets/plots/live_plot.h"
#include "widgets/plots/plot_tools.h"
#include "widgets/plots/pyramid_series.h"

namespace ergo {

/// Potential U (nats, full-data scale) of every chain against gradient evaluations of its
/// sampler. Parts that collect no draws (burn-in, exploration) are pale. The range follows the
/// quantiles of what is collected, so that the first transient does not squash the rest.
///
/// Every chain is drawn by the pixel columns of the visible range, so zooming in shows more until
/// single transitions are seen. All chains together hold `pointBudget` points; what is beyond is
/// kept by its extremes (PyramidSeries).
class TracePlot : public LivePlot {
  Q_OBJECT
 public:
  static constexpr std::size_t pointBudget = std::size_t{1} << 22;  ///< 84 MiB

  /// The points that chain number `index` of `chains` may hold: an equal share of the budget, less
  /// up to an eighth. A full series takes milliseconds to merge; chains of one length must not all
  /// do so within one frame.
  static std::size_t capacityOf(std::size_t index, std::size_t chains);

  explicit TracePlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
  /// With the potential of every sampler there, or the range of its chains.
  QString readout(QCPAxisRect* rect, double x, double y) const override;
  std::unique_ptr<Plot> clone() const override;

  /// Logarithmic axis of U - U_min, U_min being the lowest potential of all chains so far.
  void setLogarithmic(bool on);

 protected:
  bool take(const RunEvent& event) override;
  void build() override;
  void draw() override;
  void fitRanges() override;

 private:
  friend class LivePlot;
  struct Chain {
    PyramidSeries series;
    QString divergence;  ///< text of the marker; empty: none
  };
  struct State {
    std::vector<SamplerInfo> samplers;
    std::vector<std::vector<Chain>> chains;  ///< [sampler][chain]
    bool log = false;
  };
  struct Lines {
    QCPGraph *pale = nullptr, *solid = nullptr;
  };
  struct Extent {
    FiniteRange across, up;  ///< of what the axes should show
  };
  Extent extent() const;
  FiniteRange samplerRange(const std::vector<Chain>& chains) const;
  void takeStart(const RunStarted& event);
  bool takeTrace(const TraceAdded& event);
  bool takeDivergence(const ChainDiverged& event);
  Chain* chain(int sampler, std::int64_t index);
  void buildSampler(std::size_t sampler);
  void drawChains();
  void drawChain(const Chain& chain, const Lines& lines, const QCPRange& range, int columns);
  void followView();
  void drawDivergences();
  double lowest() const;
  double shown(double potential) const;

  State m_state;
  QAction* m_logAction = nullptr;
  std::vector<std::vector<Lines>> m_lines;
  QCPGraph* m_crosses = nullptr;
  double m_lowest = 0;             ///< potential of all chains, at the last draw()
  std::optional<Extent> m_extent;  ///< since the last draw()
  QCPRange m_drawn;                ///< the range that the lines were filled for,
  int m_drawnColumns = 0;          ///< and its pixels
};

}  // namespace ergo
