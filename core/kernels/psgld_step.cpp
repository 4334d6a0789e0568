// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/psgld_step.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/psgld_step.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/normal-inl.h"
#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// `count` parameters; multiplications and additions apart, for equal bits everywhere.
HWY_INLINE void move_preconditioned(const PsgldStepNumbers& numbers, std::int64_t count,
                                    const float* noise, const float* HWY_RESTRICT grad,
                                    float* HWY_RESTRICT theta, float* HWY_RESTRICT v) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto eps = hn::Set(d, numbers.step_size), scale = hn::Set(d, numbers.noise_scale);
  const auto keep = hn::Set(d, numbers.decay), renew = hn::Set(d, 1.0f - numbers.decay);
  const auto per_datum = hn::Set(d, numbers.gradient_scale);
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(lanes)) {
    const std::size_t n = lanes_used(count, i, lanes);
    const auto full = load_part(d, grad + i, n), mean = hn::Mul(per_datum, full);
    const auto squares =
        hn::Add(hn::Mul(keep, load_part(d, v + i, n)), hn::Mul(renew, hn::Mul(mean, mean)));
    store_part(squares, d, v + i, n);
    const auto g =
        hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, numbers.stabiliser), hn::Sqrt(squares)));
    auto next = hn::Sub(load_part(d, theta + i, n), hn::Mul(eps, hn::Mul(g, full)));
    if (noise)
      next = hn::Add(next, hn::Mul(hn::Mul(scale, hn::Sqrt(g)), load_part(d, noise + i, n)));
    store_part(next, d, theta + i, n);
  }
}

void psgld(const PsgldStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
           const float* grad, float* theta, float* v) {
  in_noise_blocks(noise, numbers.noise_scale != 0.0f, params,
                  [&](std::int64_t i, std::int64_t count, const float* normals) {
                    move_preconditioned(numbers, count, normals, grad + i, theta + i, v + i);
                  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(psgld);

void psgld_step(const PsgldStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                const float* grad, float* position, float* squares) {
  HWY_DYNAMIC_DISPATCH(psgld)(numbers, noise, params, grad, position, squares);
}

}  // namespace ergo
#endif  // HWY_ONCE
