// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/mlp_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/mlp_passes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>
#include <utility>

#include "core/kernels/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {
static_assert(HWY_MAX_BYTES <= longest_vector_bytes);

template <class T>
void transpose_inputs(const MlpShape& shape, MlpBuffers<T>& b) {
  const std::int64_t width = shape.widths.front();
  transpose(b.inputs, b.examples, width, width, b.inputs_t.data(), b.stride);
}

template <class T>
HWY_INLINE void activate(Activation kind, std::int64_t count, T* HWY_RESTRICT z,
                         T* HWY_RESTRICT sigmoid) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto each = [&](auto&& function) HWY_ATTR {
    for (std::int64_t i = 0; i < count; i += lanes) function(i);
  };
  switch (kind) {
    case Activation::tanh:
      each([&](std::int64_t i) HWY_ATTR { hn::Store(tanh_of(d, hn::Load(d, z + i)), d, z + i); });
      break;
    case Activation::relu:
      each([&](std::int64_t i) HWY_ATTR {
        const auto x = hn::Load(d, z + i);
        // Not Max, which may drop NaN: a diverged chain must be seen.
        hn::Store(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x), d, z + i);
      });
      break;
    case Activation::silu:
      each([&](std::int64_t i) HWY_ATTR {
        const auto x = hn::Load(d, z + i);
        const auto s = logistic_of(d, x);
        hn::Store(s, d, sigmoid + i);
        hn::Store(hn::Mul(x, s), d, z + i);
      });
      break;
  }
}

/// delta *= act'(z), from h = act(z) and, for SiLU, sigmoid = logistic(z).
template <class T>
HWY_INLINE void chain_rule(Activation kind, std::int64_t count, const T* HWY_RESTRICT h,
                           const T* HWY_RESTRICT sigmoid, T* HWY_RESTRICT delta) {
  const hn::ScalableTag<T> d;
  const auto one = hn::Set(d, T(1)), zero = hn::Zero(d);
  for (std::int64_t i = 0; i < count; i += static_cast<std::int64_t>(hn::Lanes(d))) {
    const auto x = hn::Load(d, h + i);
    auto slope = one;
    if (kind == Activation::tanh) slope = hn::NegMulAdd(x, x, one);
    if (kind == Activation::relu) slope = hn::IfThenElse(hn::Gt(x, zero), one, zero);
    if (kind == Activation::silu) {  // d/dz z s(z) = s + h (1 - s)
      const auto s = hn::Load(d, sigmoid + i);
      slope = hn::MulAdd(x, hn::Sub(one, s), s);
    }
    hn::Store(hn::Mul(hn::Load(d, delta + i), slope), d, delta + i);
  }
}

template <class T>
void forward(const MlpShape& shape, const T* theta, MlpBuffers<T>& b) {
  for (std::size_t l = 0; l < shape.layers(); ++l) {
    const std::int64_t in = shape.widths[l], out = shape.widths[l + 1];
    const T* x = l == 0 ? b.inputs_t.data() : b.h[l - 1].data();
    T* h = b.h[l].data();
    gemm<T>({theta + shape.weight_offset[l], in, 1}, out, in, b.stride, x, b.stride,
            theta + shape.bias_offset[l], h, b.stride);
    if (l + 1 == shape.layers()) break;
    activate(shape.activation, out * b.stride, h, b.sigmoid[l].data());
    transpose(h, out, b.examples, b.stride, b.h_t[l].data(), padded<T>(out));
  }
}

template <class T>
void backward(const MlpShape& shape, const T* theta, MlpBuffers<T>& b, T* grad) {
  for (std::size_t l = shape.layers(); l-- > 0;) {
    const std::int64_t in = shape.widths[l], out = shape.widths[l + 1];
    const T* x = l == 0 ? b.inputs : b.h_t[l - 1].data();
    gemm<T>({b.delta.data(), b.stride, 1}, out, b.examples, in, x, l == 0 ? in : padded<T>(in),
            nullptr, grad + shape.weight_offset[l], in);
    sum_rows(b.delta.data(), out, b.stride, grad + shape.bias_offset[l]);
    if (l == 0) break;
    gemm<T>({theta + shape.weight_offset[l], 1, in}, in, out, b.stride, b.delta.data(), b.stride,
            nullptr, b.back.data(), b.stride);
    std::swap(b.delta, b.back);
    chain_rule(shape.activation, in * b.stride, b.h[l - 1].data(), b.sigmoid[l - 1].data(),
               b.delta.data());
  }
}

// Highway chooses among functions, not templates: one name for each type.
#define ERGO_MLP_FOR(T, name)                                                                   \
  void transpose_inputs_##name(const MlpShape& s, MlpBuffers<T>& b) { transpose_inputs(s, b); } \
  void forward_##name(const MlpShape& s, const T* theta, MlpBuffers<T>& b) {                    \
    forward(s, theta, b);                                                                       \
  }                                                                                             \
  void backward_##name(const MlpShape& s, const T* theta, MlpBuffers<T>& b, T* grad) {          \
    backward(s, theta, b, grad);                                                                \
  }
ERGO_MLP_FOR(float, f32)
ERGO_MLP_FOR(double, f64)
#undef ERGO_MLP_FOR

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {

#define ERGO_MLP_FOR(T, name)                                                              \
  HWY_EXPORT(transpose_inputs_##name);                                                     \
  HWY_EXPORT(forward_##name);                                                              \
  HWY_EXPORT(backward_##name);                                                             \
  template <>                                                                              \
  void mlp_bind<T>(const MlpShape& shape, const T* inputs, std::int64_t examples,          \
                   MlpBuffers<T>& b) {                                                     \
    size_buffers(shape, inputs, examples, b);                                              \
    HWY_DYNAMIC_DISPATCH(transpose_inputs_##name)(shape, b);                               \
  }                                                                                        \
  template <>                                                                              \
  void mlp_forward<T>(const MlpShape& shape, const T* theta, MlpBuffers<T>& b) {           \
    HWY_DYNAMIC_DISPATCH(forward_##name)(shape, theta, b);                                 \
  }                                                                                        \
  template <>                                                                              \
  void mlp_backward<T>(const MlpShape& shape, const T* theta, MlpBuffers<T>& b, T* grad) { \
    HWY_DYNAMIC_DISPATCH(backward_##name)(shape, theta, b, grad);                          \
  }

template <class T>
void size_buffers(const MlpShape& shape, const T* inputs, std::int64_t examples, MlpBuffers<T>& b) {
  b.inputs = inputs;
  if (b.examples == examples) return;
  b.examples = examples;
  b.stride = padded<T>(examples);
  b.inputs_t.resize(shape.widths.front() * b.stride);
  b.h.resize(shape.layers());
  b.h_t.resize(shape.layers());
  b.sigmoid.resize(shape.layers());
  std::int64_t widest = 1;
  for (std::size_t l = 0; l < shape.layers(); ++l) {
    const std::int64_t width = shape.widths[l + 1];
    widest = std::max(widest, width);
    b.h[l].resize(width * b.stride);
    const bool hidden = l + 1 < shape.layers();
    if (hidden) b.h_t[l].resize(examples * padded<T>(width));
    if (hidden && shape.activation == Activation::silu) b.sigmoid[l].resize(width * b.stride);
  }
  b.delta.resize(widest * b.stride);
  b.back.resize(widest * b.stride);
}

ERGO_MLP_FOR(float, f32)
ERGO_MLP_FOR(double, f64)
#undef ERGO_MLP_FOR

}  // namespace ergo
#endif  // HWY_ONCE
