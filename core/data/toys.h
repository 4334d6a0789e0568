// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>

#include "core/data/data_config.h"
#include "core/data/dataset.h"

/// Generated 1-D regression problems with a region without training points. Validation and test
/// inputs are uniform over the whole domain, that region included, with fresh noise.
/// All @throw Error{config} naming the field that does not fit; the folder is not used.
namespace ergo {

/// y = cos(4x + 0.8) + noise; x ~ U[-1, -0.7] and U[0.5, 1], one half each, domain [-1, 1].
/// Source: Foong et al., "In-between uncertainty in Bayesian neural networks" (2019).
Dataset make_foong(const DataConfig& config, const std::filesystem::path& base_folder);

/// y = MLP([x, x^2]) + noise with a 2-10-10-10-1 ReLU network, weights and biases ~ N(0, 0.1^2);
/// x equally spaced, one third each on [-10, -6], [6, 10] and [14, 18], domain [-10, 18]. Inputs
/// are always standardised: raw ones reach 324. Source: Izmailov et al., "Subspace inference for
/// Bayesian deep learning" (2019), its 1-D problem.
Dataset make_gap(const DataConfig& config, const std::filesystem::path& base_folder);

/// y = amplitude * sin(2 pi frequency x + phase) + noise; x ~ U[-1, 1] outside (gap_min, gap_max).
Dataset make_sine(const DataConfig& config, const std::filesystem::path& base_folder);

}  // namespace ergo
