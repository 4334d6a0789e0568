// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/cuda/chain_math.h"
#include "core/kernels/cuda/chain_steps.h"
#ifdef ERGO_CUDA_ON_CPU
#include "tests/support/cuda_on_cpu.h"
#else
#include "core/kernels/cuda/launch.h"
#endif

namespace ergo::cuda {
namespace {

constexpr int threads = 128;
constexpr int per_thread = piece_size / threads;
constexpr float feature_floor = 1e-5f;

static_assert(L2eNetwork::places({network::width, network::width}).floats == network::floats);

struct L2eArrays {
  const float* grad;
  float* position;
  float* momentum;
  float* averages;
};

/// The sum of `value` over the threads of the block, in a fixed order, for thread 0.
__device__ float block_sum(float value) {
  __shared__ float part[threads];
  part[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = threads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  const float sum = part[0];
  __syncthreads();
  return sum;
}

__device__ float decay(int j) {
  constexpr float decays[] = {0.1f, 0.5f, 0.9f, 0.99f, 0.999f, 0.9999f};
  return decays[j];
}

__device__ float normal_of(const Rows& rows, std::int64_t row, std::int64_t i) {
  return normal_at(static_cast<std::uint64_t>(rows.keys[row]),
                   static_cast<std::uint32_t>(rows.chains[row]),
                   static_cast<std::uint64_t>(rows.steps[0] + 1), i);
}

__global__ void move_sghmc(SghmcStepNumbers n, Rows rows, const float* grad, float* position,
                           float* momentum) {
  const std::int64_t i = std::int64_t{blockIdx.x} * threads + threadIdx.x, row = blockIdx.y;
  if (i >= rows.params) return;
  const std::int64_t at = row * rows.params + i;
  const float force = plus(grad[at], times(n.friction, momentum[at]));
  float r = plus(momentum[at], -times(n.step_size, force));
  if (n.noise_scale > 0.0f) r = plus(r, times(n.noise_scale, normal_of(rows, row, i)));
  momentum[at] = r;
  position[at] = plus(position[at], times(n.step_size, r));
}

/// Pass 1: m_j <- d_j m_j + (1 - d_j) g, and the sums of squares of all nine features.
__global__ void move_averages(L2ePlan plan, const L2eRowNumbers* numbers, Rows rows, L2eArrays a) {
  const Piece piece = plan.pieces[blockIdx.x];
  const std::int64_t row = blockIdx.y;
  const float gradient_scale = numbers[row].gradient_scale;
  float squares[l2e_features] = {};
  for (std::int64_t k = threadIdx.x; k < piece.size; k += threads) {
    const std::int64_t i = piece.offset + k, at = row * rows.params + i;
    const float g = gradient_scale * a.grad[at];
    squares[0] += g * g;
    squares[1] += a.position[at] * a.position[at];
    squares[2] += a.momentum[at] * a.momentum[at];
    for (int j = 0; j < l2e_averages; ++j) {
      float& m = a.averages[(row * l2e_averages + j) * rows.params + i];
      m = decay(j) * m + (1.0f - decay(j)) * g;
      squares[3 + j] += m * m;
    }
  }
  float* sums = plan.sums + (row * plan.piece_count + blockIdx.x) * l2e_features;
  for (int f = 0; f < l2e_features; ++f) {
    const float sum = block_sum(squares[f]);
    if (threadIdx.x == 0) sums[f] = sum;
  }
}

/// 1 / sqrt(mean square + floor) of feature first + blockIdx.z, from the sums of its pieces.
__global__ void find_scales(L2ePlan plan, int first) {
  const SpanPieces span = plan.spans[blockIdx.x];
  const std::int64_t row = blockIdx.y;
  const int feature = first + static_cast<int>(blockIdx.z);
  float sum = 0.0f;
  for (std::int64_t k = threadIdx.x; k < span.count; k += threads) {
    sum += plan.sums[(row * plan.piece_count + span.first + k) * l2e_features + feature];
  }
  sum = block_sum(sum);
  if (threadIdx.x != 0) return;
  plan.scales[(row * plan.span_count + blockIdx.x) * l2e_features + feature] =
      1.0f / sqrtf(sum / static_cast<float>(span.size) + feature_floor);
}

__device__ void load_network(const L2ePlan& plan, std::int64_t row, float* phi) {
  const float* from = plan.networks + row / plan.rows_per_network * network::floats;
  for (int k = static_cast<int>(threadIdx.x); k < network::floats; k += threads) phi[k] = from[k];
  __syncthreads();
}

/// Features of this thread's parameters; zeros behind the end of the piece.
__device__ void load_features(const Piece& piece, const float* scale, float gradient_scale,
                              const Rows& rows, std::int64_t row, const L2eArrays& a,
                              Features (&x)[per_thread]) {
  for (int p = 0; p < per_thread; ++p) {
    x[p] = {};
    const std::int64_t k = threadIdx.x + std::int64_t{threads} * p;
    if (k >= piece.size) continue;
    const std::int64_t i = piece.offset + k, at = row * rows.params + i;
    x[p].steady[0] = scale[0] * gradient_scale * a.grad[at];
    x[p].steady[1] = scale[1] * a.position[at];
    x[p].momentum = scale[2] * a.momentum[at];
    for (int j = 0; j < l2e_averages; ++j) {
      x[p].steady[2 + j] = scale[3 + j] * a.averages[(row * l2e_averages + j) * rows.params + i];
    }
  }
}

/// Pass 2: r' = r - eps (N g + alpha + C beta) + s noise, and the sum of squares of r'.
__global__ void move_momentum(L2ePlan plan, const L2eRowNumbers* numbers, Rows rows, L2eArrays a) {
  __shared__ float phi[network::floats];
  const Piece piece = plan.pieces[blockIdx.x];
  const std::int64_t row = blockIdx.y;
  const L2eRowNumbers n = numbers[row];
  load_network(plan, row, phi);
  Features x[per_thread];
  AlphaBeta out[per_thread];
  load_features(piece, plan.scales + (row * plan.span_count + piece.span) * l2e_features,
                n.gradient_scale, rows, row, a, x);
  l2e_outputs(phi, x, out);
  float squares = 0.0f;
  for (int p = 0; p < per_thread; ++p) {
    const std::int64_t k = threadIdx.x + std::int64_t{threads} * p;
    if (k >= piece.size) continue;
    const std::int64_t i = piece.offset + k, at = row * rows.params + i;
    const float force =
        out[p].alpha + n.friction * out[p].beta + n.data_size * (n.gradient_scale * a.grad[at]);
    float r = a.momentum[at] - n.step_size * force;
    if (n.noise_scale > 0.0f) r += n.noise_scale * normal_of(rows, row, i);
    a.momentum[at] = r;
    squares += r * r;
  }
  const float sum = block_sum(squares);
  if (threadIdx.x == 0) {
    plan.sums[(row * plan.piece_count + blockIdx.x) * l2e_features + l2e_momentum_feature] = sum;
  }
}

/// Pass 3: theta' = theta + eps beta(theta, r').
__global__ void move_position(L2ePlan plan, const L2eRowNumbers* numbers, Rows rows, L2eArrays a) {
  __shared__ float phi[network::floats];
  const Piece piece = plan.pieces[blockIdx.x];
  const std::int64_t row = blockIdx.y;
  load_network(plan, row, phi);
  Features x[per_thread];
  AlphaBeta out[per_thread];
  load_features(piece, plan.scales + (row * plan.span_count + piece.span) * l2e_features,
                numbers[row].gradient_scale, rows, row, a, x);
  l2e_outputs(phi, x, out);
  for (int p = 0; p < per_thread; ++p) {
    const std::int64_t k = threadIdx.x + std::int64_t{threads} * p;
    if (k >= piece.size) continue;
    a.position[row * rows.params + piece.offset + k] += numbers[row].step_size * out[p].beta;
  }
}

__global__ void count_step(std::int64_t* steps) { ++steps[0]; }

dim3 grid_of(std::int64_t x, std::int64_t y, std::int64_t z = 1) {
  if (x > 0x7fffffff || y > 65535)
    throw std::runtime_error("too many chains or parameters for one launch");
  return dim3(static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z));
}

}  // namespace

void sghmc_step(const SghmcStepNumbers& numbers, const Rows& rows, const float* grad,
                float* position, float* momentum, Stream stream) {
  ERGO_LAUNCH(move_sghmc, grid_of((rows.params + threads - 1) / threads, rows.rows), threads,
              stream, numbers, rows, grad, position, momentum);
}

void l2e_step(const L2ePlan& plan, const L2eRowNumbers* numbers, const Rows& rows,
              const float* grad, float* position, float* momentum, float* averages, Stream stream) {
  const L2eArrays arrays{grad, position, momentum, averages};
  const dim3 pieces = grid_of(plan.piece_count, rows.rows);
  ERGO_LAUNCH(move_averages, pieces, threads, stream, plan, numbers, rows, arrays);
  ERGO_LAUNCH(find_scales, grid_of(plan.span_count, rows.rows, l2e_features), threads, stream, plan,
              0);
  ERGO_LAUNCH(move_momentum, pieces, threads, stream, plan, numbers, rows, arrays);
  ERGO_LAUNCH(find_scales, grid_of(plan.span_count, rows.rows), threads, stream, plan,
              l2e_momentum_feature);
  ERGO_LAUNCH(move_position, pieces, threads, stream, plan, numbers, rows, arrays);
}

void next_step(std::int64_t* steps, Stream stream) {
  ERGO_LAUNCH(count_step, dim3(1), 1, stream, steps);
}

}  // namespace ergo::cuda
