// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>

#include "core/config/field.h"
#include "core/targets/log_density.h"

namespace ergo {

/// The eight schools (Rubin 1981; data of Gelman et al., "Bayesian Data Analysis", 3rd ed., table
/// 5.2), non-centred, with the priors of posteriordb's eight_schools_noncentered:
///   y_i ~ N(mu + tau eta_i, s_i^2), eta_i ~ N(0, 1), mu ~ N(0, 5^2), tau ~ half-Cauchy(0, 5);
/// theta = (mu, log tau, eta_1 ... eta_8). Given tau all the others are Gaussian, so that the true
/// moments are integrals over log tau alone; they are computed by the trapezium rule, whose error
/// on so smooth a function of the whole line is that of rounding.
struct EightSchoolsTargetConfig {
  template <class V>
  void visit(V&&) {}
};

std::shared_ptr<const LogDensity> make_eight_schools_target(const EightSchoolsTargetConfig& config);

}  // namespace ergo
