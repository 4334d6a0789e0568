// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/targets.h"

#include "core/config/kind_table.h"
#include "core/targets/banana_target.h"
#include "core/targets/gaussian_target.h"

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
  };
  return rows;
}

std::vector<Field> target_fields() { return fields_by_kind(target_rows(), "The distribution."); }

std::shared_ptr<const LogDensity> make_target(const nlohmann::json& section) {
  return row_of_kind(target_rows(), section, "target.kind").make(section);
}

}  // namespace ergo
