// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/losses.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/losses.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>

#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// Softmax over the units of every column; leaves scale * p in delta and the logarithm of the sum
/// in log_sum, so that the loss of a label is that minus its own output.
template <class T>
void softmax(const LossArrays<T>& a, std::int64_t classes, double scale, T* log_sum) {
  const hn::ScalableTag<T> d;
  const T* f = a.outputs;
  T* delta = a.delta;
  for (std::int64_t i = 0; i < a.stride; i += static_cast<std::int64_t>(hn::Lanes(d))) {
    auto top = hn::Load(d, f + i);
    for (std::int64_t c = 1; c < classes; ++c)
      top = hn::Max(top, hn::Load(d, f + c * a.stride + i));
    auto total = hn::Zero(d);
    for (std::int64_t c = 0; c < classes; ++c) {
      const auto e = hn::Exp(d, hn::Sub(hn::Load(d, f + c * a.stride + i), top));
      hn::Store(e, d, delta + c * a.stride + i);
      total = hn::Add(total, e);
    }
    const auto factor = hn::Div(hn::Set(d, static_cast<T>(scale)), total);
    for (std::int64_t c = 0; c < classes; ++c) {
      hn::Store(hn::Mul(hn::Load(d, delta + c * a.stride + i), factor), d,
                delta + c * a.stride + i);
    }
    hn::Store(hn::Add(top, hn::Log(d, total)), d, log_sum + i);
  }
}

template <class T>
double prior(double precision, double mean, const T* HWY_RESTRICT theta, std::int64_t count,
             T* HWY_RESTRICT grad) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto p = hn::Set(d, static_cast<T>(precision));
  const auto m = hn::Set(d, static_cast<T>(mean));
  double squares = 0.0;
  constexpr std::int64_t sum_at_most = 1024;
  for (std::int64_t begin = 0; begin < count; begin += sum_at_most) {
    const std::int64_t end = std::min(count, begin + sum_at_most);
    auto sum = hn::Zero(d);
    for (std::int64_t i = begin; i < end; i += static_cast<std::int64_t>(lanes)) {
      const std::size_t n = lanes_used(end, i, lanes);
      auto t = load_part(d, theta + i, n);
      if (mean != 0.0) t = hn::Sub(t, m);  // behind the end too: the sum below leaves that out
      store_part(hn::MulAdd(p, t, load_part(d, grad + i, n)), d, grad + i, n);
      if (mean != 0.0) t = hn::IfThenElseZero(hn::FirstN(d, n), t);
      sum = hn::MulAdd(t, t, sum);
    }
    squares += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  return 0.5 * precision * squares;
}

// Highway chooses among functions, not templates: one name for each type.
#define ERGO_LOSSES_FOR(T, name)                                                          \
  void softmax_##name(const LossArrays<T>& a, std::int64_t c, double scale, T* log_sum) { \
    softmax(a, c, scale, log_sum);                                                        \
  }                                                                                       \
  double prior_##name(double p, double m, const T* t, std::int64_t n, T* g) {             \
    return prior(p, m, t, n, g);                                                          \
  }
ERGO_LOSSES_FOR(float, f32)
ERGO_LOSSES_FOR(double, f64)
#undef ERGO_LOSSES_FOR

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {

template <class T>
double squared_error(const LossArrays<T>& unit, std::span<const T> y, T factor) {
  double squares = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T error = unit.outputs[i] - y[i];
    squares += static_cast<double>(error) * static_cast<double>(error);
    unit.delta[i] = factor * error;
  }
  std::fill(unit.delta + y.size(), unit.delta + unit.stride, T(0));
  return squares;
}

template <class T>
double subtract_labels(const LossArrays<T>& a, std::int64_t classes,
                       std::span<const std::int32_t> labels, double scale, const T* log_sum) {
  double sum = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto at = labels[i] * a.stride + static_cast<std::int64_t>(i);
    sum += static_cast<double>(log_sum[i]) - static_cast<double>(a.outputs[at]);
    a.delta[at] -= static_cast<T>(scale);
  }
  const auto examples = static_cast<std::int64_t>(labels.size());
  for (std::int64_t c = 0; c < classes; ++c) {
    std::fill(a.delta + c * a.stride + examples, a.delta + (c + 1) * a.stride, T(0));
  }
  return scale * sum;
}

#define ERGO_LOSSES_FOR(T, name)                                                                  \
  HWY_EXPORT(softmax_##name);                                                                     \
  HWY_EXPORT(prior_##name);                                                                       \
  template double squared_error<T>(const LossArrays<T>&, std::span<const T>, T);                  \
  template <>                                                                                     \
  double categorical_loss<T>(const LossArrays<T>& a, std::int64_t classes,                        \
                             std::span<const std::int32_t> labels, double scale, T* log_sum) {    \
    HWY_DYNAMIC_DISPATCH(softmax_##name)(a, classes, scale, log_sum);                             \
    return subtract_labels(a, classes, labels, scale, log_sum);                                   \
  }                                                                                               \
  template <>                                                                                     \
  double add_gaussian_prior<T>(double precision, double mean, const T* theta, std::int64_t count, \
                               T* grad) {                                                         \
    return HWY_DYNAMIC_DISPATCH(prior_##name)(precision, mean, theta, count, grad);               \
  }
ERGO_LOSSES_FOR(float, f32)
ERGO_LOSSES_FOR(double, f64)
#undef ERGO_LOSSES_FOR

}  // namespace ergo
#endif  // HWY_ONCE
