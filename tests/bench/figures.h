// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <map>
#include <string>
#include <vector>

namespace ergo::bench {

/// Counter -> value of one repetition.
using Figures = std::map<std::string, double>;

/// The repetitions of one benchmark in the form of Google Benchmark, as the target table reads it.
/// For measurements that Google Benchmark cannot make, because a window's event loop runs in them.
std::string figures_json(const std::string& benchmark, const std::vector<Figures>& repetitions);

}  // namespace ergo::bench
