// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

/// How the .cu files of this folder launch kernels. A test defines ERGO_CUDA_ON_CPU and brings its
/// own version, which runs the threads of a block on the CPU.
#define ERGO_LAUNCH(kernel, grid, threads, stream, ...)                                     \
  do {                                                                                      \
    kernel<<<(grid), (threads), 0, static_cast<cudaStream_t>(stream)>>>(__VA_ARGS__);       \
    const cudaError_t launched = cudaPeekAtLastError();                                     \
    if (launched != cudaSuccess) {                                                          \
      throw std::runtime_error(std::string(#kernel) + ": " + cudaGetErrorString(launched)); \
    }                                                                                       \
  } while (false)
