// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/posteriors/posterior.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <numbers>

#include "core/base/noise.h"

namespace ergo {

double Posterior::prior_constant() const {
  double sum = 0.0;
  const auto& blocks = network->layout().blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const double log_normaliser = std::log(prior_sd[b] * std::sqrt(2.0 * std::numbers::pi));
    sum += static_cast<double>(ParameterLayout::size_of(blocks[b])) * log_normaliser;
  }
  return sum;
}

Posterior make_posterior(std::shared_ptr<const Dataset> data, const ModelConfig& model,
                         const PosteriorConfig& config) {
  if (data->targets != 1) {
    throw Error(ExitCode::config, fmt::format("Field 'data.target' names {} columns, but the "
                                              "likelihood takes one target.",
                                              data->targets));
  }
  Posterior posterior;
  posterior.network = std::make_shared<Mlp>(data->inputs, model.hidden, data->outputs,
                                            activation_from(model.activation));
  posterior.noise_sd = config.noise_sd / data->standardisation.y_sd[0];
  const Mlp& network = *posterior.network;
  for (std::size_t b = 0; b < network.layout().blocks().size(); ++b) {
    const std::int64_t fan_in = network.fan_in(b);
    posterior.prior_sd.push_back(fan_in > 0
                                     ? config.weight_prior / std::sqrt(static_cast<double>(fan_in))
                                     : config.bias_prior);
  }
  posterior.data = std::move(data);
  return posterior;
}

torch::Tensor initial_position(const Posterior& posterior, RngKey key, std::int64_t chain,
                               torch::Dtype dtype) {
  const Mlp& network = *posterior.network;
  torch::Tensor position = torch::zeros({1, network.layout().size()}, torch::kFloat);
  fill_normal(key, chain, 0, position.numel(), position.data_ptr<float>());
  for (std::size_t b = 0; b < network.layout().blocks().size(); ++b) {
    const BlockInfo& block = network.layout().blocks()[b];
    const std::int64_t fan_in = network.fan_in(b);
    const double scale = fan_in > 0 ? 1.0 / std::sqrt(static_cast<double>(fan_in)) : 0.0;
    position.slice(1, block.offset, block.offset + ParameterLayout::size_of(block)).mul_(scale);
  }
  return position.to(dtype);
}

}  // namespace ergo
