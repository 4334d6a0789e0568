// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/io/safetensors.h"

/// What the files of every learned sampler's parameters have in common (FORMAT.md).
namespace ergo {

/// Reads metadata `key` into `value` where it is there: `least` to 1e12, or above `least` where
/// `open`. @throws Error{data} naming `source`, the key with its text and the range.
void read_parameter_number(const std::map<std::string, std::string>& metadata,
                           const std::string& key, double& value, double least, bool open,
                           const std::string& source);

/// @throws Error{data} unless metadata `sampler` is absent or `id`.
void require_parameters_of(const std::map<std::string, std::string>& metadata,
                           const std::string& id, const std::string& source);

/// The tensor `name`, F32 or converted to it.
/// @throws Error{data} where it is missing, has another shape or type, or is not finite.
std::vector<float> parameter_tensor(const io::SafeTensors& archive, const std::string& name,
                                    const std::vector<std::int64_t>& shape,
                                    const std::string& source);

/// Takes wrappers off the names. @return sentences about that and about tensors that are not
/// `wanted`.
std::vector<std::string> passed_over(io::SafeTensors& archive,
                                     const std::vector<std::string>& wanted,
                                     const std::string& source);

}  // namespace ergo
