// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/conv_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/conv_passes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "core/kernels/conv_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// The four pixels of a pooling window, the first one at `at`.
struct Window {
  Window(const SlabShape& slab, std::int64_t y, std::int64_t x)
      : at{slab.at(2 * y, 2 * x), slab.at(2 * y, 2 * x + 1), slab.at(2 * y + 1, 2 * x),
           slab.at(2 * y + 1, 2 * x + 1)} {}
  std::int64_t at[4];
};

/// Calls use(window, channel offset, feature) for every window of every channel.
template <class Use>
HWY_INLINE void each_window(const ConvShape& shape, const SlabShape& slab, const Use& use) {
  std::int64_t feature = 0;
  for (std::int64_t c = 0; c < shape.filters; ++c) {
    for (std::int64_t y = 0; y < shape.height / 2; ++y) {
      for (std::int64_t x = 0; x < shape.width / 2; ++x) {
        use(Window(slab, y, x), c * slab.plane(), feature++);
      }
    }
  }
}

/// The largest of each window; NaN where one of them is.
template <class T>
HWY_INLINE void pool(const ConvShape& shape, const SlabShape& slab, const T* HWY_RESTRICT h,
                     T* HWY_RESTRICT features) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  each_window(shape, slab, [&](const Window& w, std::int64_t channel, std::int64_t f) HWY_ATTR {
    for (std::int64_t i = 0; i < slab.tile; i += lanes) {
      auto most = hn::Load(d, h + channel + w.at[0] + i);
      for (int k = 1; k < 4; ++k) {
        const auto x = hn::Load(d, h + channel + w.at[k] + i);
        most = hn::IfThenElse(hn::Or(hn::Gt(x, most), hn::Ne(x, x)), x, most);
      }
      hn::Store(most, d, features + f * slab.tile + i);
    }
  });
}

/// Hands the difference of a feature to the first pixel of its window that has its value, through
/// the ReLU.
template <class T>
HWY_INLINE void unpool(const ConvShape& shape, const SlabShape& slab, const T* HWY_RESTRICT h,
                       const T* HWY_RESTRICT features, const T* HWY_RESTRICT delta,
                       T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (shape.height % 2 + shape.width % 2 > 0)  // pixels that no window holds
    std::fill_n(out, shape.filters * slab.plane(), T(0));
  each_window(shape, slab, [&](const Window& w, std::int64_t channel, std::int64_t f) HWY_ATTR {
    for (std::int64_t i = 0; i < slab.tile; i += lanes) {
      const auto most = hn::Load(d, features + f * slab.tile + i);
      auto left =
          hn::IfThenElseZero(hn::Gt(most, hn::Zero(d)), hn::Load(d, delta + f * slab.tile + i));
      for (int k = 0; k < 4; ++k) {
        const auto here = hn::Eq(hn::Load(d, h + channel + w.at[k] + i), most);
        hn::Store(hn::IfThenElseZero(here, left), d, out + channel + w.at[k] + i);
        left = hn::IfThenElse(here, hn::Zero(d), left);
      }
    }
  });
}

/// Fills b.h for slab s. @return what the last convolution gave.
template <class T>
const T* forward_convolutions(const ConvShape& shape, const T* theta, ConvBuffers<T>& b,
                              std::int64_t s) {
  const SlabShape& slab = b.slab;
  const T* image = b.image.data() + s * shape.channels * slab.plane();
  const T* in = image;
  for (std::size_t l = 0; l < shape.convolutions.size(); ++l) {
    const LayerPlace place = shape.convolutions[l];
    const std::int64_t inputs = shape.channels_into(l);
    const bool shortcut = shape.shortcut && l + 1 == shape.convolutions.size();
    T* out = b.h_of(l, s, shape);
    convolve<3, T>({theta + place.weight, shape.filters, inputs, 9 * inputs}, in, slab,
                   {out, theta + place.bias, false, !shortcut}, slab);
    if (shortcut) {
      convolve<1, T>(
          {theta + shape.shortcut->weight, shape.filters, shape.channels, shape.channels}, image,
          slab, {out, theta + shape.shortcut->bias, true, true}, slab);
    }
    in = out;
  }
  return in;
}

template <class T>
void forward_slab(const ConvShape& shape, const T* theta, ConvBuffers<T>& b, std::int64_t s) {
  const SlabShape& slab = b.slab;
  const T* h = forward_convolutions(shape, theta, b, s);
  T* features = b.features.data() + s * shape.features() * slab.tile;
  pool(shape, slab, h, features);
  gemm<T>({theta + shape.linears[0].weight, shape.widths[0], 1}, shape.widths[1], shape.widths[0],
          slab.tile, features, slab.tile, theta + shape.linears[0].bias,
          b.f[0].data() + s * slab.tile, b.stride);
}

template <class T>
void forward(const ConvShape& shape, const T* theta, ConvBuffers<T>& b) {
  for (std::int64_t s = 0; s < b.slabs(); ++s) forward_slab(shape, theta, b, s);
  for (std::size_t l = 1; l < shape.linears.size(); ++l) {
    const std::int64_t in = shape.widths[l], out = shape.widths[l + 1];
    gemm<T>({theta + shape.linears[l].weight, in, 1}, out, in, b.stride, b.f[l - 1].data(),
            b.stride, theta + shape.linears[l].bias, b.f[l].data(), b.stride);
  }
}

/// What linear layer l was given, with examples as rows.
template <class T>
void transpose_inputs(const ConvShape& shape, ConvBuffers<T>& b, std::size_t l) {
  const std::int64_t in = shape.widths[l], out_stride = padded<T>(in), tile = b.slab.tile;
  if (l > 0) {
    transpose(b.f[l - 1].data(), in, b.examples, b.stride, b.f_t.data(), out_stride);
    return;
  }
  for (std::int64_t first = 0; first < b.examples; first += tile) {
    transpose(b.features.data() + first * in, in, std::min(tile, b.examples - first), tile,
              b.f_t.data() + first * out_stride, out_stride);
  }
}

/// Gradients of the linear layers; leaves the differences of the first one's outputs in b.delta.
template <class T>
void linear_backward(const ConvShape& shape, const T* theta, ConvBuffers<T>& b, T* grad) {
  for (std::size_t l = shape.linears.size(); l-- > 0;) {
    const std::int64_t in = shape.widths[l], out = shape.widths[l + 1];
    transpose_inputs(shape, b, l);
    gemm<T>({b.delta.data(), b.stride, 1}, out, b.examples, in, b.f_t.data(), padded<T>(in),
            nullptr, grad + shape.linears[l].weight, in);
    sum_rows(b.delta.data(), out, b.stride, grad + shape.linears[l].bias);
    if (l == 0) break;
    gemm<T>({theta + shape.linears[l].weight, 1, in}, in, out, b.stride, b.delta.data(), b.stride,
            nullptr, b.back.data(), b.stride);
    std::swap(b.delta, b.back);
  }
}

template <class T>
void backward_slab(const ConvShape& shape, const T* theta, ConvBuffers<T>& b, T* grad,
                   std::int64_t s) {
  const SlabShape& slab = b.slab;
  const std::int64_t filters = shape.filters;
  if (b.kept_slabs < b.slabs()) forward_convolutions(shape, theta, b, s);
  const T* image = b.image.data() + s * shape.channels * slab.plane();
  const std::int64_t features = shape.widths[0];
  gemm<T>({theta + shape.linears[0].weight, 1, features}, features, shape.widths[1], slab.tile,
          b.delta.data() + s * slab.tile, b.stride, nullptr, b.feature_delta.data(), slab.tile);
  unpool(shape, slab, b.h_of(b.h.size() - 1, s, shape),
         b.features.data() + s * features * slab.tile, b.feature_delta.data(), b.slab_delta.data());
  if (shape.shortcut) {
    add_weight_gradient<1>(slab, b.slab_delta.data(), filters, image, shape.channels,
                           grad + shape.shortcut->weight);
    add_plane_sums(slab, b.slab_delta.data(), filters, grad + shape.shortcut->bias);
  }
  for (std::size_t l = shape.convolutions.size(); l-- > 0;) {
    const T* in = l == 0 ? image : b.h_of(l - 1, s, shape);
    add_weight_gradient<3>(slab, b.slab_delta.data(), filters, in, shape.channels_into(l),
                           grad + shape.convolutions[l].weight);
    add_plane_sums(slab, b.slab_delta.data(), filters, grad + shape.convolutions[l].bias);
    if (l == 0) break;
    const T* turned = b.turned.data() + static_cast<std::int64_t>(l - 1) * filters * filters * 9;
    convolve<3, T>({turned, filters, filters, 9 * filters}, b.slab_delta.data(), slab,
                   {b.slab_back.data(), nullptr, false, false, in}, slab);
    std::swap(b.slab_delta, b.slab_back);
  }
}

template <class T>
void backward(const ConvShape& shape, const T* theta, ConvBuffers<T>& b, T* grad) {
  const auto clear = [&](LayerPlace place, std::int64_t weights) {
    std::fill_n(grad + place.weight, weights, T(0));
    std::fill_n(grad + place.bias, shape.filters, T(0));
  };
  const std::int64_t square = shape.filters * shape.filters * 9;
  for (std::size_t l = 0; l < shape.convolutions.size(); ++l) {
    clear(shape.convolutions[l], shape.filters * shape.channels_into(l) * 9);
    if (l > 0)
      turn_weights(theta + shape.convolutions[l].weight, shape.filters, shape.filters,
                   b.turned.data() + static_cast<std::int64_t>(l - 1) * square);
  }
  if (shape.shortcut) clear(*shape.shortcut, shape.filters * shape.channels);
  linear_backward(shape, theta, b, grad);
  for (std::int64_t s = 0; s < b.slabs(); ++s) backward_slab(shape, theta, b, grad, s);
}

// Highway chooses among functions, not templates: one name for each type.
#define ERGO_CONV_FOR(T, name)                                                           \
  std::int64_t tile_##name() { return tile_of<T>(); }                                    \
  void bind_images_##name(const ConvShape& s, const T* inputs, ConvBuffers<T>& b) {      \
    fill_slabs(inputs, b.examples, s.channels, b.slab, b.image.data());                  \
  }                                                                                      \
  void forward_##name(const ConvShape& s, const T* theta, ConvBuffers<T>& b) {           \
    forward(s, theta, b);                                                                \
  }                                                                                      \
  void backward_##name(const ConvShape& s, const T* theta, ConvBuffers<T>& b, T* grad) { \
    backward(s, theta, b, grad);                                                         \
  }
ERGO_CONV_FOR(float, f32)
ERGO_CONV_FOR(double, f64)
#undef ERGO_CONV_FOR

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
namespace {

template <class T>
void size_buffers(const ConvShape& shape, std::int64_t examples, std::int64_t tile,
                  ConvBuffers<T>& b) {
  if (b.examples == examples && b.slab.tile == tile) return;
  if (b.slab.tile != tile) {  // borders lie elsewhere
    const std::int64_t most_kept = b.most_kept;
    b = ConvBuffers<T>();
    b.most_kept = most_kept;
  }
  b.slab = {shape.height, shape.width, tile};
  b.examples = examples;
  b.stride = padded<T>(examples);
  const std::int64_t size = shape.filters * b.slab.plane();
  b.image.resize(b.slabs() * shape.channels * b.slab.plane());
  b.h.resize(shape.convolutions.size());
  const std::int64_t whole = std::ssize(b.h) * b.slabs() * size;
  b.kept_slabs = whole <= b.most_kept ? b.slabs() : 1;
  for (Scratch<T>& h : b.h) h.resize(b.kept_slabs * size);
  b.features.resize(b.slabs() * shape.features() * tile);
  b.feature_delta.resize(shape.features() * tile);
  b.f.resize(shape.linears.size());
  for (std::size_t l = 0; l < b.f.size(); ++l) b.f[l].resize(shape.widths[l + 1] * b.stride);
  b.f_t.resize(examples * padded<T>(*std::max_element(shape.widths.begin(), shape.widths.end())));
  const std::int64_t widest = *std::max_element(shape.widths.begin() + 1, shape.widths.end());
  for (Scratch<T>* delta : {&b.delta, &b.back}) delta->resize(widest * b.stride);
  for (Scratch<T>* delta : {&b.slab_delta, &b.slab_back}) delta->resize(size);
  b.turned.resize(static_cast<std::int64_t>(b.h.size()) * shape.filters * shape.filters * 9);
}

}  // namespace

#define ERGO_CONV_FOR(T, name)                                                                \
  HWY_EXPORT(tile_##name);                                                                    \
  HWY_EXPORT(bind_images_##name);                                                             \
  HWY_EXPORT(forward_##name);                                                                 \
  HWY_EXPORT(backward_##name);                                                                \
  template <>                                                                                 \
  void conv_bind<T>(const ConvShape& shape, const T* inputs, std::int64_t examples,           \
                    ConvBuffers<T>& b) {                                                      \
    size_buffers(shape, examples, HWY_DYNAMIC_DISPATCH(tile_##name)(), b);                    \
    HWY_DYNAMIC_DISPATCH(bind_images_##name)(shape, inputs, b);                               \
  }                                                                                           \
  template <>                                                                                 \
  void conv_forward<T>(const ConvShape& shape, const T* theta, ConvBuffers<T>& b) {           \
    HWY_DYNAMIC_DISPATCH(forward_##name)(shape, theta, b);                                    \
  }                                                                                           \
  template <>                                                                                 \
  void conv_backward<T>(const ConvShape& shape, const T* theta, ConvBuffers<T>& b, T* grad) { \
    HWY_DYNAMIC_DISPATCH(backward_##name)(shape, theta, b, grad);                             \
  }
ERGO_CONV_FOR(float, f32)
ERGO_CONV_FOR(double, f64)
#undef ERGO_CONV_FOR

}  // namespace ergo
#endif  // HWY_ONCE
