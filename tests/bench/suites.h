// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// One function per file of benchmarks; main() calls them all. Every benchmark that the target
/// table reads is named in targets.cpp.
namespace ergo::bench {

void add_kernel_benchmarks();  ///< l2e_kernel, noise
void add_toy_benchmarks();     ///< toy_gradient, toy_l2e_step
void add_conv_benchmarks();    ///< conv_gradient/...
void add_run_benchmarks();     ///< scaling, streaming
void add_resnet_benchmarks();  ///< resnet20_frn_step
void add_growth_benchmarks();  ///< growth over parameters, chains and data

}  // namespace ergo::bench
