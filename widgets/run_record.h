// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <string>
#include <vector>

#include "core/events/events.h"

namespace ergo {

/// Which run a picture or a table shows, as its first and its last event say.
struct RunRecord {
  std::int64_t run = -1;
  std::string preset, title, task, resolved_preset, versions;
  std::uint64_t seed = 0;
  std::int64_t gradient_evaluations = 0;
  std::vector<SamplerInfo> samplers;
  std::string reason = "running";  ///< or as in RunFinished
  std::vector<std::string> draws_sha256;

  void begin(const RunStarted& event);
  void end(const RunFinished& event);  ///< of another run: ignored
  bool isEmpty() const { return run < 0; }
  /// "toy-foong · seed 1 · 20,000 gradient evaluations each"; empty without a run. A run that did
  /// not end as planned says so.
  QString caption() const;
};

}  // namespace ergo
