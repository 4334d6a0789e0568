// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/layout.h"
#include "core/base/rng.h"
#include "core/config/field.h"
#include "core/data/dataset.h"
#include "core/likelihoods/likelihoods.h"
#include "core/models/network.h"
#include "core/targets/log_density.h"

namespace ergo {

/// The posterior section of a preset.
struct PosteriorConfig : LikelihoodConfig {
  std::string likelihood;
  double weight_prior = 1.0;
  double bias_prior = 1.0;
  template <class V>
  void visit(V&& v) {
    v("likelihood", likelihood,
      FieldInfo{.choices = likelihood_choices(),
                .doc = "p(y | f(x)); empty: gaussian for regressions, categorical for classes."});
    visit_likelihood(v);
    v("weight_prior", weight_prior,
      FieldInfo{.min = 0,
                .open_min = true,
                .doc = "w0: weights have prior N(0, (w0 / sqrt(fan_in))^2)."});
    v("bias_prior", bias_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "b0: biases have prior N(0, b0^2)."});
  }
};

/// Prior N(mean, sd^2) of a block's parameters, and where chains start.
struct BlockPrior {
  double mean = 0.0, sd = 1.0;
  BlockStart start;
};

/// Everything that U(theta) needs but a batch: network, likelihood and prior over one data set, or
/// a bare log-density, which has none of them. Immutable; shared by all threads.
struct Posterior {
  std::shared_ptr<const Dataset> data;  ///< of a bare target empty
  std::shared_ptr<const Network> network;
  std::shared_ptr<const Likelihood> likelihood;
  std::shared_ptr<const LogDensity> density;  ///< of a bare target; then the two above are null
  ParameterLayout layout;                     ///< the network's blocks, then the likelihood's own
  std::vector<BlockPrior> prior;              ///< per block

  /// -log p(theta) without its gradient is this constant plus sum (theta - mean)^2 / (2 sd^2).
  double prior_constant() const;
  std::int64_t data_count() const { return density ? 1 : data->train.size(); }  ///< n
  /// Where the likelihood's own parameters begin.
  std::int64_t own_offset() const { return network ? network->layout().size() : layout.size(); }
  /// Equal for posteriors whose chains may be rows of one state.
  std::string shape_key() const { return network->shape_key() + " " + likelihood->id(); }
};

/// Prior by fan-in: weights N(0, (w0 / sqrt(fan_in))^2), biases N(0, b0^2); chains start where the
/// network and the likelihood say.
/// @throws Error{config} where the network's outputs are not the likelihood's.
Posterior make_posterior(std::shared_ptr<const Dataset> data,
                         std::shared_ptr<const Network> network,
                         std::shared_ptr<const Likelihood> likelihood, double weight_prior,
                         double bias_prior);

/// The same with the likelihood that the config names, over the network of a model section
/// (models/models.h).
Posterior make_posterior(std::shared_ptr<const Dataset> data, const nlohmann::json& model,
                         const PosteriorConfig& config);

Posterior make_posterior(std::shared_ptr<const LogDensity> density);

/// Where chain c starts, as BlockPrior says; the bits depend on (key, c) alone.
/// @return [1, params] of `dtype`.
torch::Tensor initial_position(const Posterior& posterior, RngKey key, std::int64_t chain,
                               torch::Dtype dtype);

}  // namespace ergo
