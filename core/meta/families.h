// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>

#include "core/base/rng.h"
#include "core/config/meta_config.h"
#include "core/posteriors/posterior.h"

namespace ergo {

/// One random 1-D regression task on the domain [-1, 1].
struct MetaTask {
  Posterior posterior;    ///< train: what the chain sees; test: the points of the meta-loss
  double true_nll = 0.0;  ///< NLL of the true function on the test points, the noise floor, nats
};

/// The task that `key` names: a function of config.functions, training points uniform outside a
/// random gap, validation points uniform over the whole domain with fresh noise, and an MLP of
/// random width, depth and activation. The same key gives the same task on any thread.
///  sine: A sin(2 pi f x + phase), half of them cosines by phase; gap: a sine with a gap of at
///  least 0.6; polynomial: degree 2 to 5 in the Legendre basis, scaled to A; gp: a draw of a
///  Gaussian process with RBF kernel, length scale 1 / (2 pi f), by 256 random Fourier features.
MetaTask make_task(const FamilyConfig& config, RngKey key);

}  // namespace ergo
