// SPDX-License-Identifier: GPL-3.0-or-later
#include "scripted_run.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QProgressBar>
#include <cmath>

#include "core/base/error.h"
#include "core/io/atomic_file.h"

namespace ergo {
namespace {

RunStarted startOf(const Preset& preset, const RunOptions& options) {
  RunStarted start;
  start.run = options.run;
  start.preset = preset.id;
  start.seed = options.seed;
  start.gradient_evaluations = 100;
  start.resolved_preset = preset.document.dump();
  start.task = "regression";
  start.samplers = {{"sghmc", "SGHMC", 1, 10}, {"l2e", "L2E", 1, 10, true}};
  start.curve.train_x = {-1, 1};
  start.curve.train_y = {0, 1};
  start.curve.grid_x = {-1, 0, 1};
  return start;
}

void emitTransition(std::int64_t run, double t, const EventSink& sink) {
  for (int sampler = 0; sampler < 2; ++sampler) {
    sink(TraceAdded{run, sampler, 0, {t}, {t}, {100 + std::sin(t)}, {true}});
    PredictiveUpdated predictive;
    predictive.run = run;
    predictive.sampler = sampler;
    predictive.draws = static_cast<std::int64_t>(t);
    predictive.band = {{0, 1, 2}, {-1, 0, 1}, {-0.5, 0.5, 1.5}, {0.5, 1.5, 2.5}, {1, 2, 3}, {},
                       {},        {}};
    sink(predictive);
    MetricsUpdated metrics;
    metrics.run = run;
    metrics.sampler = sampler;
    metrics.draws = predictive.draws;
    metrics.status = "running";
    metrics.metrics = {{"nll", 0.5 + sampler}};
    sink(metrics);
  }
}

RunResult play(ScriptedRun& script, const Preset& preset, const RunOptions& options,
               const EventSink& sink, RunControl& control) {
  script.thread = std::this_thread::get_id();
  script.workers = options.workers;
  if (!script.failure.empty()) throw Error(ExitCode::config, script.failure);
  sink(startOf(preset, options));
  if (!script.warning.empty()) sink(LogMessage{options.run, "warning", script.warning});
  std::int64_t granted = 0;
  while (!control.stopped() && script.transitions < script.length) {
    if (!control.may_advance(granted)) {
      std::this_thread::yield();
      continue;
    }
    emitTransition(options.run, static_cast<double>(++script.transitions), sink);
    sink(Progress{options.run, script.transitions, script.length, 12.0, {}});
  }
  RunResult result;
  result.preset = preset.id;
  result.seed = options.seed;
  result.resolved_preset = preset.document;
  result.manifest = nlohmann::json::object();
  result.reason = control.stopped() ? "stopped" : "completed";
  sink(RunFinished{options.run, result.reason, result.reason, {}});
  script.ended = true;
  return result;
}

MetaResult playMeta(ScriptedRun& script, const MetaOptions& options, const EventSink& sink,
                    RunControl& control) {
  script.thread = std::this_thread::get_id();
  script.metaWorkers = options.workers;
  MetaResult result;
  for (; result.iterations < 50 && !control.stopped(); ++result.iterations)
    sink(MetaIteration{options.run, result.iterations, 2.0, 2.0, 1.5, 1.5, 0.1});
  io::write_file(options.out, script.phi);
  result.reason = control.stopped() ? "stopped" : "completed";
  result.best_score = 1.5;
  result.file = options.out;
  sink(RunFinished{options.run, result.reason, result.reason, {}});
  return result;
}

bool isControl(const QWidget* widget) {
  return qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
         qobject_cast<const QComboBox*>(widget) || qobject_cast<const QAbstractSpinBox*>(widget) ||
         qobject_cast<const QAbstractItemView*>(widget) ||
         qobject_cast<const QProgressBar*>(widget);
}

/// Parts that Qt makes inside other widgets: title bar and scroll buttons, headers, popups.
bool isQtsOwn(const QWidget* widget) {
  const QString parent =
      widget->parentWidget() ? widget->parentWidget()->metaObject()->className() : "";
  return widget->objectName().startsWith("qt_") || qobject_cast<const QHeaderView*>(widget) ||
         parent == "QDockWidget" || parent == "QTabBar" || parent == "QTableView" ||
         parent.startsWith("QComboBox") || parent == "QMenuBar" || parent == "QToolBar";
}

}  // namespace

Services scriptedServices(std::shared_ptr<ScriptedRun> script) {
  Services services;
  services.remember = false;
  services.run = [script](const Preset& preset, const RunOptions& options, const EventSink& sink,
                          RunControl& control) {
    return play(*script, preset, options, sink, control);
  };
  services.metaTrain = [script](const Preset&, const MetaOptions& options, const EventSink& sink,
                                RunControl& control) {
    return playMeta(*script, options, sink, control);
  };
  return services;
}

QString nameless(const QWidget& window) {
  for (const QWidget* widget : window.findChildren<QWidget*>()) {
    if (!isControl(widget)) continue;
    const bool inToolBar =
        widget->parentWidget()->inherits("QToolBar") && !widget->objectName().startsWith("qt_");
    if (isQtsOwn(widget) && !inToolBar) continue;
    const QString who =
        QStringLiteral("%1 '%2'").arg(widget->metaObject()->className(), widget->objectName());
    if (widget->objectName().isEmpty())
      return who + " has no object name, parent " + widget->parentWidget()->objectName();
    if (widget->accessibleName().isEmpty()) return who + " has no accessible name";
    const bool inSpinBox = qobject_cast<const QAbstractSpinBox*>(widget->parentWidget());
    if (widget->toolTip().isEmpty() && !inSpinBox) return who + " has no tool tip";
  }
  return {};
}

}  // namespace ergo
