// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/config/meta_config.h"

namespace ergo {

/// v ~ N(0, I) of one pair, [size]: regenerated from (key, iteration, pair), never stored.
std::vector<float> es_direction(RngKey key, std::int64_t iteration, std::int64_t pair,
                                std::size_t size);

struct PairLoss {
  double plus = 0.0, minus = 0.0;  ///< L(phi + sigma v), L(phi - sigma v); infinity: diverged
};

/// Loss differences after shaping (EsConfig::difference), one per pair.
std::vector<double> shaped_differences(const std::vector<PairLoss>& losses, const EsConfig& config);

/// Antithetic ES estimate of the meta-gradient,
///   mean_p d_p / (2 sigma) v_p,  d_p = shaped (L(phi + sigma v_p) - L(phi - sigma v_p)),
/// summed in pair order. With difference = raw and one pair it is the official
/// (L+ - L-) / (2 sigma^2) * (sigma v).
std::vector<double> es_gradient(RngKey key, std::int64_t iteration,
                                const std::vector<PairLoss>& losses, std::size_t size,
                                const EsConfig& config);

}  // namespace ergo
