// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/posteriors/posterior.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <numbers>

#include "core/base/error.h"
#include "core/base/noise.h"
#include "core/models/models.h"

namespace ergo {

double Posterior::prior_constant() const {
  double sum = 0.0;
  const auto& blocks = layout.blocks();
  for (std::size_t b = 0; b < prior.size(); ++b) {
    const double log_normaliser = std::log(prior[b].sd * std::sqrt(2.0 * std::numbers::pi));
    sum += static_cast<double>(ParameterLayout::size_of(blocks[b])) * log_normaliser;
  }
  return sum;
}

Posterior make_posterior(std::shared_ptr<const Dataset> data,
                         std::shared_ptr<const Network> network,
                         std::shared_ptr<const Likelihood> likelihood, double weight_prior,
                         double bias_prior) {
  if (network->outputs() != likelihood->outputs()) {
    throw Error(
        ExitCode::config,
        fmt::format("The network has {} outputs, but likelihood '{}' of data '{}' needs {}.",
                    network->outputs(), likelihood->id(), data->name, likelihood->outputs()));
  }
  Posterior posterior;
  const auto& blocks = network->layout().blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const std::int64_t fan_in = network->fan_in(b);
    const double root = std::sqrt(static_cast<double>(fan_in));
    posterior.layout.add(blocks[b].name, blocks[b].shape);
    posterior.prior.push_back(
        {0.0, fan_in > 0 ? weight_prior / root : bias_prior, network->start(b)});
  }
  for (const OwnBlock& own : likelihood->own_blocks()) {
    posterior.layout.add(own.name, own.shape);
    posterior.prior.push_back({own.prior_mean, own.prior_sd, {own.prior_mean, 0.0}});
  }
  posterior.data = std::move(data);
  posterior.network = std::move(network);
  posterior.likelihood = std::move(likelihood);
  return posterior;
}

Posterior make_posterior(std::shared_ptr<const Dataset> data, const nlohmann::json& model,
                         const PosteriorConfig& config) {
  auto likelihood = make_likelihood(config.likelihood, config, *data);
  auto network = make_network(model, *data, likelihood->outputs());
  return make_posterior(std::move(data), std::move(network), std::move(likelihood),
                        config.weight_prior, config.bias_prior);
}

Posterior make_posterior(std::shared_ptr<const LogDensity> density) {
  Posterior posterior;
  posterior.layout.add("theta", {density->dimensions()});
  posterior.prior.push_back({0.0, 1.0, {0.0, density->initial_sd()}});
  Dataset none;
  none.name = density->id();
  posterior.data = std::make_shared<const Dataset>(std::move(none));
  posterior.density = std::move(density);
  return posterior;
}

torch::Tensor initial_position(const Posterior& posterior, RngKey key, std::int64_t chain,
                               torch::Dtype dtype) {
  torch::Tensor position = torch::zeros({1, posterior.layout.size()}, torch::kFloat);
  fill_normal(key, chain, 0, position.numel(), position.data_ptr<float>());
  const auto& blocks = posterior.layout.blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const std::int64_t offset = blocks[b].offset, size = ParameterLayout::size_of(blocks[b]);
    torch::Tensor block = position.slice(1, offset, offset + size);
    const BlockStart start = posterior.prior[b].start;
    block.mul_(start.sd);
    if (start.mean != 0.0) block.add_(start.mean);
  }
  return position.to(dtype);
}

}  // namespace ergo
