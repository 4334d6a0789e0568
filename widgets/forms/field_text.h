// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <nlohmann/json.hpp>

namespace ergo {

/// A field's value as a person types it: shortest decimal that reads back to the same double,
/// lists as `40,40`, "true"/"false"; always with '.', whatever the locale. The inverse of
/// parse_value().
QString valueText(const nlohmann::json& value);

}  // namespace ergo
