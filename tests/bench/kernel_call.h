// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>

/// The only place that knows the signature of the L2E network kernel.
namespace ergo::bench {

/// FLOP of one full evaluation of the network 9-32-32-2 for one parameter; multiply and add count
/// one each, biases and activations nothing.
inline constexpr double l2e_network_flop = 2.0 * (9 * 32 + 32 * 32 + 32 * 2);

/// One call evaluates (alpha, beta) for `params` parameters in one block of random features.
std::function<void()> l2e_kernel_call(std::int64_t params);

const char* kernel_instruction_set();

}  // namespace ergo::bench
