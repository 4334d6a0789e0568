// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <hwy/targets.h>

#include <cstdint>
#include <string>

#include "core/kernels/l2e_network.h"

/// Runs kernels on every instruction set that this build holds and this processor has.
namespace ergo::test {

/// Restricts the kernels to one instruction set while it lives.
class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target) { use(target); }
  ~OnlyTarget() { use(0); }
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;

 private:
  static void use(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

/// Calls check(name) under each instruction set in turn; stops at the first problem.
template <class Check>
std::string on_every_target(Check&& check) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    if (std::string problem = check(); !problem.empty()) {
      return std::string(l2e_instruction_set()) + ": " + problem;
    }
  }
  return {};
}

}  // namespace ergo::test
