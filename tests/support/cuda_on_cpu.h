// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <barrier>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

/// The part of CUDA C++ that core/kernels/cuda uses, on the CPU: the blocks of a launch one after the
/// other, the threads of a block as threads. It lets a machine without a device run the very text of
/// the kernels; it says nothing about speed, streams or races between blocks.
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3() = default;
  explicit dim3(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

inline thread_local dim3 threadIdx, blockIdx;
inline thread_local std::barrier<>* block_barrier = nullptr;

inline void __syncthreads() { block_barrier->arrive_and_wait(); }

#define __global__
#define __device__
#define __shared__ static

namespace ergo::test {

template <class Kernel>
void launch_on_cpu(dim3 grid, unsigned threads, const Kernel& kernel) {
  std::barrier<> barrier(static_cast<std::ptrdiff_t>(threads));
  const auto thread = [&](unsigned t) {
    block_barrier = &barrier;
    for (unsigned z = 0; z < grid.z; ++z) {
      for (unsigned y = 0; y < grid.y; ++y) {
        for (unsigned x = 0; x < grid.x; ++x) {
          threadIdx = dim3(t, 0, 0);
          blockIdx = dim3(x, y, z);
          kernel();
          __syncthreads();
        }
      }
    }
  };
  std::vector<std::jthread> pool;
  for (unsigned t = 0; t < threads; ++t) pool.emplace_back(thread, t);
}

}  // namespace ergo::test

#define ERGO_LAUNCH(kernel, grid, threads, stream, ...) \
  ergo::test::launch_on_cpu((grid), (threads), [&] { kernel(__VA_ARGS__); }), static_cast<void>(stream)
