// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/targets.h"

#include "core/config/kind_table.h"
#include "core/targets/banana_target.h"
#include "core/targets/eight_schools_target.h"
#include "core/targets/funnel_target.h"
#include "core/targets/gaussian_target.h"
#include "core/targets/linear_regression_target.h"
#include "core/targets/mixture_target.h"

namespace ergo {
const std::vector<TargetRow>& target_rows() {
  static const std::vector<TargetRow> rows = {
      {"gaussian", "Gaussian", "N(0, S), S_ij = rho^|i-j| s_i s_j", "",
       fields_of(GaussianTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_gaussian_target(
             read_known<GaussianTargetConfig>(section, "target.", "preset"));
       }},
      {"banana", "Banana", "x_1 ~ N(0, s^2), x_2 = z + b (x_1^2 - s^2)", "Haario et al. 1999",
       fields_of(BananaTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_banana_target(read_known<BananaTargetConfig>(section, "target.", "preset"));
       }},
      {"mixture", "Mixture of Gaussians", "k x k modes N(c, s^2 I) on a square grid",
       "Zhang et al. 2020, arXiv:1902.03932, section 5.1", fields_of(MixtureTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_mixture_target(read_known<MixtureTargetConfig>(section, "target.", "preset"));
       }},
      {"funnel", "Funnel", "v ~ N(0, s^2), x_i ~ N(0, exp(v))", "Neal 2003, section 8",
       fields_of(FunnelTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_funnel_target(read_known<FunnelTargetConfig>(section, "target.", "preset"));
       }},
      {"eight_schools", "Eight schools, non-centred",
       "y_i ~ N(mu + tau eta_i, s_i^2), eta_i ~ N(0, 1); theta = (mu, log tau, eta)", "Rubin 1981",
       fields_of(EightSchoolsTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_eight_schools_target(
             read_known<EightSchoolsTargetConfig>(section, "target.", "preset"));
       }},
      {"linear_regression", "Linear regression, unknown noise",
       "y ~ N(X b, v I), b ~ N(0, 100 v I), v ~ inverse gamma; theta = (b, log v)",
       "Bishop 2006, exercise 3.12", fields_of(LinearRegressionTargetConfig{}),
       [](const nlohmann::json& section) {
         return make_linear_regression_target(
             read_known<LinearRegressionTargetConfig>(section, "target.", "preset"));
       }},
  };
  return rows;
}

std::vector<Field> target_fields() { return fields_by_kind(target_rows(), "The distribution."); }

std::shared_ptr<const LogDensity> make_target(const nlohmann::json& section) {
  return row_of_kind(target_rows(), section, "target.kind").make(section);
}

}  // namespace ergo
