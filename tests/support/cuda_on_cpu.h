// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

/// The part of CUDA C++ that core/kernels/cuda uses, on the CPU: the blocks of a launch one after
/// the other, the threads of a block as coroutines that give way at __syncthreads. It lets a
/// machine without a device run the very text of the kernels; it says nothing about speed, streams
/// or races.
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3() = default;
  explicit dim3(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

inline dim3 threadIdx, blockIdx;

namespace ergo::test {

class BlockOnCpu {
 public:
  BlockOnCpu(unsigned threads, const std::function<void()>& kernel)
      : kernel_(kernel), threads_(threads) {
    for (Thread& thread : threads_) thread.stack.resize(stack_bytes);
  }

  /// Runs every thread up to its next barrier, again and again until all have ended.
  void run() {
    current_block = this;
    for (Thread& thread : threads_) begin(thread);
    for (bool left = true; left;) {
      left = false;
      for (unsigned t = 0; t < threads_.size(); ++t) {
        if (threads_[t].ended) continue;
        threadIdx = dim3(t, 0, 0);
        running_ = &threads_[t];
        swapcontext(&scheduler_, &running_->context);
        left = left || !running_->ended;
      }
    }
  }

  void wait_at_barrier() { swapcontext(&running_->context, &scheduler_); }

  static inline BlockOnCpu* current_block = nullptr;

 private:
  static constexpr std::size_t stack_bytes = 64 * 1024;
  struct Thread {
    ucontext_t context{};
    std::vector<char> stack;
    bool ended = false;
  };

  static void enter() {
    current_block->kernel_();
    current_block->running_->ended = true;
  }

  void begin(Thread& thread) {
    thread.ended = false;
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.data();
    thread.context.uc_stack.ss_size = thread.stack.size();
    thread.context.uc_link = &scheduler_;
    makecontext(&thread.context, &BlockOnCpu::enter, 0);
  }

  std::function<void()> kernel_;
  std::vector<Thread> threads_;
  Thread* running_ = nullptr;
  ucontext_t scheduler_{};
};

inline void launch_on_cpu(dim3 grid, unsigned threads, const std::function<void()>& kernel) {
  BlockOnCpu block(threads, kernel);
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = dim3(x, y, z);
        block.run();
      }
    }
  }
}

}  // namespace ergo::test

inline void __syncthreads() { ergo::test::BlockOnCpu::current_block->wait_at_barrier(); }

#define __global__
#define __device__
#define __shared__ static

#define ERGO_LAUNCH(kernel, grid, threads, stream, ...)                       \
  ergo::test::launch_on_cpu((grid), (threads), [&] { kernel(__VA_ARGS__); }), \
      static_cast<void>(stream)
