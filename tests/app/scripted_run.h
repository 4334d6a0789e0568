// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <atomic>
#include <memory>
#include <thread>

#include "app/desktop/main_window.h"

namespace ergo {

/// A run that tests hold in their hands: it takes transitions only as the RunControl allows,
/// counts them, notes its thread, and ends at `length` transitions or when stopped.
struct ScriptedRun {
  std::atomic<std::int64_t> transitions{0};
  std::atomic<std::int64_t> length{1000000000};
  std::atomic<bool> ended{false};
  std::thread::id thread;
  std::atomic<int> workers{-1}, metaWorkers{-1};  ///< of the last options
  std::string warning;                            ///< not empty: said when the run has started
  std::string failure;  ///< not empty: thrown as Error{config} before the run starts
  std::string phi = "meta-parameters";
};

/// Services whose run and meta-training are scripted; remembers nothing in QSettings.
Services scriptedServices(std::shared_ptr<ScriptedRun> script);

/// The name, accessible name or tool tip that a control of `window` lacks; empty: none.
QString nameless(const QWidget& window);

}  // namespace ergo
