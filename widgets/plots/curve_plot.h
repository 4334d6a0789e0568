// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "widgets/plots/live_plot.h"
#include "widgets/plots/planned_runs.h"

class QComboBox;
class QCPErrorBars;

namespace ergo {

/// Measures against what they cost: a line per sampler over gradient evaluations or CPU seconds,
/// both logarithmic. Where there is room, two measures over both costs; else one.
/// Runs of one preset with unchanged settings and several seeds share a picture: mean over the
/// seeds and a band of one standard deviation (n - 1) on either side. Runs of the same problem that
/// were planned for other budgets stay as marks where they ended.
class CurvePlot : public LivePlot {
  Q_OBJECT
 public:
  explicit CurvePlot(QWidget* parent = nullptr);
  QString csv() const override;
  QString summary() const override;
  QString explanation() const override;
  std::unique_ptr<Plot> clone() const override;
  bool isWide() const override { return m_state.measure.empty(); }

  void setMeasure(const std::string& id);  ///< empty: by the room
  void setAgainstSeconds(bool seconds);

 protected:
  bool take(const RunEvent& event) override;
  void build() override;
  void draw() override;
  void fitRanges() override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  friend class LivePlot;
  struct Seed {
    std::uint64_t seed = 0;
    std::vector<std::vector<CurvePoint>> curves;  ///< per sampler
  };
  struct State {
    std::vector<SamplerInfo> samplers;
    std::string settings;     ///< that the seeds share
    std::vector<Seed> seeds;  ///< in the order of their runs; the last one is running or the latest
    std::string measure;      ///< empty: by the room
    bool seconds = false;
    bool asked = false;               ///< does the preset ask for curves?
    std::string preset, problem;      ///< of the lines: its id, and what other budgets share
    std::int64_t budget = 0;          ///< of the lines
    std::vector<PlannedRun> planned;  ///< of other budgets
  };
  /// What the seeds say together about one look of a sampler.
  struct Summary {
    std::vector<double> x, mean, low, high;  ///< without a band `low` is NaN
  };
  /// One sampler's line and, over several seeds, its band.
  struct Line {
    QCPGraph *mean = nullptr, *band = nullptr, *marks = nullptr;
    QCPErrorBars* bars = nullptr;  ///< of the marks
  };
  struct Panel {
    std::string measure;
    bool seconds = false;
    std::vector<Line> lines{};  ///< per sampler
  };
  void addControls();
  void showControls();
  void takeStart(const RunStarted& event);
  void keepAsPlanned();
  void addMarks(Line& line, int index, const QColor& color);
  bool isEmpty() const;
  std::vector<std::string> measuresThere() const;
  bool hasRoom() const;
  std::vector<std::string> twoMeasures() const;
  std::vector<Panel> chosen() const;
  Summary summarise(const Panel& panel, std::size_t sampler) const;
  void buildPanel(int index);
  void fitPanel(int index);
  QString costTitle(bool seconds) const;
  QString seedText() const;
  QString measureTitle(const std::string& id, bool unit) const;

  State m_state;
  std::vector<Panel> m_panels;
  QComboBox *m_measure = nullptr, *m_against = nullptr;
};

}  // namespace ergo
