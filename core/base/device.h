// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

/// The devices of this machine that a run may use. Free of torch. Thread-safe.
namespace ergo {

struct DeviceInfo {
  std::string name;   ///< as presets spell it: "cpu", "cuda:0", "cuda:1", ...
  std::string label;  ///< the maker's name, for people
  std::int64_t total_bytes = 0;
  std::int64_t free_bytes = -1;  ///< when it was asked for; -1: not known
};

/// "cpu" first, then every CUDA device when the program was built for CUDA and finds some. Takes
/// nothing of the devices: their free memory stays unknown.
std::vector<DeviceInfo> devices();

/// One of them with its free memory, which counts other programs. Asking takes a little of a CUDA
/// device's memory (its context). @pre `name` is one of devices().
DeviceInfo with_free_memory(const std::string& name);

/// "NVIDIA H100, 79.1 GiB, 78.4 GiB free"; the last part where it is known.
std::string describe(const DeviceInfo& device);

/// The full name: "cuda" means "cuda:0".
/// @throws Error{config} that names the field, and the devices there are, when `name` is none of
/// them.
std::string require_device(const std::string& name, const std::string& field);

/// True when the program holds CUDA code.
bool built_with_cuda();

}  // namespace ergo
