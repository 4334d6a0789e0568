// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

namespace ergo {

struct TracePoint {
  std::int64_t step = 0;  ///< number of the transition, from 1
  double potential = 0.0;
  bool collecting = true;
};

/// Decides which transitions of a chain become points of its trace, by their numbers and
/// potentials alone and never by the time at which somebody looks: so a trace, and every figure
/// and file made of it, is a function of the run.
///
/// Transitions 1..F stay. Octave j = 1, 2, ... holds transitions F 2^(j-1) + 1 to F 2^j in groups
/// of 4 * 2^j, of which the first, lowest, highest and last stay (M4: Jugel et al. 2014), so no
/// extreme is lost. T transitions give at most F + F/2 * ceil(log2(T/F)) points.
class TraceThinner {
 public:
  /// @param fine F, rounded down to a multiple of 8, at least 8
  explicit TraceThinner(std::int64_t fine);

  /// The largest F with which `steps` transitions give at most `budget` points.
  static std::int64_t fine_for(std::int64_t steps, std::int64_t budget);

  /// Appends to `trace` what stays; steps must rise.
  /// @return how many transitions are left out for good by this call
  std::int64_t add(const TracePoint& point, std::vector<TracePoint>& trace);
  /// The last group ends early: the chain has ended. @return as add()
  std::int64_t close(std::vector<TracePoint>& trace);

  /// The open group: its last transition, and of how many points it has which.
  struct Group {
    std::int64_t end = 0, count = 0;
    TracePoint first, low, high, last;
  };
  const Group& open() const { return open_; }
  void reopen(const Group& group) { open_ = group; }  ///< goes on where another one was

 private:
  std::int64_t group_end(std::int64_t step) const;

  std::int64_t fine_;
  Group open_;
};

}  // namespace ergo
