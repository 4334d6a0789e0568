// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/l2e_network.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/l2e_network.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/l2e_network-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

template <bool with_alpha>
void network(const L2eNetwork& p, const float* const* features, const float* scale,
             std::int64_t count, float* alpha, float* beta) {
  const LD d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  HWY_ALIGN float x[L2eNetwork::steady * most_tile];
  HWY_ALIGN float h0[hidden_floats];
  for (std::int64_t start = 0; start < count; start += static_cast<std::int64_t>(tile)) {
    const std::size_t lo = lanes_used(count, start, lanes);
    const std::size_t hi = lanes_used(count, start + static_cast<std::int64_t>(lanes), lanes);
    const auto scaled = [&](int f) HWY_ATTR {
      const LV s = hn::Set(d, scale[f]);
      const float* from = features[f] + start;
      return Pair{hn::Mul(load_part(d, from, lo), s),
                  hi > 0 ? hn::Mul(load_part(d, from + lanes, hi), s) : hn::Zero(d)};
    };
    int row = 0;
    for (int f = 0; f < l2e_features; ++f) {
      if (f != l2e_momentum_feature)
        store_tile(scaled(f), x + tile * static_cast<std::size_t>(row++));
    }
    first_layer(p, x, scaled(l2e_momentum_feature), nullptr, h0);
    const AlphaBeta out = upper_layers<with_alpha>(p, h0);
    if (with_alpha) store_part(out.alpha.lo, d, alpha + start, lo);
    store_part(out.beta.lo, d, beta + start, lo);
    if (hi == 0) continue;
    if (with_alpha) store_part(out.alpha.hi, d, alpha + start + lanes, hi);
    store_part(out.beta.hi, d, beta + start + lanes, hi);
  }
}

void network_both(const L2eNetwork& p, const float* const* features, const float* scale,
                  std::int64_t count, float* alpha, float* beta) {
  network<true>(p, features, scale, count, alpha, beta);
}

void network_beta(const L2eNetwork& p, const float* const* features, const float* scale,
                  std::int64_t count, float* beta) {
  network<false>(p, features, scale, count, nullptr, beta);
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(network_both);
HWY_EXPORT(network_beta);
HWY_EXPORT(target_name);

L2eNetwork::L2eNetwork(const L2eWeights& weights, float alpha_multiplier, float beta_multiplier)
    : b0(weights.b0), w1(weights.w1), b1(weights.b1) {
  for (std::size_t j = 0; j < l2e_width; ++j) {
    std::size_t to = 0;
    for (std::size_t f = 0; f < l2e_features; ++f) {
      const float w = weights.w0[j * l2e_features + f];
      if (f == l2e_momentum_feature)
        momentum[j] = w;
      else
        w0[j * steady + to++] = w;
    }
    w2[j] = alpha_multiplier * weights.w2[j];
    w2[l2e_width + j] = beta_multiplier * weights.w2[l2e_width + j];
  }
  b2 = {alpha_multiplier * weights.b2[0], beta_multiplier * weights.b2[1]};
}

void l2e_network(const L2eNetwork& network, const std::array<const float*, l2e_features>& features,
                 const std::array<float, l2e_features>& scale, std::int64_t count, float* alpha,
                 float* beta) {
  if (alpha) {
    HWY_DYNAMIC_DISPATCH(network_both)(network, features.data(), scale.data(), count, alpha, beta);
  } else {
    HWY_DYNAMIC_DISPATCH(network_beta)(network, features.data(), scale.data(), count, beta);
  }
}

void l2e_network(const L2eWeights& weights, const std::array<const float*, l2e_features>& features,
                 const std::array<float, l2e_features>& scale, std::int64_t count, float* alpha,
                 float* beta) {
  l2e_network(L2eNetwork(weights, 1.0f, 1.0f), features, scale, count, alpha, beta);
}

const char* l2e_instruction_set() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace ergo
#endif  // HWY_ONCE
