// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/shared_numbers.h"

#include <cstring>
#include <string>

#include "core/base/error.h"

namespace ergo {
namespace {

std::string bytes_of(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

std::vector<double> numbers_in(const std::string& bytes) {
  if (bytes.size() % sizeof(double) != 0)
    throw Error(ExitCode::internal, "A process of the job sent no numbers.");
  std::vector<double> values(bytes.size() / sizeof(double));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace

std::optional<std::vector<std::vector<double>>> shared_lists(TaskShare& share, std::size_t count,
                                                             const ListTask& task) {
  const auto as_bytes = [&task](const std::vector<std::size_t>& part) {
    std::vector<std::string> list;
    for (const std::vector<double>& values : task(part)) list.push_back(bytes_of(values));
    return list;
  };
  const TaskShare::Results all = share.results(count, as_bytes, {});
  if (all.stopped) return std::nullopt;
  std::vector<std::vector<double>> lists;
  for (const std::string& bytes : all.bytes) lists.push_back(numbers_in(bytes));
  return lists;
}

std::optional<std::vector<double>> shared_numbers(TaskShare& share, std::size_t count,
                                                  const NumberTask& task) {
  const auto all = shared_lists(share, count, [&task](const std::vector<std::size_t>& part) {
    std::vector<std::vector<double>> list;
    for (const double value : task(part)) list.push_back({value});
    return list;
  });
  if (!all) return std::nullopt;
  std::vector<double> values;
  for (const std::vector<double>& list : *all) {
    if (list.size() != 1) throw Error(ExitCode::internal, "A process of the job sent no number.");
    values.push_back(list.front());
  }
  return values;
}

}  // namespace ergo
