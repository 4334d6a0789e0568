// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The table of measures: what a number is called, which way is better, when it does not exist.
/// Who computes measures hands on a map of id and value, NaN where undefined; order and texts come
/// from here.
namespace ergo {

enum class Better { lower, higher, nominal, neither };

struct Measure {
  std::string id;     ///< in results, on the command line and in FORMAT.md
  std::string title;  ///< heading of a column
  std::string unit;   ///< "nats", "units of y"; empty: a plain number
  std::string doc;    ///< one sentence, with the direction
  Better better = Better::neither;
  double nominal = 0.0;          ///< the best value where `better` is nominal
  std::int64_t least_draws = 1;  ///< undefined below
  std::string needs{};           ///< beside draws: "an HMC reference"; empty: nothing
  bool convergence = false;      ///< of chains, not of what their draws predict
  bool timed = false;            ///< holds seconds: no two runs agree on it
};

/// In the order of tables.
const std::vector<Measure>& measures();

/// Null for an id that is not in the table.
const Measure* find_measure(const std::string& id);

/// True for one of the chains themselves: R-hat, ESS, ...
bool is_convergence(const std::string& id);

/// Order of columns: as in the table, then those that are not in it by name.
bool measure_before(const std::string& a, const std::string& b);

/// Distance from the best value, smaller is better; 0 where neither direction is.
double penalty(const Measure& measure, double value);

/// What a sampler's measures were computed from.
struct MeasuredDraws {
  std::int64_t draws = 0;
  bool all_diverged = false;
};

/// Why a measure without a finite value has none: "no draws", "it needs two draws", ... `computed`:
/// the sampler's map has an entry for it.
std::string why_undefined(const std::string& id, const MeasuredDraws& from, bool computed);

}  // namespace ergo
