// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/device_stream.h"

#ifdef ERGO_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

#include <mutex>

namespace ergo {

#ifdef ERGO_CUDA
namespace {

/// One run at a time has the devices: work of another thread could not be told from a capture's.
std::mutex& device_mutex() {
  static std::mutex mutex;
  return mutex;
}

class CudaStepGraph final : public StepGraph {
 public:
  explicit CudaStepGraph(const std::function<void()>& step) {
    // Pools of graphs that have gone give their memory back here only.
    c10::cuda::CUDACachingAllocator::emptyCache();
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      step();
    } catch (...) {
      end_after_failure();
      throw;
    }
    graph_.capture_end();
  }
  void replay() override { graph_.replay(); }

 private:
  /// A stream left in capture mode would fail everything that follows; the step's own error is the
  /// one to tell.
  void end_after_failure() {
    try {
      graph_.capture_end();
    } catch (const std::exception&) {
    }
  }

  at::cuda::CUDAGraph graph_;
};

}  // namespace

void DeviceStream::run(const std::function<void()>& work) {
  if (!device_.is_cuda()) {
    work();
    return;
  }
  const std::lock_guard lock(device_mutex());
  if (!stream_) {
    stream_ = std::make_shared<c10::cuda::CUDAStream>(
        c10::cuda::getStreamFromPool(false, device_.index()));
  }
  const auto& stream = *std::static_pointer_cast<c10::cuda::CUDAStream>(stream_);
  const c10::cuda::CUDAStreamGuard guard(stream);
  work();
  stream.synchronize();
}

std::unique_ptr<StepGraph> DeviceStream::capture(const std::function<void()>& step) {
  if (!device_.is_cuda() || refused_) return nullptr;
  try {
    return std::make_unique<CudaStepGraph>(step);
  } catch (const std::exception&) {
    refused_ = true;
    return nullptr;
  }
}

#else

void DeviceStream::run(const std::function<void()>& work) { work(); }
std::unique_ptr<StepGraph> DeviceStream::capture(const std::function<void()>&) { return nullptr; }

#endif

}  // namespace ergo
