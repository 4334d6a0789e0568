// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/meta_config.h"
#include "core/meta/task.h"

namespace ergo {

/// A 1-D regression on the domain [-1, 1]: a function of config.functions, training points uniform
/// outside a random gap, validation points uniform over the whole domain with fresh noise, and an
/// MLP of random width, depth and activation. true_nll is the NLL of the true function.
///  sine: A sin(2 pi f x + phase), half of them cosines by phase; gap: a sine with a gap of at
///  least 0.6; polynomial: degree 2 to 5 in the Legendre basis, scaled to A; gp: a draw of a
///  Gaussian process with RBF kernel, length scale 1 / (2 pi f), by 256 random Fourier features.
MetaTask make_task(const FamilyConfig& config, RngKey key);

/// The family of these tasks.
std::unique_ptr<TaskFamily> make_regression_family(const FamilyConfig& config);

}  // namespace ergo
