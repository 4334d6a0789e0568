// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/posteriors/potentials.h"

namespace ergo {

std::unique_ptr<Potential> make_potential(const Posterior& posterior,
                                          const torch::TensorOptions& options,
                                          const std::string& gradient) {
  if (posterior.density) return make_density_potential(posterior, options);
  std::unique_ptr<Potential> fast;
  if (gradient != "autograd") {
    fast = options.device().is_cpu()
               ? make_fused_potential(posterior, c10::typeMetaToScalarType(options.dtype()))
               : make_batched_potential(posterior, options);
  }
  return fast ? std::move(fast) : make_autograd_potential(posterior, options);
}

}  // namespace ergo
