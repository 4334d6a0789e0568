// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <exception>

namespace ergo {

/// True when `error` says that memory ran out, on the CPU or a device. LibTorch and CUDA's
/// libraries have several errors for it, some of which differ from others by their text alone.
bool is_out_of_memory(const std::exception& error);

}  // namespace ergo
