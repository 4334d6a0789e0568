// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/forms/field_text.h"

#include <QStringList>
#include <array>
#include <charconv>
#include <cmath>

namespace ergo {
namespace {

/// "0.0001" reads better than to_chars' own choice, "1e-04"; very small and large stay scientific.
QString realText(double value) {
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-5 && size < 1e15);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return QString::fromLatin1(buffer.data(), static_cast<int>(end.ptr - buffer.data()));
}

}  // namespace

QString valueText(const nlohmann::json& value) {
  if (value.is_string()) return QString::fromStdString(value.get<std::string>());
  if (value.is_number_float()) return realText(value.get<double>());
  if (value.is_array()) {
    QStringList parts;
    for (const nlohmann::json& item : value) parts << valueText(item);
    return parts.join(QLatin1Char(','));
  }
  return QString::fromStdString(value.dump());
}

}  // namespace ergo
