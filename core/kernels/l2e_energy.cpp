// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/l2e_energy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/l2e_energy.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
using ED = hn::ScalableTag<float>;
using EV = hn::Vec<ED>;

/// silu(z) and its slope.
struct Silu {
  EV value, slope;
};
HWY_INLINE Silu silu_of(EV z) {
  const ED d;
  const EV s = logistic_of(d, z), value = hn::Mul(z, s);
  return {value, hn::MulAdd(value, hn::Sub(hn::Set(d, 1.0f), s), s)};
}

/// Units of a layer, a vector of parameters each.
struct Units {
  HWY_ALIGN float values[l2e_most_width * most_lanes<float>];
  HWY_INLINE EV get(int k) const {
    const ED d;
    return hn::Load(d, values + static_cast<std::size_t>(k) * hn::Lanes(d));
  }
  HWY_INLINE void set(int k, EV value) {
    const ED d;
    hn::Store(value, d, values + static_cast<std::size_t>(k) * hn::Lanes(d));
  }
};

/// dG/dx at the inputs x of one vector of parameters: by theta and by r.
struct Slope {
  EV position, momentum;
};

HWY_INLINE Slope slope_at(const EnergyWeights& w, const EV* x) {
  const ED d;
  Units first, slope, back;
  for (int k = 0; k < w.hidden.first; ++k) {
    EV z = hn::Set(d, w.b0[static_cast<std::size_t>(k)]);
    for (int j = 0; j < l2e_features; ++j)
      z = hn::MulAdd(
          hn::Set(d,
                  w.w0[static_cast<std::size_t>(k) * l2e_features + static_cast<std::size_t>(j)]),
          x[j], z);
    const Silu s = silu_of(z);
    first.set(k, s.value);
    slope.set(k, s.slope);
    back.set(k, hn::Zero(d));
  }
  for (int m = 0; m < w.hidden.second; ++m) {
    const float* row = w.w1.data() + static_cast<std::ptrdiff_t>(m) * w.hidden.first;
    EV z = hn::Set(d, w.b1[static_cast<std::size_t>(m)]);
    for (int k = 0; k < w.hidden.first; ++k) z = hn::MulAdd(hn::Set(d, row[k]), first.get(k), z);
    const EV out = hn::Mul(hn::Set(d, w.w2[static_cast<std::size_t>(m)]), silu_of(z).slope);
    for (int k = 0; k < w.hidden.first; ++k)
      back.set(k, hn::MulAdd(hn::Set(d, row[k]), out, back.get(k)));
  }
  constexpr int position = 1, momentum = l2e_momentum_feature;
  Slope s{hn::Zero(d), hn::Mul(hn::Set(d, w.momentum_square), x[momentum])};
  for (int k = 0; k < w.hidden.first; ++k) {
    const EV unit = hn::Mul(back.get(k), slope.get(k));
    const float* row = w.w0.data() + static_cast<std::ptrdiff_t>(k) * l2e_features;
    s.position = hn::MulAdd(hn::Set(d, row[position]), unit, s.position);
    s.momentum = hn::MulAdd(hn::Set(d, row[momentum]), unit, s.momentum);
  }
  return s;
}

void gradient(const EnergyWeights& w, const EnergyInputs& in, float alpha_scale, float beta_scale,
              float* alpha, float* beta) {
  const ED d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::int64_t i = 0; i < in.count; i += static_cast<std::int64_t>(lanes)) {
    const std::size_t used = lanes_used(in.count, i, lanes);
    EV x[l2e_features];
    for (std::size_t j = 0; j < l2e_features; ++j)
      x[j] = hn::Mul(hn::Set(d, in.scale[j]), load_part(d, in.rows[j] + i, used));
    const Slope s = slope_at(w, x);
    if (alpha) store_part(hn::Mul(hn::Set(d, alpha_scale), s.position), d, alpha + i, used);
    store_part(hn::Mul(hn::Set(d, beta_scale), s.momentum), d, beta + i, used);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(gradient);

EnergyWeights::EnergyWeights(L2eWidths widths)
    : hidden(widths),
      w0(static_cast<std::size_t>(widths.first * l2e_features), 0.0f),
      b0(static_cast<std::size_t>(widths.first), 0.0f),
      w1(static_cast<std::size_t>(widths.second * widths.first), 0.0f),
      b1(static_cast<std::size_t>(widths.second), 0.0f),
      w2(static_cast<std::size_t>(widths.second), 0.0f) {}

void energy_gradient(const EnergyWeights& weights, const EnergyInputs& inputs, float alpha_scale,
                     float beta_scale, float* alpha, float* beta) {
  HWY_DYNAMIC_DISPATCH(gradient)(weights, inputs, alpha_scale, beta_scale, alpha, beta);
}

}  // namespace ergo
#endif  // HWY_ONCE
