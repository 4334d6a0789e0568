// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/device_stream.h"

#ifdef ERGO_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace ergo {

#ifdef ERGO_CUDA
namespace {

class CudaStepGraph final : public StepGraph {
 public:
  explicit CudaStepGraph(const std::function<void()>& step) {
    graph_.capture_begin();
    try {
      step();
    } catch (...) {
      graph_.capture_end();  // a stream left in capture mode would fail everything that follows
      throw;
    }
    graph_.capture_end();
  }
  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace

void DeviceStream::run(const std::function<void()>& work) {
  if (!device_.is_cuda()) {
    work();
    return;
  }
  if (!stream_) {
    stream_ = std::make_shared<c10::cuda::CUDAStream>(c10::cuda::getStreamFromPool(false, device_.index()));
  }
  const auto& stream = *std::static_pointer_cast<c10::cuda::CUDAStream>(stream_);
  const c10::cuda::CUDAStreamGuard guard(stream);
  work();
  stream.synchronize();
}

std::unique_ptr<StepGraph> DeviceStream::capture(const std::function<void()>& step) {
  if (!device_.is_cuda()) return nullptr;
  return std::make_unique<CudaStepGraph>(step);
}

#else

void DeviceStream::run(const std::function<void()>& work) { work(); }
std::unique_ptr<StepGraph> DeviceStream::capture(const std::function<void()>&) { return nullptr; }

#endif

}  // namespace ergo
