// SPDX-License-Identifier: GPL-3.0-or-later
// The peak of one core: twelve independent chains of multiply-adds hide the latency of one (4
// cycles on two units need eight).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/bench/fma_peak.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "tests/bench/measure.h"

HWY_BEFORE_NAMESPACE();
namespace ergo::bench {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Twelve accumulators and two constants fit the sixteen registers of AVX2.
HWY_ATTR float multiply_adds(std::int64_t rounds, float factor, float term, const float* s) {
  const D d;
  const V f = hn::Set(d, factor), t = hn::Set(d, term);
  // Starts that the compiler cannot know, or it would fold the twelve equal chains into one.
  V a0 = hn::Set(d, s[0]), a1 = hn::Set(d, s[1]), a2 = hn::Set(d, s[2]), a3 = hn::Set(d, s[3]);
  V a4 = hn::Set(d, s[4]), a5 = hn::Set(d, s[5]), a6 = hn::Set(d, s[6]), a7 = hn::Set(d, s[7]);
  V a8 = hn::Set(d, s[8]), a9 = hn::Set(d, s[9]), a10 = hn::Set(d, s[10]), a11 = hn::Set(d, s[11]);
  for (std::int64_t i = 0; i < rounds; ++i) {
    a0 = hn::MulAdd(a0, f, t), a1 = hn::MulAdd(a1, f, t), a2 = hn::MulAdd(a2, f, t);
    a3 = hn::MulAdd(a3, f, t), a4 = hn::MulAdd(a4, f, t), a5 = hn::MulAdd(a5, f, t);
    a6 = hn::MulAdd(a6, f, t), a7 = hn::MulAdd(a7, f, t), a8 = hn::MulAdd(a8, f, t);
    a9 = hn::MulAdd(a9, f, t), a10 = hn::MulAdd(a10, f, t), a11 = hn::MulAdd(a11, f, t);
  }
  const V sum = hn::Add(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)),
                        hn::Add(hn::Add(hn::Add(a4, a5), hn::Add(a6, a7)),
                                hn::Add(hn::Add(a8, a9), hn::Add(a10, a11))));
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

std::int64_t flop_a_round() { return 12 * 2 * static_cast<std::int64_t>(hn::Lanes(D())); }

}  // namespace HWY_NAMESPACE
}  // namespace ergo::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo::bench {
HWY_EXPORT(multiply_adds);
HWY_EXPORT(flop_a_round);

double fma_peak_flops() {
  constexpr std::int64_t rounds = 200000;
  float starts[12];
  for (int i = 0; i < 12; ++i) starts[i] = 0.01f * static_cast<float>(i);
  benchmark::DoNotOptimize(starts);
  const auto flop = static_cast<double>(rounds * HWY_DYNAMIC_DISPATCH(flop_a_round)());
  double best = 0.0;  // a peak is what nothing disturbed
  for (int attempt = 0; attempt < 12; ++attempt) {
    const double begin = cpu_seconds();
    benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(multiply_adds)(rounds, 0.999f, 1e-3f, starts));
    best = std::max(best, flop / (cpu_seconds() - begin));
  }
  return best;
}

}  // namespace ergo::bench
#endif  // HWY_ONCE
