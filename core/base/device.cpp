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

std::int64_t pages(int which) { return sysconf(_SC_PAGESIZE) * sysconf(which); }

DeviceInfo processor() {
  return {"cpu", fmt::format("{} cores", std::max(1u, std::thread::hardware_concurrency())),
          pages(_SC_PHYS_PAGES)};
}

#ifdef ERGO_CUDA
void add_cuda_devices(std::vector<DeviceInfo>& list) {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) count = 0;  // no driver: no devices
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, i) != cudaSuccess) continue;
    list.push_back({fmt::format("cuda:{}", i), properties.name,
                    static_cast<std::int64_t>(properties.totalGlobalMem)});
  }
  static_cast<void>(cudaGetLastError());  // a failure here is not the next launch's
}

std::int64_t free_on(int index) {
  int before = 0;
  std::size_t free = 0, total = 0;
  cudaGetDevice(&before);
  const bool known =
      cudaSetDevice(index) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess;
  cudaSetDevice(before);
  static_cast<void>(cudaGetLastError());
  return known ? static_cast<std::int64_t>(free) : -1;
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

DeviceInfo with_free_memory(const std::string& name) {
  const std::vector<DeviceInfo> list = devices();
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const DeviceInfo& d) { return d.name == name; });
  DeviceInfo device = found == list.end() ? DeviceInfo{name, "unknown"} : *found;
  if (name == "cpu") device.free_bytes = pages(_SC_AVPHYS_PAGES);
#ifdef ERGO_CUDA
  else
    device.free_bytes = free_on(static_cast<int>(found - list.begin()) - 1);
#endif
  return device;
}

std::string describe(const DeviceInfo& device) {
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  std::string text =
      fmt::format("{}, {:.1f} GiB", device.label, static_cast<double>(device.total_bytes) / gib);
  if (device.free_bytes >= 0)
    text += fmt::format(", {:.1f} GiB free", static_cast<double>(device.free_bytes) / gib);
  return text;
}

std::string require_device(const std::string& name, const std::string& field) {
  const std::string full = name == "cuda" ? "cuda:0" : name;
  if (full == "cpu") return full;
  const std::vector<DeviceInfo> list = devices();
  for (const DeviceInfo& device : list) {
    if (device.name == full) return full;
  }
  const bool cuda = full.starts_with("cuda:");
  const std::string reason =
      cuda && !built_with_cuda() ? " This program was built without CUDA." : "";
  throw Error(ExitCode::config,
              fmt::format("Field '{}' is '{}', but must be one of the devices of this "
                          "machine: {}.{}",
                          field, name, names_of(list), reason));
}

}  // namespace ergo
