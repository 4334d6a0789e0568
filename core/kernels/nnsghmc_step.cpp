// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/nnsghmc_step.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/nnsghmc_step.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/normal-inl.h"
#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

using Lanes = hn::Vec<hn::ScalableTag<float>>;

/// A network of one chain: what the energy adds to its first layer is the same for all parameters.
struct ChainNetwork {
  ChainNetwork(const NnsghmcColumns& n, float energy) : columns(n), base(n.bias) {
    for (std::size_t k = 0; k < base.size(); ++k) base[k] += n.energy[k] * energy;
  }
  const NnsghmcColumns& columns;
  std::vector<float> base;
};

/// Value and slopes, products and sums apart, for equal bits everywhere.
struct Slopes {
  Lanes value, by_energy, by_momentum;
};

template <bool with_gradient>
HWY_INLINE Slopes evaluate(const ChainNetwork& net, Lanes p, Lanes g) {
  const hn::ScalableTag<float> d;
  const auto zero = hn::Zero(d);
  Slopes s{hn::Set(d, net.columns.out_bias), zero, zero};
  for (std::size_t k = 0; k < net.base.size(); ++k) {
    auto before = hn::Add(hn::Set(d, net.base[k]), hn::Mul(hn::Set(d, net.columns.momentum[k]), p));
    if constexpr (with_gradient)
      before = hn::Add(before, hn::Mul(hn::Set(d, net.columns.gradient[k]), g));
    const auto open = hn::Gt(before, zero);
    const float out = net.columns.out[k];
    s.value = hn::Add(s.value, hn::Mul(hn::Set(d, out), hn::IfThenElseZero(open, before)));
    s.by_momentum =
        hn::Add(s.by_momentum, hn::IfThenElseZero(open, hn::Set(d, out * net.columns.momentum[k])));
    if constexpr (!with_gradient)
      s.by_energy =
          hn::Add(s.by_energy, hn::IfThenElseZero(open, hn::Set(d, out * net.columns.energy[k])));
  }
  return s;
}

HWY_INLINE Slopes curl(const ChainNetwork& q, float constant, Lanes p) {
  const hn::ScalableTag<float> d;
  Slopes s = evaluate<false>(q, p, p);
  const auto most = hn::Set(d, nnsghmc_most_q);
  const auto inside = hn::Lt(hn::Abs(s.value), most);
  s.value = hn::Add(hn::Min(most, hn::Max(hn::Neg(most), s.value)), hn::Set(d, constant));
  s.by_energy = hn::IfThenElseZero(inside, s.by_energy);
  s.by_momentum = hn::IfThenElseZero(inside, s.by_momentum);
  return s;
}

HWY_INLINE Slopes diffusion(const ChainNetwork& net, float friction, Lanes p, Lanes g,
                            const Slopes& q) {
  const hn::ScalableTag<float> d;
  Slopes s = evaluate<true>(net, p, hn::Mul(hn::Set(d, nnsghmc_gradient_scale), g));
  const auto fifty = hn::Set(d, nnsghmc_d_scale), most = hn::Set(d, nnsghmc_most_d),
             c = hn::Set(d, friction);
  const auto sign =
      hn::IfThenElseZero(hn::Ne(s.value, hn::Zero(d)), hn::CopySign(hn::Set(d, 1.0f), s.value));
  const auto whole =
      hn::Add(hn::Mul(c, hn::Mul(q.value, q.value)), hn::Mul(fifty, hn::Abs(s.value)));
  const auto slope = hn::Add(hn::Mul(hn::Add(c, c), hn::Mul(q.value, q.by_momentum)),
                             hn::Mul(fifty, hn::Mul(sign, s.by_momentum)));
  s.by_momentum = hn::IfThenElseZero(hn::Lt(whole, most), slope);
  s.value = hn::Min(whole, most);
  return s;
}

HWY_INLINE void move(const ChainNetwork& nq, const ChainNetwork& nd, const NnsghmcStepNumbers& n,
                     std::int64_t count, const float* noise, const float* HWY_RESTRICT grad,
                     float* HWY_RESTRICT theta, float* HWY_RESTRICT momentum) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto eps = hn::Set(d, n.step_size);
  const auto drift = hn::Set(d, n.gamma ? n.step_size * n.temperature : 0.0f);
  const auto heat = hn::Set(d, 2.0f * n.step_size * n.temperature);
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(lanes)) {
    const std::size_t used = lanes_used(count, i, lanes);
    const auto force = load_part(d, grad + i, used), p = load_part(d, momentum + i, used);
    const auto g = hn::Mul(hn::Set(d, n.gradient_scale), force);
    const Slopes q = curl(nq, n.q_constant, p), c = diffusion(nd, n.friction, p, g, q);
    auto next = hn::Sub(p, hn::Mul(eps, hn::Add(hn::Mul(q.value, force), hn::Mul(c.value, p))));
    next = hn::Add(next, hn::Mul(drift, hn::Add(hn::Mul(q.by_energy, g), c.by_momentum)));
    if (noise)
      next =
          hn::Add(next, hn::Mul(hn::Sqrt(hn::Mul(heat, c.value)), load_part(d, noise + i, used)));
    const Slopes then = curl(nq, n.q_constant, next);
    const auto way =
        hn::Sub(hn::Mul(eps, hn::Mul(then.value, next)), hn::Mul(drift, then.by_momentum));
    store_part(next, d, momentum + i, used);
    store_part(hn::Add(load_part(d, theta + i, used), way), d, theta + i, used);
  }
}

void nnsghmc(const NnsghmcColumns& q, const NnsghmcColumns& d, const NnsghmcStepNumbers& numbers,
             const NoiseCounter& noise, std::int64_t params, const float* grad, float* theta,
             float* momentum) {
  const ChainNetwork nq(q, numbers.energy), nd(d, numbers.energy);
  in_noise_blocks(noise, numbers.temperature != 0.0f, params,
                  [&](std::int64_t i, std::int64_t count, const float* normals) {
                    move(nq, nd, numbers, count, normals, grad + i, theta + i, momentum + i);
                  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(nnsghmc);

void nnsghmc_step(const NnsghmcColumns& q, const NnsghmcColumns& d,
                  const NnsghmcStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                  const float* grad, float* position, float* momentum) {
  HWY_DYNAMIC_DISPATCH(nnsghmc)(q, d, numbers, noise, params, grad, position, momentum);
}

}  // namespace ergo
#endif  // HWY_ONCE
