// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/l2e_network.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/l2e_network.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/kernels/l2e_network-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

template <bool with_alpha, class Widths>
HWY_ATTR void network(const NetworkView<Widths>& p, const float* const* features,
                      const float* scale, std::int64_t count, float* alpha, float* beta) {
  const LD d;
  const std::size_t lanes = hn::Lanes(d), tile = 2 * lanes;
  HWY_ALIGN float x[L2eNetwork::steady * most_tile];
  HWY_ALIGN float h0[Widths::most * most_tile];
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
  with_widths(p, [&](auto widths) HWY_ATTR {
    network<true>(NetworkView(p, widths), features, scale, count, alpha, beta);
  });
}

void network_beta(const L2eNetwork& p, const float* const* features, const float* scale,
                  std::int64_t count, float* beta) {
  with_widths(p, [&](auto widths) HWY_ATTR {
    network<false>(NetworkView(p, widths), features, scale, count, nullptr, beta);
  });
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

namespace {

int filled(int units) {
  return (units + l2e_unit_multiple - 1) / l2e_unit_multiple * l2e_unit_multiple;
}

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

/// Copies `rows` rows of `columns` numbers between arrays with rows of other lengths.
void copy_rows(int rows, int columns, const float* from, int from_length, float* to,
               int to_length) {
  for (int j = 0; j < rows; ++j)
    std::copy_n(from + product(j, from_length), columns, to + product(j, to_length));
}

}  // namespace

L2eWeights::L2eWeights(L2eWidths widths)
    : hidden(widths),
      w0(product(widths.first, l2e_features)),
      b0(product(widths.first, 1)),
      w1(product(widths.second, widths.first)),
      b1(product(widths.second, 1)),
      w2(product(2, widths.second)),
      b2(2) {}

L2eNetwork::L2eNetwork(const L2eWeights& weights, float alpha_multiplier, float beta_multiplier)
    : hidden{filled(weights.hidden.first), filled(weights.hidden.second)} {
  const Places at = places(hidden);
  const auto [first, second] = weights.hidden;
  values.assign(static_cast<std::size_t>(at.floats), 0.0f);
  float* v = values.data();
  constexpr int r = l2e_momentum_feature;
  const float* w0 = weights.w0.data();
  copy_rows(first, r, w0, l2e_features, v + at.w0, steady);
  copy_rows(first, 1, w0 + r, l2e_features, v + at.momentum, 1);
  copy_rows(first, steady - r, w0 + r + 1, l2e_features, v + at.w0 + r, steady);
  copy_rows(first, 1, weights.b0.data(), 1, v + at.b0, 1);
  copy_rows(second, first, weights.w1.data(), first, v + at.w1, hidden.first);
  copy_rows(second, 1, weights.b1.data(), 1, v + at.b1, 1);
  for (int k = 0; k < 2; ++k) {
    const float multiplier = k == 0 ? alpha_multiplier : beta_multiplier;
    for (int j = 0; j < second; ++j)
      v[at.w2 + k * hidden.second + j] =
          multiplier * weights.w2[product(k, second) + product(j, 1)];
    v[at.b2 + k] = multiplier * weights.b2[product(k, 1)];
  }
}

std::vector<float> L2eNetwork::filled_up(L2eWidths widths) const {
  const Places from = places(hidden), to = places(widths);
  std::vector<float> out(static_cast<std::size_t>(to.floats), 0.0f);
  const float* v = values.data();
  copy_rows(hidden.first, steady, v + from.w0, steady, out.data() + to.w0, steady);
  copy_rows(hidden.first, 1, v + from.momentum, 1, out.data() + to.momentum, 1);
  copy_rows(hidden.first, 1, v + from.b0, 1, out.data() + to.b0, 1);
  copy_rows(hidden.second, hidden.first, v + from.w1, hidden.first, out.data() + to.w1,
            widths.first);
  copy_rows(hidden.second, 1, v + from.b1, 1, out.data() + to.b1, 1);
  copy_rows(2, hidden.second, v + from.w2, hidden.second, out.data() + to.w2, widths.second);
  copy_rows(2, 1, v + from.b2, 1, out.data() + to.b2, 1);
  return out;
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
