// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/torch.h"
#include "core/posteriors/potentials.h"

namespace ergo {
namespace {

class DensityPotential final : public Potential {
 public:
  explicit DensityPotential(const Posterior& posterior) : posterior_(posterior) {}
  void bind(std::span<const std::int64_t>, std::int64_t) override {}
  void bind_all() override {}

  const Evaluation& evaluate(const torch::Tensor& position) override {
    const torch::AutoGradMode enable(true);
    const torch::Tensor theta = position.detach().clone().requires_grad_(true);
    const torch::Tensor potential = posterior_.density->potential(theta);
    evaluation_.grad = torch::autograd::grad({potential.sum()}, {theta})[0].contiguous();
    evaluation_.potential = potential.detach();
    return evaluation_;
  }

  std::int64_t data_count() const override { return 1; }
  const ParameterLayout& layout() const override { return posterior_.layout; }

 private:
  Posterior posterior_;
  Evaluation evaluation_;
};

}  // namespace

std::unique_ptr<Potential> make_density_potential(const Posterior& posterior,
                                                  const torch::TensorOptions&) {
  return std::make_unique<DensityPotential>(posterior);
}

}  // namespace ergo
