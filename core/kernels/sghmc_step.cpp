// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/sghmc_step.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/sghmc_step.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/normal-inl.h"
#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// `count` parameters; multiplications and additions apart, for equal bits everywhere.
HWY_INLINE void move(const SghmcStepNumbers& numbers, std::int64_t count, const float* noise,
                     const float* HWY_RESTRICT grad, float* HWY_RESTRICT theta,
                     float* HWY_RESTRICT r) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto eps = hn::Set(d, numbers.step_size), friction = hn::Set(d, numbers.friction);
  const auto scale = hn::Set(d, numbers.noise_scale);
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(lanes)) {
    const std::size_t n = lanes_used(count, i, lanes);
    const auto old = load_part(d, r + i, n);
    const auto force = hn::Add(load_part(d, grad + i, n), hn::Mul(friction, old));
    auto next = hn::Sub(old, hn::Mul(eps, force));
    if (noise) next = hn::Add(next, hn::Mul(scale, load_part(d, noise + i, n)));
    store_part(next, d, r + i, n);
    store_part(hn::Add(load_part(d, theta + i, n), hn::Mul(eps, next)), d, theta + i, n);
  }
}

void sghmc(const SghmcStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
           const float* grad, float* theta, float* r) {
  in_noise_blocks(noise, numbers.noise_scale != 0.0f, params,
                  [&](std::int64_t i, std::int64_t count, const float* normals) {
                    move(numbers, count, normals, grad + i, theta + i, r + i);
                  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
HWY_EXPORT(sghmc);

void sghmc_step(const SghmcStepNumbers& numbers, const NoiseCounter& noise, std::int64_t params,
                const float* grad, float* position, float* momentum) {
  HWY_DYNAMIC_DISPATCH(sghmc)(numbers, noise, params, grad, position, momentum);
}

}  // namespace ergo
#endif  // HWY_ONCE
