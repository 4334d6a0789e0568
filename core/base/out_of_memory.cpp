// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/out_of_memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>

namespace ergo {

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
  constexpr std::array<std::string_view, 4> signs = {"can't allocate memory", "not enough memory",
                                                     "out of memory", "_ALLOC_FAILED"};
  const std::string_view text = error.what();
  return std::any_of(signs.begin(), signs.end(),
                     [text](std::string_view sign) { return text.find(sign) != text.npos; });
}

}  // namespace ergo
