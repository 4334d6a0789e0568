// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/diagnostics/convergence.h"

namespace ergo {

/// A part of the position, or all of it ("all").
struct PartConvergence {
  std::string name;
  diagnostics::ConvergenceSummary summary;
};

/// What the chains of one sampler say about themselves. Free of torch.
struct SamplerConvergence {
  bool asked = false;      ///< the run wants it: diagnostic_draws is not 0
  std::string no_chains;   ///< why there is nothing to look at; empty where there is
  std::string values;      ///< of the function space: "f on the grid", ...
  std::int64_t every = 0;  ///< transitions from one entry of the record to the next
  bool stationary = true;  ///< false: Sampler::stationary()
  diagnostics::ConvergenceSummary function_space;  ///< of the record
  std::vector<PartConvergence> weight_space;       ///< of the kept draws: "all", then the blocks
  std::map<std::string, double> measures;          ///< by id, function space; NaN where undefined
  std::map<std::string, std::string> undefined;    ///< why, by id
};

/// Adds the measures that `c` stands for, or why they are undefined.
/// @param evaluations of all chains, burn-in included  @param seconds of their transitions, CPU
void set_measures(SamplerConvergence& c, std::int64_t evaluations, double seconds);

/// What a reader must know about the numbers beside why some are undefined; empty: nothing.
std::string remark_on(const SamplerConvergence& c);

/// The object `diagnostics` of a sampler in a result; holds no times.
nlohmann::json to_json(const SamplerConvergence& c);

/// Rows `sampler,space,part,values,chains,draws,measure,median,worst`, without a heading; shares
/// stand as median.
std::string csv_rows(const std::string& sampler, const SamplerConvergence& c);

}  // namespace ergo
