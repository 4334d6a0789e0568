// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/leapfrog.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/leapfrog.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE void add(T a, const T* HWY_RESTRICT x, T* HWY_RESTRICT y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, a);
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(lanes)) {
    const std::size_t n = lanes_used(count, i, lanes);
    const auto sum = hn::MulAdd(scale, load_part(d, x + i, n), load_part(d, y + i, n));
    store_part(sum, d, y + i, n);
  }
}

void add_floats(float a, const float* x, float* y, std::int64_t count) { add(a, x, y, count); }
void add_doubles(double a, const double* x, double* y, std::int64_t count) { add(a, x, y, count); }

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
namespace {
HWY_EXPORT(add_floats);
HWY_EXPORT(add_doubles);

template <class T>
double half_square(const T* r, std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(r[i]) * r[i];
  return 0.5 * sum;
}

}  // namespace

void add_scaled(float a, const float* x, float* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(add_floats)(a, x, y, count);
}
void add_scaled(double a, const double* x, double* y, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(add_doubles)(a, x, y, count);
}

double kinetic_energy(const float* r, std::int64_t count) { return half_square(r, count); }
double kinetic_energy(const double* r, std::int64_t count) { return half_square(r, count); }

}  // namespace ergo
#endif  // HWY_ONCE
