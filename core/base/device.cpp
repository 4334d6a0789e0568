// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/device.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "core/base/error.h"
#ifdef ERGO_CUDA
#include <cuda_runtime_api.h>
#endif

namespace ergo {
namespace {

DeviceInfo processor() {
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  return {"cpu", fmt::format("{} cores", std::max(1u, std::thread::hardware_concurrency())),
          page * sysconf(_SC_PHYS_PAGES), page * sysconf(_SC_AVPHYS_PAGES)};
}

#ifdef ERGO_CUDA
void add_cuda_devices(std::vector<DeviceInfo>& list) {
  int count = 0, before = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return;  // no driver: no devices
  cudaGetDevice(&before);
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    std::size_t free = 0, total = 0;
    if (cudaSetDevice(i) != cudaSuccess || cudaGetDeviceProperties(&properties, i) != cudaSuccess ||
        cudaMemGetInfo(&free, &total) != cudaSuccess) {
      continue;  // held by another program in exclusive mode
    }
    list.push_back({fmt::format("cuda:{}", i), properties.name, static_cast<std::int64_t>(total),
                    static_cast<std::int64_t>(free)});
  }
  cudaSetDevice(before);
}
#endif

std::string names_of(const std::vector<DeviceInfo>& list) {
  std::vector<std::string> names;
  for (const DeviceInfo& device : list) names.push_back("'" + device.name + "'");
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

bool built_with_cuda() {
#ifdef ERGO_CUDA
  return true;
#else
  return false;
#endif
}

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> list = {processor()};
#ifdef ERGO_CUDA
  add_cuda_devices(list);
#endif
  return list;
}

std::string describe(const DeviceInfo& device) {
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  return fmt::format("{}, {:.1f} GiB, {:.1f} GiB free", device.label,
                     static_cast<double>(device.total_bytes) / gib,
                     static_cast<double>(device.free_bytes) / gib);
}

std::string require_device(const std::string& name, const std::string& field) {
  const std::string full = name == "cuda" ? "cuda:0" : name;
  if (full == "cpu") return full;
  const std::vector<DeviceInfo> list = devices();
  for (const DeviceInfo& device : list) {
    if (device.name == full) return full;
  }
  const bool cuda = full.starts_with("cuda:");
  const std::string reason = cuda && !built_with_cuda() ? " This program was built without CUDA." : "";
  throw Error(ExitCode::config, fmt::format("Field '{}' is '{}', but must be one of the devices of this "
                                            "machine: {}.{}", field, name, names_of(list), reason));
}

}  // namespace ergo
