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
  std::int64_t left_out = point.step > open_.end ? close(trace) : 0;
  if (open_.count++ == 0) {
    open_.end = group_end(point.step);
    open_.first = open_.low = open_.high = point;
  }
  if (point.potential < open_.low.potential) open_.low = point;
  if (point.potential > open_.high.potential) open_.high = point;
  open_.last = point;
  if (point.step == open_.end) left_out += close(trace);
  return left_out;
}

std::int64_t TraceThinner::close(std::vector<TracePoint>& trace) {
  if (open_.count == 0) return 0;
  const bool low_first = open_.low.step < open_.high.step;
  const TracePoint four[] = {open_.first, low_first ? open_.low : open_.high,
                             low_first ? open_.high : open_.low, open_.last};
  std::int64_t kept = 0, before = 0;
  for (const TracePoint& point : four) {
    if (point.step == before) continue;  // the first may be the lowest as well
    trace.push_back(point);
    before = point.step;
    ++kept;
  }
  const std::int64_t left_out = open_.count - kept;
  open_.count = 0;
  return left_out;
}

}  // namespace ergo
