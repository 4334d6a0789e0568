// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCoreApplication>

#include "widgets/plots/curve_plot.h"
#include "widgets/plots/diversity_plot.h"
#include "widgets/plots/meta_plot.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/predictive_plot.h"
#include "widgets/plots/reliability_plot.h"
#include "widgets/plots/trace_plot.h"
#include "widgets/plots/trajectory_plot.h"

namespace ergo {
namespace {

template <class T>
PlotEntry entry(const char* id, const char* title) {
  static const char* name = id;
  return {id, title, [](QWidget* parent) -> Plot* {
            auto* plot = new T(parent);
            plot->setObjectName(QLatin1String(name));
            return plot;
          }};
}

}  // namespace

const std::vector<PlotEntry>& plotEntries() {
  static const std::vector<PlotEntry> entries{
      entry<PredictivePlot>("predictive", QT_TRANSLATE_NOOP("ergo::Plot", "Predictive")),
      entry<TracePlot>("trace", QT_TRANSLATE_NOOP("ergo::Plot", "Potential")),
      entry<TrajectoryPlot>("trajectory", QT_TRANSLATE_NOOP("ergo::Plot", "Trajectories")),
      entry<CurvePlot>("curves", QT_TRANSLATE_NOOP("ergo::Plot", "Against cost")),
      entry<DiversityPlot>("diversity", QT_TRANSLATE_NOOP("ergo::Plot", "Diversity")),
      entry<ReliabilityPlot>("reliability", QT_TRANSLATE_NOOP("ergo::Plot", "Reliability")),
      entry<MetaPlot>("meta", QT_TRANSLATE_NOOP("ergo::Plot", "Meta-training")),
  };
  return entries;
}

}  // namespace ergo
