// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/resnet_passes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/resnet_passes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "core/kernels/conv_tile-inl.h"
#include "core/kernels/frn-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

template <class T>
FrnChannel<T> channel_of(const FrnUnit& unit, const T* theta, std::int64_t c) {
  return {theta[unit.gamma + c], theta[unit.beta + c], theta[unit.tau + c]};
}

/// The shortcut of a block into channel c of its output.
template <class T>
Shortcut<T> shortcut_of(const ResidualBlock& block, std::int64_t c, const T* h,
                        const SlabShape& from) {
  const std::int64_t source = c - block.padding();
  if (source < 0 || source >= block.first.in) return {};
  return {h + source * from.plane(), from, block.first.stride};
}

/// x of unit u from `in`, and its scale.
template <class T>
void convolve_unit(const FrnUnit& unit, std::size_t u, const T* theta, const T* in,
                   const SlabShape& from, const SlabShape& to, ResnetBuffers<T>& b) {
  convolve<3, T>({theta + unit.conv.weight, unit.out, unit.in, 9 * unit.in}, in, from,
                 {b.x[u].data(), theta + unit.conv.bias}, to, unit.stride);
  for (std::int64_t c = 0; c < unit.out; ++c)
    frn_scale(to, b.x[u].data() + c * to.plane(), b.scale[u].data() + c * to.tile);
}

/// silu(frn(x)) of unit u, without a shortcut.
template <class T>
void normalise_unit(const FrnUnit& unit, std::size_t u, const T* theta, const SlabShape& slab,
                    const ResnetBuffers<T>& b, T* out) {
  for (std::int64_t c = 0; c < unit.out; ++c) {
    frn_silu<T>(slab, channel_of(unit, theta, c), b.x[u].data() + c * slab.plane(),
                b.scale[u].data() + c * slab.tile, {}, out + c * slab.plane());
  }
}

/// The stages before and of a block.
struct BlockStages {
  std::size_t from, to;
};

/// Calls use(block, its number, its stages) in order.
template <class Use>
void each_block(const ResnetShape& shape, const Use& use) {
  std::size_t stage = 0;
  for (std::size_t i = 0; i < shape.blocks.size(); ++i) {
    const std::size_t from = stage;
    if (shape.blocks[i].first.stride == 2) ++stage;
    use(shape.blocks[i], i, BlockStages{from, stage});
  }
}

template <class T>
void forward_block(const ResidualBlock& block, std::size_t i, BlockStages at, const T* theta,
                   ResnetBuffers<T>& b) {
  const SlabShape &from = b.stages[at.from].slab, &slab = b.stages[at.to].slab;
  const T* h = b.h[i].data();
  const std::size_t first = 1 + 2 * i, second = first + 1;
  T* inner = b.stages[at.to].inner.data();
  convolve_unit(block.first, first, theta, h, from, slab, b);
  normalise_unit(block.first, first, theta, slab, b, inner);
  convolve_unit(block.second, second, theta, inner, slab, slab, b);
  for (std::int64_t c = 0; c < block.second.out; ++c) {
    frn_silu<T>(slab, channel_of(block.second, theta, c), b.x[second].data() + c * slab.plane(),
                b.scale[second].data() + c * slab.tile, shortcut_of(block, c, h, from),
                b.h[i + 1].data() + c * slab.plane());
  }
}

/// Means over the pixels of each channel of the last block.
template <class T>
void pool_means(const ResnetShape& shape, ResnetBuffers<T>& b, std::int64_t s) {
  const hn::ScalableTag<T> d;
  const SlabShape& slab = b.stages.back().slab;
  const auto mean = hn::Set(d, T(1) / static_cast<T>(slab.height * slab.width));
  for (std::int64_t c = 0; c < shape.features(); ++c) {
    const T* h = b.h.back().data() + c * slab.plane();
    for (std::int64_t i = 0; i < slab.tile; i += static_cast<std::int64_t>(hn::Lanes(d))) {
      auto sum = hn::Zero(d);
      for (std::int64_t at = i; at < slab.plane(); at += slab.tile)
        sum = hn::Add(sum, hn::Load(d, h + at));
      hn::Store(hn::Mul(sum, mean), d, b.features.data() + c * b.stride + s * slab.tile + i);
    }
  }
}

template <class T>
void forward_slab(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b, std::int64_t s) {
  const SlabShape& slab = b.image_slab;
  const T* image = b.image.data() + s * shape.channels * slab.plane();
  convolve_unit(shape.stem, 0, theta, image, slab, slab, b);
  normalise_unit(shape.stem, 0, theta, slab, b, b.h[0].data());
  each_block(shape, [&](const ResidualBlock& block, std::size_t i, BlockStages at) {
    forward_block(block, i, at, theta, b);
  });
}

template <class T>
void forward(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b) {
  for (std::int64_t s = 0; s < b.slabs(); ++s) {
    forward_slab(shape, theta, b, s);
    pool_means(shape, b, s);
  }
  gemm<T>({theta + shape.linear.weight, shape.features(), 1}, shape.outputs, shape.features(),
          b.stride, b.features.data(), b.stride, theta + shape.linear.bias, b.f.data(), b.stride);
}

/// Differences of unit u's convolution in `dx`, those of its parameters added to grad. `dz`: of the
/// sum before the SiLU, or null.
template <class T, class ShortcutOf>
void normalise_backward(const FrnUnit& unit, std::size_t u, const T* theta, const SlabShape& slab,
                        const ResnetBuffers<T>& b, const ShortcutOf& shortcut, const T* delta,
                        T* dz, T* dx, T* grad) {
  for (std::int64_t c = 0; c < unit.out; ++c) {
    const std::int64_t at = c * slab.plane();
    FrnChannel<T> sums{};
    frn_silu_backward<T>(slab, channel_of(unit, theta, c), b.x[u].data() + at,
                         b.scale[u].data() + c * slab.tile, shortcut(c), delta + at,
                         dz ? dz + at : nullptr, dx + at, sums);
    grad[unit.gamma + c] += sums.gamma;
    grad[unit.beta + c] += sums.beta;
    grad[unit.tau + c] += sums.tau;
  }
  add_plane_sums(slab, dx, unit.out, grad + unit.conv.bias);
}

/// delta[source][stride y][stride x] += dz[c][y][x] for every channel that the shortcut feeds.
template <class T>
void add_shortcut(const ResidualBlock& block, const SlabShape& slab, const T* dz,
                  const SlabShape& from, T* delta) {
  const hn::ScalableTag<T> d;
  for (std::int64_t c = 0; c < block.second.out; ++c) {
    const Shortcut<T> shortcut = shortcut_of<T>(block, c, delta, from);
    if (!shortcut.data) continue;
    T* to = delta + (c - block.padding()) * from.plane();
    each_pixel(slab, shortcut, [&](std::int64_t, std::int64_t at, std::int64_t source) HWY_ATTR {
      const auto sum = hn::Add(hn::Load(d, to + source), hn::Load(d, dz + c * slab.plane() + at));
      hn::Store(sum, d, to + source);
    });
  }
}

/// Copies planes to every second pixel of larger ones.
template <class T>
void spread_pixels(const SlabShape& slab, const T* planes, std::int64_t count, const SlabShape& to,
                   T* out) {
  const hn::ScalableTag<T> d;
  for (std::int64_t c = 0; c < count; ++c) {
    each_pixel(slab, Shortcut<T>{nullptr, to, 2},
               [&](std::int64_t, std::int64_t at, std::int64_t source) HWY_ATTR {
                 hn::Store(hn::Load(d, planes + c * slab.plane() + at), d,
                           out + c * to.plane() + source);
               });
  }
}

/// From stages[at.to].delta to stages[at.from].delta.
template <class T>
void backward_block(const ResidualBlock& block, std::size_t i, BlockStages at, const T* theta,
                    ResnetBuffers<T>& b, T* grad) {
  const SlabShape &from = b.stages[at.from].slab, &slab = b.stages[at.to].slab;
  ResnetStage<T>& stage = b.stages[at.to];
  const FrnUnit &first = block.first, &second = block.second;
  const T* h = b.h[i].data();
  T* dz = stage.delta.data();
  normalise_backward(
      second, 2 + 2 * i, theta, slab, b,
      [&](std::int64_t c) { return shortcut_of(block, c, h, from); }, dz, dz, stage.second.data(),
      grad);
  normalise_unit(first, 1 + 2 * i, theta, slab, b, stage.inner.data());
  add_weight_gradient<3>(slab, stage.second.data(), second.out, stage.inner.data(), second.in,
                         grad + second.conv.weight);
  convolve<3, T>({b.turned.data() + second.conv.weight, second.in, second.out, 9 * second.out},
                 stage.second.data(), slab, {stage.first.data()}, slab);
  normalise_backward(
      first, 1 + 2 * i, theta, slab, b, [](std::int64_t) { return Shortcut<T>(); },
      stage.first.data(), static_cast<T*>(nullptr), stage.first.data(), grad);
  const T* dx = stage.first.data();
  if (first.stride == 2) {
    spread_pixels(slab, dx, first.out, from, stage.spread.data());
    dx = stage.spread.data();
  }
  add_weight_gradient<3>(from, dx, first.out, h, first.in, grad + first.conv.weight);
  // The differences of the input replace dz where both stages are one: they are made aside.
  ResnetStage<T>& before = b.stages[at.from];
  T* input = at.from == at.to ? before.second.data() : before.delta.data();
  convolve<3, T>({b.turned.data() + first.conv.weight, first.in, first.out, 9 * first.out}, dx,
                 from, {input}, from);
  add_shortcut(block, slab, dz, from, input);
  if (at.from == at.to) std::swap(before.second, before.delta);
}

template <class T>
void backward_slab(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b, T* grad,
                   std::int64_t s) {
  const hn::ScalableTag<T> d;
  if (b.slabs() > 1) forward_slab(shape, theta, b, s);
  const SlabShape& last = b.stages.back().slab;
  const auto mean = hn::Set(d, T(1) / static_cast<T>(last.height * last.width));
  for (std::int64_t c = 0; c < shape.features(); ++c) {
    const T* of = b.feature_delta.data() + c * b.stride + s * last.tile;
    T* delta = b.stages.back().delta.data() + c * last.plane();
    each_pixel(last, Shortcut<T>(), [&](std::int64_t i, std::int64_t at, std::int64_t) HWY_ATTR {
      hn::Store(hn::Mul(hn::Load(d, of + i), mean), d, delta + at);
    });
  }
  std::vector<BlockStages> stages;
  each_block(shape,
             [&](const ResidualBlock&, std::size_t, BlockStages at) { stages.push_back(at); });
  for (std::size_t i = shape.blocks.size(); i-- > 0;)
    backward_block(shape.blocks[i], i, stages[i], theta, b, grad);
  ResnetStage<T>& stage = b.stages.front();
  normalise_backward(
      shape.stem, 0, theta, stage.slab, b, [](std::int64_t) { return Shortcut<T>(); },
      stage.delta.data(), static_cast<T*>(nullptr), stage.delta.data(), grad);
  const T* image = b.image.data() + s * shape.channels * stage.slab.plane();
  add_weight_gradient<3>(stage.slab, stage.delta.data(), shape.stem.out, image, shape.channels,
                         grad + shape.stem.conv.weight);
}

/// Calls use(unit) for every unit.
template <class Use>
void each_unit(const ResnetShape& shape, const Use& use) {
  use(shape.stem);
  for (const ResidualBlock& block : shape.blocks) use(block.first), use(block.second);
}

template <class T>
void backward(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b, T* grad) {
  const std::int64_t features = shape.features(), f_stride = padded<T>(features);
  each_unit(shape, [&](const FrnUnit& unit) {
    std::fill_n(grad + unit.conv.weight, unit.out * unit.in * 9, T(0));
    for (const std::int64_t at : {unit.conv.bias, unit.gamma, unit.beta, unit.tau})
      std::fill_n(grad + at, unit.out, T(0));
    turn_weights(theta + unit.conv.weight, unit.out, unit.in, b.turned.data() + unit.conv.weight);
  });
  transpose(b.features.data(), features, b.examples, b.stride, b.f_t.data(), f_stride);
  gemm<T>({b.delta.data(), b.stride, 1}, shape.outputs, b.examples, features, b.f_t.data(),
          f_stride, nullptr, grad + shape.linear.weight, features);
  sum_rows(b.delta.data(), shape.outputs, b.stride, grad + shape.linear.bias);
  gemm<T>({theta + shape.linear.weight, 1, features}, features, shape.outputs, b.stride,
          b.delta.data(), b.stride, nullptr, b.feature_delta.data(), b.stride);
  for (std::int64_t s = 0; s < b.slabs(); ++s) backward_slab(shape, theta, b, grad, s);
}

// Highway chooses among functions, not templates: one name for each type.
#define ERGO_RESNET_FOR(T, name)                                                             \
  std::int64_t resnet_tile_##name() { return tile_of<T>(); }                                 \
  void fill_slabs_##name(const ResnetShape& s, const T* inputs, ResnetBuffers<T>& b) {       \
    fill_slabs(inputs, b.examples, s.channels, b.image_slab, b.image.data());                \
  }                                                                                          \
  void forward_##name(const ResnetShape& s, const T* theta, ResnetBuffers<T>& b) {           \
    forward(s, theta, b);                                                                    \
  }                                                                                          \
  void backward_##name(const ResnetShape& s, const T* theta, ResnetBuffers<T>& b, T* grad) { \
    backward(s, theta, b, grad);                                                             \
  }
ERGO_RESNET_FOR(float, f32)
ERGO_RESNET_FOR(double, f64)
#undef ERGO_RESNET_FOR

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ergo {
namespace {

template <class T>
void add_stage(const SlabShape& slab, std::int64_t channels, ResnetBuffers<T>& b) {
  ResnetStage<T> stage;
  stage.slab = slab;
  for (Scratch<T>* part : {&stage.inner, &stage.delta, &stage.first, &stage.second})
    part->resize(channels * slab.plane());
  if (!b.stages.empty()) stage.spread.resize(channels * b.stages.back().slab.plane());
  b.stages.push_back(std::move(stage));
}

template <class T>
void add_unit(const FrnUnit& unit, const SlabShape& slab, ResnetBuffers<T>& b) {
  b.x.emplace_back().resize(unit.out * slab.plane());
  b.scale.emplace_back().resize(unit.out * slab.tile);
}

/// Everything that is made for one slab.
template <class T>
void size_layers(const ResnetShape& shape, std::int64_t tile, ResnetBuffers<T>& b) {
  b = ResnetBuffers<T>();
  b.tile = tile;
  b.image_slab = {shape.height, shape.width, tile};
  add_stage(b.image_slab, shape.stem.out, b);
  add_unit(shape.stem, b.image_slab, b);
  b.h.emplace_back().resize(shape.stem.out * b.image_slab.plane());
  std::int64_t weights = shape.stem.conv.weight + shape.stem.out * shape.stem.in * 9;
  for (const auto& [first, second] : shape.blocks) {
    SlabShape slab = b.stages.back().slab;
    if (first.stride == 2) {
      slab = {(slab.height + 1) / 2, (slab.width + 1) / 2, tile};
      add_stage(slab, second.out, b);
    }
    add_unit(first, slab, b);
    add_unit(second, slab, b);
    b.h.emplace_back().resize(second.out * slab.plane());
    weights = second.conv.weight + second.out * second.in * 9;
  }
  b.turned.resize(weights);
}

template <class T>
void size_buffers(const ResnetShape& shape, std::int64_t examples, std::int64_t tile,
                  ResnetBuffers<T>& b) {
  if (b.tile != tile) size_layers(shape, tile, b);
  if (b.examples == examples) return;
  b.examples = examples;
  b.stride = padded<T>(examples);
  b.image.resize(b.slabs() * shape.channels * b.image_slab.plane());
  for (Scratch<T>* part : {&b.features, &b.feature_delta})
    part->resize(shape.features() * b.stride);
  for (Scratch<T>* part : {&b.f, &b.delta}) part->resize(shape.outputs * b.stride);
  b.f_t.resize(examples * padded<T>(shape.features()));
}

}  // namespace

#define ERGO_RESNET_FOR(T, name)                                                          \
  HWY_EXPORT(resnet_tile_##name);                                                         \
  HWY_EXPORT(fill_slabs_##name);                                                          \
  HWY_EXPORT(forward_##name);                                                             \
  HWY_EXPORT(backward_##name);                                                            \
  template <>                                                                             \
  void resnet_bind<T>(const ResnetShape& shape, const T* inputs, std::int64_t examples,   \
                      ResnetBuffers<T>& b) {                                              \
    size_buffers(shape, examples, HWY_DYNAMIC_DISPATCH(resnet_tile_##name)(), b);         \
    HWY_DYNAMIC_DISPATCH(fill_slabs_##name)(shape, inputs, b);                            \
  }                                                                                       \
  template <>                                                                             \
  void resnet_forward<T>(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b) { \
    HWY_DYNAMIC_DISPATCH(forward_##name)(shape, theta, b);                                \
  }                                                                                       \
  template <>                                                                             \
  void resnet_backward<T>(const ResnetShape& shape, const T* theta, ResnetBuffers<T>& b,  \
                          T* grad) {                                                      \
    HWY_DYNAMIC_DISPATCH(backward_##name)(shape, theta, b, grad);                         \
  }
ERGO_RESNET_FOR(float, f32)
ERGO_RESNET_FOR(double, f64)
#undef ERGO_RESNET_FOR

}  // namespace ergo
#endif  // HWY_ONCE
