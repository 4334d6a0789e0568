// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/device_suggestions.h"

#include "core/base/device.h"

namespace ergo {

std::vector<Suggestion> device_suggestions() {
  static const std::vector<Suggestion> list = [] {
    std::vector<Suggestion> suggestions;
    for (const DeviceInfo& device : devices())
      suggestions.push_back({device.name, describe(device)});
    return suggestions;
  }();
  return list;
}

}  // namespace ergo
