// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "core/base/task_share.h"

namespace ergo {

/// One number, or one list of numbers, for each of some indices, in their order.
using NumberTask = std::function<std::vector<double>(const std::vector<std::size_t>& indices)>;
using ListTask =
    std::function<std::vector<std::vector<double>>(const std::vector<std::size_t>& indices)>;

/// The numbers of all i < count, every bit of them, computed by all processes of a job; nothing
/// when some process was stopped meanwhile. @throws as TaskShare::results().
std::optional<std::vector<double>> shared_numbers(TaskShare& share, std::size_t count,
                                                  const NumberTask& task);
std::optional<std::vector<std::vector<double>>> shared_lists(TaskShare& share, std::size_t count,
                                                             const ListTask& task);

}  // namespace ergo
