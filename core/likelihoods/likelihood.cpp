// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/likelihood.h"

#include "core/base/torch.h"

namespace ergo {

BatchedLoss Likelihood::batched_nll(const torch::Tensor&, const torch::Tensor&,
                                    const torch::Tensor&, const torch::Tensor&,
                                    const torch::Tensor&) const {
  TORCH_CHECK(false, "likelihood '", id(), "' has no closed form");
}

}  // namespace ergo
