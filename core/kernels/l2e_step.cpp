// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/l2e_step.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/l2e_step.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <array>
#include <cmath>

#include "core/kernels/l2e_network-inl.h"

#ifndef ERGO_CORE_KERNELS_L2E_STEP_ONCE
#define ERGO_CORE_KERNELS_L2E_STEP_ONCE
namespace ergo {
inline constexpr std::array<float, l2e_averages> average_decays = {0.1f,  0.5f,   0.9f,
                                                                   0.99f, 0.999f, 0.9999f};
inline constexpr double feature_floor = 1e-5;
inline constexpr std::int64_t sum_at_most = 1024;

/// The steady features' share of the first layer, [units, size], is kept between the two
/// evaluations where it has at most this many numbers (320 KiB, which second-level caches hold);
/// beyond that computing it again is cheaper than fetching 128 bytes a parameter (32 units) from
/// memory. Same bits either way.
inline constexpr std::int64_t keep_share_up_to = 2560 * 32;
}  // namespace ergo
#endif

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// One span during one transition.
template <class Widths>
class SpanStep {
 public:
  SpanStep(const NetworkView<Widths>& network, const L2eStepNumbers& numbers, const L2eSpan& span,
           const L2eChain& chain, float* share)
      : network_(network),
        numbers_(numbers),
        size_(span.size),
        grad_(chain.grad + span.offset),
        noise_(chain.noise ? chain.noise + span.offset : nullptr),
        theta_(chain.position + span.offset),
        r_(chain.momentum + span.offset),
        share_(span.size * network.width.first <= keep_share_up_to ? share : nullptr) {
    for (int j = 0; j < l2e_averages; ++j) m_[j] = chain.averages + j * chain.params + span.offset;
  }

  void run() {
    move_averages();
    move_momentum();
    move_position();
  }

 private:
  float normaliser(double squares) const {
    return static_cast<float>(1.0 /
                              std::sqrt(squares / static_cast<double>(size_) + feature_floor));
  }

  /// Pass 1: m_j <- d_j m_j + (1 - d_j) g, and the mean squares of all nine features.
  void move_averages() {
    const LD d;
    const std::size_t lanes = hn::Lanes(d);
    std::array<double, l2e_features> sums{};
    for (std::int64_t begin = 0; begin < size_; begin += sum_at_most) {
      const std::int64_t end = std::min(size_, begin + sum_at_most);
      LV s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0;
      for (std::int64_t i = begin; i < end; i += static_cast<std::int64_t>(lanes)) {
        const std::size_t n = lanes_used(end, i, lanes);
        const LV g = gradient(i, n), theta = load_part(d, theta_ + i, n),
                 r = load_part(d, r_ + i, n);
        s0 = hn::MulAdd(g, g, s0), s1 = hn::MulAdd(theta, theta, s1), s2 = hn::MulAdd(r, r, s2);
        s3 = move_average(0, i, n, g, s3), s4 = move_average(1, i, n, g, s4);
        s5 = move_average(2, i, n, g, s5), s6 = move_average(3, i, n, g, s6);
        s7 = move_average(4, i, n, g, s7), s8 = move_average(5, i, n, g, s8);
      }
      int f = 0;
      for (const LV& s : {s0, s1, s2, s3, s4, s5, s6, s7, s8}) {
        sums[static_cast<std::size_t>(f++)] +=
            static_cast<double>(hn::GetLane(hn::SumOfLanes(d, s)));
      }
    }
    for (std::size_t f = 0; f < sums.size(); ++f) scale_[f] = normaliser(sums[f]);
  }

  HWY_INLINE LV gradient(std::int64_t i, std::size_t n) const {
    const LD d;
    return hn::Mul(load_part(d, grad_ + i, n), hn::Set(d, numbers_.gradient_scale));
  }

  HWY_INLINE LV move_average(std::size_t j, std::int64_t i, std::size_t n, LV g, LV sum) {
    const LD d;
    const LV decay = hn::Set(d, average_decays[j]), rest = hn::Set(d, 1.0f - average_decays[j]);
    const LV m = hn::MulAdd(decay, load_part(d, m_[j] + i, n), hn::Mul(rest, g));
    store_part(m, d, m_[j] + i, n);
    return hn::MulAdd(m, m, sum);
  }

  /// The steady features of a tile, normalised, [8][tile]: g, theta, m_1..m_6.
  HWY_INLINE void steady_features(std::int64_t start, std::size_t lo, std::size_t hi,
                                  float* HWY_RESTRICT x) const {
    const LD d;
    const std::size_t lanes = hn::Lanes(d);
    const auto put = [&](std::size_t row, const float* from, float scale) HWY_ATTR {
      const LV s = hn::Set(d, scale);
      hn::Store(hn::Mul(load_part(d, from + start, lo), s), d, x + 2 * lanes * row);
      hn::Store(hi > 0 ? hn::Mul(load_part(d, from + start + lanes, hi), s) : hn::Zero(d), d,
                x + 2 * lanes * row + lanes);
    };
    put(0, grad_, numbers_.gradient_scale * scale_[0]);
    put(1, theta_, scale_[1]);
    for (std::size_t j = 0; j < l2e_averages; ++j) put(2 + j, m_[j], scale_[3 + j]);
  }

  HWY_INLINE Pair momentum_feature(std::int64_t start, std::size_t lo, std::size_t hi,
                                   float scale) const {
    const LD d;
    const LV s = hn::Set(d, scale);
    const float* from = r_ + start;
    return {hn::Mul(load_part(d, from, lo), s),
            hi > 0 ? hn::Mul(load_part(d, from + hn::Lanes(d), hi), s) : hn::Zero(d)};
  }

  /// Pass 2: r' = r - eps (N g + alpha + C beta) + s noise, and the mean square of r'.
  void move_momentum() {
    const LD d;
    const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
    HWY_ALIGN float x[L2eNetwork::steady * most_tile];
    HWY_ALIGN float h0[Widths::most * most_tile];
    double squares = 0.0;
    LV sum = hn::Zero(d);
    std::int64_t summed = 0;
    for (std::int64_t start = 0; start < size_; start += static_cast<std::int64_t>(tile)) {
      const std::size_t lo = lanes_used(size_, start, lanes);
      const std::size_t hi = lanes_used(size_, start + static_cast<std::int64_t>(lanes), lanes);
      float* share = share_ ? share_ + start * network_.width.first : nullptr;
      steady_features(start, lo, hi, x);
      first_layer(network_, x, momentum_feature(start, lo, hi, scale_[2]), share, h0);
      const AlphaBeta out = upper_layers<true>(network_, h0);
      sum = kick(start, lo, out.alpha.lo, out.beta.lo, sum);
      if (hi > 0)
        sum = kick(start + static_cast<std::int64_t>(lanes), hi, out.alpha.hi, out.beta.hi, sum);
      summed += static_cast<std::int64_t>(tile);
      if (summed < sum_at_most) continue;
      squares += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
      sum = hn::Zero(d), summed = 0;
    }
    squares += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    scale_[2] = normaliser(squares);
  }

  HWY_INLINE LV kick(std::int64_t i, std::size_t n, LV alpha, LV beta, LV sum) {
    const LD d;
    LV force = hn::MulAdd(hn::Set(d, numbers_.friction), beta, alpha);
    force = hn::MulAdd(hn::Set(d, numbers_.data_size), gradient(i, n), force);
    LV r = hn::NegMulAdd(hn::Set(d, numbers_.step_size), force, load_part(d, r_ + i, n));
    if (noise_) r = hn::MulAdd(hn::Set(d, numbers_.noise_scale), load_part(d, noise_ + i, n), r);
    store_part(r, d, r_ + i, n);
    // Lanes behind the end hold what the network makes of zeros; they are no part of the mean.
    const LV counted = n < hn::Lanes(d) ? load_part(d, r_ + i, n) : r;
    return hn::MulAdd(counted, counted, sum);
  }

  /// Pass 3: theta' = theta + eps beta(theta, r').
  void move_position() {
    const LD d;
    const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
    HWY_ALIGN float x[L2eNetwork::steady * most_tile];
    HWY_ALIGN float h0[Widths::most * most_tile];
    const LV eps = hn::Set(d, numbers_.step_size);
    for (std::int64_t start = 0; start < size_; start += static_cast<std::int64_t>(tile)) {
      const std::size_t lo = lanes_used(size_, start, lanes);
      const std::size_t hi = lanes_used(size_, start + static_cast<std::int64_t>(lanes), lanes);
      const Pair r = momentum_feature(start, lo, hi, scale_[2]);
      if (share_) {
        add_momentum(network_, share_ + start * network_.width.first, r, h0);
      } else {
        steady_features(start, lo, hi, x);
        first_layer(network_, x, r, nullptr, h0);
      }
      const Pair beta = upper_layers<false>(network_, h0).beta;
      float* theta = theta_ + start;
      store_part(hn::MulAdd(eps, beta.lo, load_part(d, theta, lo)), d, theta, lo);
      if (hi > 0) {
        theta += lanes;
        store_part(hn::MulAdd(eps, beta.hi, load_part(d, theta, hi)), d, theta, hi);
      }
    }
  }

  const NetworkView<Widths>& network_;
  const L2eStepNumbers& numbers_;
  std::int64_t size_;
  const float* grad_;
  const float* noise_;
  float* theta_;
  float* r_;
  std::array<float*, l2e_averages> m_{};
  std::array<float, l2e_features> scale_{};
  float* share_;
};

void step(const L2eNetwork& network, const L2eStepNumbers& numbers, const L2eSpan* spans,
          std::size_t count, const L2eChain& chain) {
  thread_local const auto share = hwy::AllocateAligned<float>(
      static_cast<std::size_t>(keep_share_up_to) + most_tile * l2e_most_width);
  with_widths(network, [&](auto widths) HWY_ATTR {
    const NetworkView view(network, widths);
    for (std::size_t i = 0; i < count; ++i)
      SpanStep(view, numbers, spans[i], chain, share.get()).run();
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(step);

void l2e_step(const L2eNetwork& network, const L2eStepNumbers& numbers,
              std::span<const L2eSpan> spans, const L2eChain& chain) {
  HWY_DYNAMIC_DISPATCH(step)(network, numbers, spans.data(), spans.size(), chain);
}

}  // namespace ergo
#endif  // HWY_ONCE
