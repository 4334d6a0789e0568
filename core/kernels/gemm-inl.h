// SPDX-License-Identifier: GPL-3.0-or-later
// Included once per instruction set by the .cpp files of this folder (Highway's foreach_target).
#if defined(ERGO_CORE_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ERGO_CORE_KERNELS_GEMM_INL_H_
#undef ERGO_CORE_KERNELS_GEMM_INL_H_
#else
#define ERGO_CORE_KERNELS_GEMM_INL_H_
#endif

#include "core/kernels/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ergo {
namespace HWY_NAMESPACE {

/// A strided left factor: element (m, k) lies at data[m row + k column].
template <class T>
struct LeftFactor {
  const T* data;
  std::int64_t row, column;
};

/// Rows that are summed side by side, in two registers each: AVX-512 has 32 of them, the others 16.
inline constexpr int rows_at_once = HWY_TARGET <= HWY_AVX3 ? 8 : 4;

/// C[m, n] = bias[m] + sum_k A(m, k) B[k, n] for Rows rows and two vectors of columns, of which
/// `lo` and `hi` lanes exist in C; B may be read in whole vectors.
template <int Rows, class T>
HWY_INLINE void gemm_tile(LeftFactor<T> a, std::int64_t depth, const T* HWY_RESTRICT b,
                          std::int64_t b_stride, const T* bias, T* HWY_RESTRICT c,
                          std::int64_t c_stride, std::size_t lo, std::size_t hi) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes = hn::Lanes(d);
  V s[Rows], t[Rows];
  HWY_UNROLL(8)
  for (int m = 0; m < Rows; ++m) s[m] = t[m] = bias ? hn::Set(d, bias[m]) : hn::Zero(d);
  const T* HWY_RESTRICT left = a.data;
  for (std::int64_t k = 0; k < depth; ++k) {
    const V x = hn::LoadU(d, b), y = hn::LoadU(d, b + lanes);
    HWY_UNROLL(8)
    for (int m = 0; m < Rows; ++m) {
      const V w = hn::Set(d, left[m * a.row]);
      s[m] = hn::MulAdd(w, x, s[m]), t[m] = hn::MulAdd(w, y, t[m]);
    }
    left += a.column;
    b += b_stride;
  }
  HWY_UNROLL(8)
  for (int m = 0; m < Rows; ++m) {
    store_part(s[m], d, c + m * c_stride, lo);
    if (hi > 0) store_part(t[m], d, c + m * c_stride + lanes, hi);
  }
}

/// Calls use(integral_constant<int, r>, first row) for blocks of rows that cover all of them.
template <class Use>
HWY_INLINE void each_block_of_rows(std::int64_t rows, const Use& use) {
  std::int64_t m = 0;
  for (; m + rows_at_once <= rows; m += rows_at_once)
    use(std::integral_constant<int, rows_at_once>(), m);
  if (m + 4 <= rows) use(std::integral_constant<int, 4>(), m), m += 4;
  if (m + 2 <= rows) use(std::integral_constant<int, 2>(), m), m += 2;
  if (m < rows) use(std::integral_constant<int, 1>(), m);
}

/// C [rows, columns] = bias + A B. B's rows must be readable in whole tiles of two vectors.
template <class T>
HWY_INLINE void gemm(LeftFactor<T> a, std::int64_t rows, std::int64_t depth, std::int64_t columns,
                     const T* b, std::int64_t b_stride, const T* bias, T* c,
                     std::int64_t c_stride) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  const auto tile = static_cast<std::int64_t>(2 * lanes);
  for (std::int64_t n = 0; n < columns; n += tile) {
    const std::size_t lo = lanes_used(columns, n, lanes);
    const std::size_t hi = lanes_used(columns, n + static_cast<std::int64_t>(lanes), lanes);
    each_block_of_rows(rows, [&](auto count, std::int64_t m) HWY_ATTR {
      gemm_tile<decltype(count)::value, T>({a.data + m * a.row, a.row, a.column}, depth, b + n,
                                           b_stride, bias ? bias + m : nullptr,
                                           c + m * c_stride + n, c_stride, lo, hi);
    });
  }
}

/// out[r] = the sum of row r of [rows, stride].
template <class T>
HWY_INLINE void sum_rows(const T* HWY_RESTRICT in, std::int64_t rows, std::int64_t stride,
                         T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  for (std::int64_t r = 0; r < rows; ++r) {
    auto sum = hn::Zero(d);
    for (std::int64_t i = 0; i < stride; i += static_cast<std::int64_t>(hn::Lanes(d))) {
      sum = hn::Add(sum, hn::Load(d, in + r * stride + i));
    }
    out[r] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
}

template <class T>
HWY_INLINE void transpose_part(const T* HWY_RESTRICT in, std::int64_t rows, std::int64_t columns,
                               std::int64_t in_stride, T* HWY_RESTRICT out,
                               std::int64_t out_stride) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) out[j * out_stride + i] = in[i * in_stride + j];
  }
}

/// Four rows of four columns.
template <class T>
HWY_INLINE void transpose_block(const T* HWY_RESTRICT in, std::int64_t in_stride,
                                T* HWY_RESTRICT out, std::int64_t out_stride) {
#if HWY_TARGET == HWY_SCALAR
  transpose_part(in, 4, 4, in_stride, out, out_stride);
#else
  if constexpr (sizeof(T) == sizeof(float)) {
    const hn::FixedTag<T, 4> d;
    const auto r0 = hn::LoadU(d, in), r1 = hn::LoadU(d, in + in_stride);
    const auto r2 = hn::LoadU(d, in + 2 * in_stride), r3 = hn::LoadU(d, in + 3 * in_stride);
    const auto even_low = hn::InterleaveLower(d, r0, r2),
               even_high = hn::InterleaveUpper(d, r0, r2);
    const auto odd_low = hn::InterleaveLower(d, r1, r3), odd_high = hn::InterleaveUpper(d, r1, r3);
    hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, out);
    hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, out + out_stride);
    hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, out + 2 * out_stride);
    hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, out + 3 * out_stride);
  } else {
    transpose_part(in, 4, 4, in_stride, out, out_stride);
  }
#endif
}

/// out[c, r] = in[r, c].
template <class T>
HWY_INLINE void transpose(const T* HWY_RESTRICT in, std::int64_t rows, std::int64_t columns,
                          std::int64_t in_stride, T* HWY_RESTRICT out, std::int64_t out_stride) {
  const std::int64_t whole_rows = rows & ~std::int64_t{3},
                     whole_columns = columns & ~std::int64_t{3};
  for (std::int64_t c = 0; c < whole_columns; c += 4) {
    for (std::int64_t r = 0; r < whole_rows; r += 4) {
      transpose_block(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
    }
  }
  transpose_part(in + whole_rows * in_stride, rows - whole_rows, columns, in_stride,
                 out + whole_rows, out_stride);
  transpose_part(in + whole_columns, whole_rows, columns - whole_columns, in_stride,
                 out + whole_columns * out_stride, out_stride);
}

}  // namespace HWY_NAMESPACE
}  // namespace ergo
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
