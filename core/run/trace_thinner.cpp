// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/trace_thinner.h"

#include <algorithm>

namespace ergo {

TraceThinner::TraceThinner(std::int64_t fine) : fine_(std::max<std::int64_t>(8, fine / 8 * 8)) {}

std::int64_t TraceThinner::fine_for(std::int64_t steps, std::int64_t budget) {
  if (steps <= budget) return (steps + 7) / 8 * 8;
  for (std::int64_t octaves = 1; octaves < 62; ++octaves) {
    const std::int64_t fine = 2 * budget / (2 + octaves) / 8 * 8;
    if (fine < 8) break;
    if ((steps - 1) >> octaves < fine) return fine;  // that is steps <= fine 2^octaves
  }
  return 8;
}

/// The last transition of the group that holds `step` > F.
std::int64_t TraceThinner::group_end(std::int64_t step) const {
  std::int64_t begin = fine_, length = 8;  // of octave 1
  while (step > 2 * begin) {
    begin *= 2;
    length *= 2;
  }
  return begin + ((step - begin - 1) / length + 1) * length;
}

std::int64_t TraceThinner::add(const TracePoint& point, std::vector<TracePoint>& trace) {
  if (point.step <= fine_) {
    trace.push_back(point);
    return 0;
  }
  std::int64_t left_out = point.step > end_ ? close(trace) : 0;
  if (count_++ == 0) {
    end_ = group_end(point.step);
    first_ = low_ = high_ = point;
  }
  if (point.potential < low_.potential) low_ = point;
  if (point.potential > high_.potential) high_ = point;
  last_ = point;
  if (point.step == end_) left_out += close(trace);
  return left_out;
}

std::int64_t TraceThinner::close(std::vector<TracePoint>& trace) {
  if (count_ == 0) return 0;
  const bool low_first = low_.step < high_.step;
  const TracePoint four[] = {first_, low_first ? low_ : high_, low_first ? high_ : low_, last_};
  std::int64_t kept = 0, before = 0;
  for (const TracePoint& point : four) {
    if (point.step == before) continue;  // the first may be the lowest as well
    trace.push_back(point);
    before = point.step;
    ++kept;
  }
  const std::int64_t left_out = count_ - kept;
  count_ = 0;
  return left_out;
}

}  // namespace ergo
