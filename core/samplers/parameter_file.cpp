// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/parameter_file.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/base/number.h"

namespace ergo {
namespace {

constexpr double largest = 1e12;  // of a number of the dynamics: float32 must hold its products

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

void read_parameter_number(const std::map<std::string, std::string>& metadata,
                           const std::string& key, double& value, double least, bool open,
                           const std::string& source) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) return;
  const std::string& text = it->second;
  const std::optional<double> number = parse_number<double>(text);
  if (number && (open ? *number > least : *number >= least) && *number <= largest) {
    value = *number;
    return;
  }
  throw Error(ExitCode::data,
              fmt::format("{}: metadata '{}' is '{}', but must be a number {} {} and <= {}.",
                          source, key, text, open ? ">" : ">=", least, largest));
}

void require_parameters_of(const std::map<std::string, std::string>& metadata,
                           const std::string& id, const std::string& source) {
  const auto it = metadata.find("sampler");
  if (it == metadata.end() || it->second == id) return;
  throw Error(ExitCode::data, fmt::format("{}: holds parameters of sampler '{}', not of {}.",
                                          source, it->second, id));
}

std::vector<float> parameter_tensor(const io::SafeTensors& archive, const std::string& name,
                                    const std::vector<std::int64_t>& shape,
                                    const std::string& source) {
  const io::Array* array = archive.find(name);
  if (!array) {
    throw Error(ExitCode::data, fmt::format("{}: tensor '{}' is missing.", source, name));
  }
  if (array->shape != shape || !array->is_real()) {
    throw Error(
        ExitCode::data,
        fmt::format("{}: tensor '{}' must be F32 (or F16, BF16, F64) {}, but is {} {}.", source,
                    name, shape_text(shape), array->dtype, shape_text(array->shape)));
  }
  io::require_finite(*array, source);
  return array->floats();
}

std::vector<std::string> passed_over(io::SafeTensors& archive,
                                     const std::vector<std::string>& wanted,
                                     const std::string& source) {
  std::vector<std::string> sentences;
  if (const std::string prefix = io::strip_wrappers(archive); !prefix.empty()) {
    sentences.push_back(fmt::format(
        "{}: all tensors are named '{}...', as a wrapper of PyTorch does; read without it.", source,
        prefix));
  }
  std::vector<std::string> others = archive.unreadable;
  for (const io::Array& array : archive.arrays) {
    if (std::find(wanted.begin(), wanted.end(), array.name) == wanted.end())
      others.push_back(array.name);
  }
  if (!others.empty())
    sentences.push_back(fmt::format("{}: passed over what is no meta-parameter: {}.", source,
                                    fmt::join(others, ", ")));
  return sentences;
}

}  // namespace ergo
