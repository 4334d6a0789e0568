// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

#include "core/config/meta_config.h"
#include "core/meta/meta_state.h"

namespace ergo {

/// Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1) with b1 .9, b2 .999, eps 1e-8.
class Adam {
 public:
  explicit Adam(std::size_t size) : m(size, 0.0), v(size, 0.0) {}
  void update(std::vector<float>& phi, const std::vector<double>& gradient, double rate);
  std::vector<double> m, v;
  std::int64_t steps = 0;

  TrainerState state() const;                   ///< as a checkpoint keeps it
  static Adam from(const TrainerState& state);  ///< @pre made by state()
};

/// Cosine from learning_rate to final_learning_rate over `iterations`.
double learning_rate_at(const OuterConfig& config, std::int64_t iteration, std::int64_t iterations);

/// Scales `gradient` down to norm `clip_norm` where it is longer; 0: never. @return its norm
/// before.
double clip_gradient(std::vector<double>& gradient, double clip_norm);

/// One step of phi along `gradient` (clipped before), and of mean_phi behind it; the state's
/// trainer part is Adam's. @return the norm of the gradient before clipping.
double outer_step(MetaState& state, std::vector<double> gradient, const OuterConfig& config,
                  std::int64_t iterations);

}  // namespace ergo
