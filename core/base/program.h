// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

namespace ergo {

/// Rises when a kernel changes the bits of the draws.
inline constexpr int stream_version = 2;

/// What the linker made of the program's whole content, in hexadecimal digits; "unknown" where it
/// left none.
std::string build_id();

/// What all processes of a job must have in common, e.g. {"seed", "7"}.
struct Fact {
  std::string what, value;
};

/// Program, instruction set and libraries of this process.
std::vector<Fact> program_facts();

}  // namespace ergo
