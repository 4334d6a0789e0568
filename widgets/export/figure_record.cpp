// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/export/figure_record.h"

#include <qcustomplot.h>

#include <QCryptographicHash>
#include <nlohmann/json.hpp>

#include "widgets/export/figure_export.h"
#include "widgets/plots/plot.h"
#include "widgets/run_record.h"

namespace ergo {
namespace {

using nlohmann::json;

json parsed(const std::string& text) { return json::parse(text, nullptr, false); }

json axisOf(const QCPAxis& axis) {
  return {{"label", axis.label().toStdString()},
          {"range", {axis.range().lower, axis.range().upper}},
          {"logarithmic", axis.scaleType() == QCPAxis::stLogarithmic}};
}

json viewOf(const Plot& plot) {
  json panels = json::array();
  for (const QCustomPlot* canvas : plot.panels()) {
    for (QCPAxisRect* rect : canvas->axisRects()) {
      const QCPAxis *x = rect->axis(QCPAxis::atBottom), *y = rect->axis(QCPAxis::atLeft);
      if (x && y) panels.push_back({{"x", axisOf(*x)}, {"y", axisOf(*y)}});
    }
  }
  return panels;
}

json samplersOf(const RunRecord& run) {
  json list = json::array();
  for (std::size_t i = 0; i < run.samplers.size(); ++i) {
    const SamplerInfo& info = run.samplers[i];
    const bool known = i < run.draws_sha256.size();
    list.push_back({{"id", info.id},
                    {"label", info.label},
                    {"chains", info.chains},
                    {"draws_sha256", known ? json(run.draws_sha256[i]) : json(nullptr)}});
  }
  return list;
}

json runOf(const RunRecord& run) {
  if (run.isEmpty()) return nullptr;
  return {{"preset", run.preset},
          {"title", run.title},
          {"seed", std::to_string(run.seed)},
          {"gradient_evaluations", run.gradient_evaluations},
          {"reason", run.reason},
          {"samplers", samplersOf(run)},
          {"versions", parsed(run.versions)},
          {"resolved_preset", parsed(run.resolved_preset)}};
}

}  // namespace

QByteArray figureRecord(const Plot& copy, const FigureSpec& spec, const QByteArray& csv) {
  const QByteArray sha256 = QCryptographicHash::hash(csv, QCryptographicHash::Sha256).toHex();
  const json record = {{"schema", 1},
                       {"kind", "figure"},
                       {"plot", copy.objectName().toStdString()},
                       {"title", copy.accessibleName().toStdString()},
                       {"width_mm", spec.widthMm},
                       {"height_mm", spec.heightMm},
                       {"font_pt", spec.fontPt},
                       {"panels", viewOf(copy)},
                       {"csv_sha256", sha256.toStdString()},
                       {"run", runOf(copy.record())}};
  const auto replace = json::error_handler_t::replace;
  return QByteArray::fromStdString(record.dump(2, ' ', true, replace)) + '\n';
}

}  // namespace ergo
