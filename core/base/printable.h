// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <string_view>

namespace ergo {

/// Text from files and options as it may go to a terminal: control characters as \\x1b, so that
/// nothing moves the cursor or colours the screen, but for line ends; cut after about `most` bytes,
/// never inside a UTF-8 character, with a note of how much is missing.
std::string printable(std::string_view text, std::size_t most = 2000);

}  // namespace ergo
