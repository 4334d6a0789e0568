// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/toy.h"

#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/config/find_file.h"
#include "core/data/sources.h"
#include "core/presets/store.h"
#include "core/samplers/l2e.h"

namespace ergo::bench {
namespace {

torch::Tensor normals(std::uint64_t seed, torch::IntArrayRef shape) {
  torch::Tensor values = torch::empty(shape, torch::kFloat);
  fill_normal(RngKey::from_seed(seed), 0, 0, values.numel(), values.data_ptr<float>());
  return values;
}

}  // namespace

Posterior toy_posterior(std::vector<std::int64_t> hidden, std::int64_t points) {
  DataConfig data;
  data.standardise = false;
  data.train_size = points;
  PosteriorConfig posterior;
  posterior.weight_prior = 2.0;
  return make_posterior(std::make_shared<const Dataset>(make_dataset(data, {})),
                        {{"hidden", std::move(hidden)}}, posterior);
}

ChainState stirred(const Sampler& sampler, const Posterior& posterior, std::uint64_t seed) {
  const torch::Tensor start =
      initial_position(posterior, RngKey::from_seed(seed), 0, torch::kFloat);
  ChainState state = sampler.init(start.clone(), 0);
  state.momentum.copy_(normals(seed + 1, state.momentum.sizes()));
  for (torch::Tensor& extra : state.extra) extra.copy_(normals(seed + 2, extra.sizes()));
  return state;
}

MetaParameters random_phi(std::uint64_t seed) {
  MetaParameters phi;
  std::vector<float> values(phi.size());
  fill_normal(RngKey::from_seed(seed), 0, 0, static_cast<std::int64_t>(values.size()),
              values.data());
  for (float& value : values) value *= 0.3f;
  phi.set_flat(values);
  phi.alpha_multiplier = 5.0;
  phi.beta_multiplier = 0.5;
  phi.friction = 0.7;
  phi.noise_multiplier = 0.3;
  return phi;
}

MetaParameters shipped_phi() {
  return load_meta_parameters(find_file(L2eConfig{}.meta_parameters, {preset_folder()}));
}

SamplerContext context_of(const Posterior& posterior) {
  SamplerContext context;
  context.layout = &posterior.layout;
  context.total_steps = 1000000;
  context.data_count = posterior.data_count();
  return context;
}

}  // namespace ergo::bench
