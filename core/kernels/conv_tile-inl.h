// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_CONV_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_CONV_TILE_INL_H_
#undef ERGO_CORE_KERNELS_CONV_TILE_INL_H_
#else
#define ERGO_CORE_KERNELS_CONV_TILE_INL_H_
#endif

#include <hwy/cache_control.h>

#include "core/kernels/conv_slab.h"
#include "core/kernels/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// What becomes of the sums of a convolution, in a slab of its own.
template <class T>
struct ConvOutput {
  T* data;
  const T* bias = nullptr;  ///< [channels], or zero
  bool add = false;         ///< to what is there
  bool relu = false;        ///< afterwards
  const T* gate = nullptr;  ///< a slab: only where its numbers are > 0, else zero
};

/// Weights [outputs, inputs, Taps, Taps], output channels `row` apart.
template <class T>
struct ConvWeights {
  const T* data;
  std::int64_t outputs, inputs, row;
};

/// Not Max, which may drop NaN: a diverged chain must be seen.
template <class D, class V>
HWY_INLINE V relu_of(D d, V x) {
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
}

/// Rows output channels at one pixel, two vectors of examples each. `in` points at the first tap in
/// a slab of the shape `from`, `at` is the pixel in `out`, of the shape `to`. Sizes are values:
/// stores might change what references name.
template <int Rows, int Taps, class T>
HWY_INLINE void conv_tile(const ConvWeights<T> weights, const T* HWY_RESTRICT in,
                          const SlabShape from, const ConvOutput<T> out, const SlabShape to,
                          std::int64_t at) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  const std::int64_t in_plane = from.plane(), line = from.line(), plane = to.plane();
  V s[Rows], t[Rows];
  HWY_UNROLL(8)
  for (int m = 0; m < Rows; ++m) {
    s[m] = t[m] = out.bias ? hn::Set(d, out.bias[m]) : hn::Zero(d);
    if (!out.add) continue;
    const T* there = out.data + m * plane + at;
    s[m] = hn::Add(s[m], hn::Load(d, there)), t[m] = hn::Add(t[m], hn::Load(d, there + lanes));
  }
  const T* HWY_RESTRICT left = weights.data;
  for (std::int64_t c = 0; c < weights.inputs; ++c, in += in_plane) {
    for (int i = 0; i < Taps; ++i, left += Taps) {
      const T* HWY_RESTRICT pixel = in + i * line;
      HWY_UNROLL(3)
      for (int j = 0; j < Taps; ++j, pixel += 2 * lanes) {
        const V x = hn::Load(d, pixel), y = hn::Load(d, pixel + lanes);
        HWY_UNROLL(8)
        for (int m = 0; m < Rows; ++m) {
          const V w = hn::Set(d, left[m * weights.row + j]);
          s[m] = hn::MulAdd(w, x, s[m]), t[m] = hn::MulAdd(w, y, t[m]);
        }
      }
    }
  }
  HWY_UNROLL(8)
  for (int m = 0; m < Rows; ++m) {
    const std::int64_t pixel = m * plane + at;
    if (out.relu) s[m] = relu_of(d, s[m]), t[m] = relu_of(d, t[m]);
    if (out.gate) {
      const V x = hn::Load(d, out.gate + pixel), y = hn::Load(d, out.gate + pixel + lanes);
      s[m] = hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), s[m]);
      t[m] = hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), t[m]);
    }
    hn::Store(s[m], d, out.data + pixel), hn::Store(t[m], d, out.data + pixel + lanes);
  }
}

/// A convolution of slabs of the shape `from` with zero padding of Taps / 2 on each side. Asks for
/// what the next line reads and the next pixels write: processors follow fewer streams than there
/// are channels.
template <int Taps, class T>
HWY_INLINE void convolve(const ConvWeights<T> w, const T* HWY_RESTRICT in, const SlabShape from,
                         const ConvOutput<T> out, const SlabShape to, std::int64_t stride = 1) {
  for (std::int64_t y = 0; y < to.height; ++y) {
    for (std::int64_t x = 0; x < to.width; ++x) {
      const T* first_tap = in + from.at(stride * y - Taps / 2, stride * x - Taps / 2);
      const T* next_line = first_tap + (y + 1 < to.height ? (Taps + stride - 1) * from.line() : 0);
      for (std::int64_t c = 0; c < w.inputs; ++c) hwy::Prefetch(next_line + c * from.plane());
      for (std::int64_t m = 0; m < w.outputs; ++m)
        hwy::Prefetch(out.data + m * to.plane() + to.at(y, x) + 2 * to.tile);
      each_block_of_rows(w.outputs, [=](auto count, std::int64_t m) HWY_ATTR {
        const std::int64_t channel = m * to.plane();
        conv_tile<decltype(count)::value, Taps, T>(
            {w.data + m * w.row, w.outputs, w.inputs, w.row}, first_tap, from,
            {out.data + channel, out.bias ? out.bias + m : nullptr, out.add, out.relu,
             out.gate ? out.gate + channel : nullptr},
            to, to.at(y, x));
      });
    }
  }
}

/// Weights [outputs, inputs, 3, 3] with inputs for outputs, turned by half a circle: a convolution
/// with them takes differences from the outputs of the first to its inputs.
template <class T>
HWY_INLINE void turn_weights(const T* HWY_RESTRICT w, std::int64_t outputs, std::int64_t inputs,
                             T* HWY_RESTRICT turned) {
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t c = 0; c < inputs; ++c) {
      for (std::int64_t k = 0; k < 9; ++k) turned[(c * outputs + o) * 9 + 8 - k] = *w++;
    }
  }
}

/// Numbers that `dots` sums over: `lines` runs of `length`, `line` apart.
struct Runs {
  std::int64_t lines, line, length;
};

/// sums[m, j] += sum_i a[m, i] b[j, i] for Rows rows of a and Columns rows of b, `a_row` and
/// `b_row` apart.
template <int Rows, int Columns, class T>
HWY_INLINE void dots(const Runs& runs, const T* HWY_RESTRICT a, std::int64_t a_row,
                     const T* HWY_RESTRICT b, std::int64_t b_row, T* HWY_RESTRICT sums,
                     std::int64_t sums_row) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V sum[Rows][Columns];
  HWY_UNROLL(8)
  for (int m = 0; m < Rows; ++m) {
    HWY_UNROLL(3)
    for (int j = 0; j < Columns; ++j) sum[m][j] = hn::Zero(d);
  }
  for (std::int64_t l = 0; l < runs.lines; ++l, a += runs.line, b += runs.line) {
    for (std::int64_t i = 0; i < runs.length; i += lanes) {
      V x[Columns];
      HWY_UNROLL(3)
      for (int j = 0; j < Columns; ++j) x[j] = hn::Load(d, b + j * b_row + i);
      HWY_UNROLL(8)
      for (int m = 0; m < Rows; ++m) {
        const V left = hn::Load(d, a + m * a_row + i);
        HWY_UNROLL(3)
        for (int j = 0; j < Columns; ++j) sum[m][j] = hn::MulAdd(left, x[j], sum[m][j]);
      }
    }
  }
  for (int m = 0; m < Rows; ++m) {
    for (int j = 0; j < Columns; ++j)
      sums[m * sums_row + j] += hn::GetLane(hn::SumOfLanes(d, sum[m][j]));
  }
}

/// grad[o, c, i, j] += sum over pixels and examples of delta[o] times the input that tap (i, j) of
/// channel c met there. Some lines at a time, so that `delta` stays in the first cache while the
/// channels go by.
template <int Taps, class T>
HWY_INLINE void add_weight_gradient(const SlabShape& slab, const T* HWY_RESTRICT delta,
                                    std::int64_t outputs, const T* HWY_RESTRICT in,
                                    std::int64_t inputs, T* HWY_RESTRICT grad) {
  constexpr std::int64_t cache = 16384 / sizeof(T);
  const std::int64_t band =
      std::clamp<std::int64_t>(cache / (rows_at_once * slab.line()), 1, slab.height);
  const std::int64_t row = inputs * Taps * Taps;
  for (std::int64_t y = 0; y < slab.height; y += band) {
    const Runs runs{std::min(band, slab.height - y), slab.line(), slab.width * slab.tile};
    each_block_of_rows(outputs, [&](auto count, std::int64_t m) HWY_ATTR {
      const T* a = delta + m * slab.plane() + slab.at(y, 0);
      for (std::int64_t c = 0; c < inputs; ++c) {
        for (int i = 0; i < Taps; ++i) {
          const T* b = in + c * slab.plane() + slab.at(y + i - Taps / 2, -(Taps / 2));
          dots<decltype(count)::value, Taps>(runs, a, slab.plane(), b, slab.tile,
                                             grad + m * row + (c * Taps + i) * Taps, row);
        }
      }
    });
  }
}

/// sums[c] += the sum of plane c.
template <class T>
HWY_INLINE void add_plane_sums(const SlabShape slab, const T* HWY_RESTRICT planes,
                               std::int64_t count, T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < count; ++c, planes += slab.plane()) {
    auto s = hn::Zero(d), t = hn::Zero(d);
    for (std::int64_t i = 0; i < slab.plane(); i += 2 * lanes) {
      s = hn::Add(s, hn::Load(d, planes + i));
      t = hn::Add(t, hn::Load(d, planes + i + lanes));
    }
    sums[c] += hn::GetLane(hn::SumOfLanes(d, hn::Add(s, t)));
  }
}

/// Examples that stand side by side in a slab.
template <class T>
std::int64_t tile_of() {
  return static_cast<std::int64_t>(2 * hn::Lanes(hn::ScalableTag<T>()));
}

/// Images [examples, channels, height, width] become slabs.
template <class T>
HWY_INLINE void fill_slabs(const T* HWY_RESTRICT inputs, std::int64_t examples,
                           std::int64_t channels, const SlabShape slab, T* HWY_RESTRICT slabs) {
  const std::int64_t size = channels * slab.height * slab.width;
  for (std::int64_t first = 0; first < examples; first += slab.tile) {
    const T* pixel = inputs + first * size;
    for (std::int64_t c = 0; c < channels; ++c, slabs += slab.plane()) {
      for (std::int64_t y = 0; y < slab.height; ++y, pixel += slab.width) {
        transpose(pixel, std::min(slab.tile, examples - first), slab.width, size,
                  slabs + slab.at(y, 0), slab.tile);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
