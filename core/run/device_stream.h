// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace ergo {

/// One transition, captured as a CUDA graph: launched as a whole, without the host's cost of a
/// launch per operation. Everything it reads and writes stays at its address.
class StepGraph {
 public:
  virtual ~StepGraph() = default;
  virtual void replay() = 0;  ///< queues the transition once more
};

/// Transitions before a capture: libraries allocate at their first use, which cannot be captured.
inline constexpr std::int64_t warm_transitions = 3;

/// The queue of work that one group of chains has on its device. Does nothing of its own on the CPU
/// and in a build without CUDA. One thread at a time.
class DeviceStream {
 public:
  explicit DeviceStream(torch::Device device) : device_(device) {}

  const torch::Device& device() const { return device_; }
  bool is_cpu() const { return device_.is_cpu(); }

  /// Calls `work`, whose device work goes to this stream, and waits until the device has done it.
  /// One run() of the process at a time.
  void run(const std::function<void()>& work);

  /// Captures what `step` queues, without doing it. Call within run(), after some transitions that
  /// warmed the libraries up. @return null on the CPU, and, once and for all, when something cannot
  /// be captured: `step` may have been called in part then, and nothing of it was done.
  std::unique_ptr<StepGraph> capture(const std::function<void()>& step);

 private:
  torch::Device device_;
  bool refused_ = false;
  std::shared_ptr<void> stream_;  ///< taken from LibTorch's pool at the first run()
};

}  // namespace ergo
