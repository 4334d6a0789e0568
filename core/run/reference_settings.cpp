// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/reference_settings.h"

#include "core/models/models.h"

namespace ergo {
namespace {

// The fields of references of schema 1. Frozen: new fields do not come here.
constexpr const char* first_data = R"({
  "source": "foong", "seed": "1", "train_size": 0, "validation_size": 0, "test_size": 0,
  "standardise": true, "noise_sd": 0.0, "grid_min": 0.0, "grid_max": 0.0, "grid_points": 200,
  "amplitude": 1.0, "frequency": 1.0, "phase": 0.0, "gap_min": -0.3, "gap_max": 0.3,
  "file": "", "target": "", "header": "auto", "validation_fraction": 0.1, "test_fraction": 0.1,
  "train_images": "", "train_labels": "", "test_images": "", "test_labels": "", "classes": 10,
  "normalise": true})";
constexpr const char* first_model = R"({"kind": "mlp", "hidden": [50, 50], "activation": "tanh"})";
constexpr const char* first_posterior =
    R"({"noise_sd": 0.1, "weight_prior": 1.0, "bias_prior": 1.0})";

}  // namespace

SettingHash reference_settings(const DataConfig& data, const nlohmann::json& model,
                               const PosteriorConfig& posterior) {
  SettingHash hash;
  hash.add(data, first_data);
  hash.add(model_values(model), model_defaults(model), first_model);
  hash.add(posterior, first_posterior);
  return hash;
}

}  // namespace ergo
