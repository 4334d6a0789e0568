// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>

#include "core/data/data_config.h"

namespace ergo::test {

/// The defaults of `source`.
inline DataConfig data_from(const std::string& source) {
  DataConfig config;
  config.source = source;
  return config;
}

}  // namespace ergo::test
