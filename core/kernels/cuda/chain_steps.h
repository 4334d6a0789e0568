// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/kernels/l2e_network.h"
#include "core/kernels/sghmc_step.h"

/// Whole SGHMC and L2E transitions of many chains on a CUDA device, float32. Free of torch and Qt.
/// Their plain counterparts are sghmc_update_plain and l2e_update (samplers), their CPU peers
/// kernels/sghmc_step.h and kernels/l2e_step.h; the normals have the CPU's bits.
///
/// Every pointer is device memory, contiguous. Calls are queued on `stream` and return at once;
/// they may be captured in a CUDA graph, because nothing but the arrays changes from step to step.
/// @throws std::runtime_error with CUDA's message when a launch is refused.
namespace ergo::cuda {

using Stream = void*;  ///< a cudaStream_t

/// Chains as rows of [rows, params]; row i draws the normals of (keys[i], chains[i], steps[0] + 1).
struct Rows {
  std::int64_t rows = 0, params = 0;
  const std::int64_t* keys = nullptr;    ///< [rows], the 64 bits of RngKey::value
  const std::int64_t* chains = nullptr;  ///< [rows]
  const std::int64_t* steps = nullptr;   ///< [1], transitions taken
};

void sghmc_step(const SghmcStepNumbers& numbers, const Rows& rows, const float* grad,
                float* position, float* momentum, Stream stream);

/// A position cut into pieces of at most `piece_size` parameters of one span. Made on the host.
struct Piece {
  std::int64_t offset = 0, size = 0, span = 0;
};
struct SpanPieces {
  std::int64_t first = 0, count = 0, size = 0;  ///< pieces of one span, and its parameters
};
inline constexpr int piece_size = 256;

inline void cut(const std::vector<L2eSpan>& spans, std::vector<Piece>& pieces,
                std::vector<SpanPieces>& cut_spans) {
  for (const L2eSpan& span : spans) {
    const auto first = static_cast<std::int64_t>(pieces.size());
    const auto number = static_cast<std::int64_t>(cut_spans.size());
    for (std::int64_t at = 0; at < span.size; at += piece_size) {
      pieces.push_back(
          {span.offset + at, std::min<std::int64_t>(piece_size, span.size - at), number});
    }
    cut_spans.push_back({first, static_cast<std::int64_t>(pieces.size()) - first, span.size});
  }
}

/// The only widths that the kernels know; smaller networks are filled up.
inline constexpr L2eWidths l2e_device_widths = {32, 32};

struct L2ePlan {
  const Piece* pieces = nullptr;
  const SpanPieces* spans = nullptr;
  std::int64_t piece_count = 0, span_count = 0;
  /// L2eNetwork::filled_up(l2e_device_widths), one for every `rows_per_network` rows.
  const float* networks = nullptr;
  std::int64_t rows_per_network = 1;
  float* sums = nullptr;    ///< scratch [rows, piece_count, l2e_features]
  float* scales = nullptr;  ///< scratch [rows, span_count, l2e_features]
};

/// averages [rows, 6, params]. Numbers as in L2eStepNumbers, but 1/n and the step size may differ
/// from row to row.
struct L2eRowNumbers {
  float gradient_scale = 1.0f, step_size = 0, data_size = 0, friction = 0, noise_scale = 0;
};

/// `numbers` [rows] on the device. Five launches: averages and sums of squares, normalisers,
/// momentum, its normaliser, position.
void l2e_step(const L2ePlan& plan, const L2eRowNumbers* numbers, const Rows& rows,
              const float* grad, float* position, float* momentum, float* averages, Stream stream);

/// steps[0] += 1.
void next_step(std::int64_t* steps, Stream stream);

}  // namespace ergo::cuda
