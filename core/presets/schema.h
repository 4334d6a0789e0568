// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace ergo {

/// The shape of a preset's document: sections are objects, lists are lists; fields are checked
/// elsewhere. @throws Error{config} beginning with `source`.
void check_shape(const nlohmann::json& document, const std::string& source);

}  // namespace ergo
