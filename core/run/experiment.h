// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/config/run_config.h"
#include "core/posteriors/posterior.h"
#include "core/presets/preset.h"
#include "core/presets/setting_hash.h"
#include "core/registry/registry.h"
#include "core/run/collection.h"
#include "core/run/curve_plan.h"
#include "core/run/function_values.h"
#include "core/run/remarks.h"
#include "core/samplers/sampler.h"

namespace ergo {

/// One sampler of a run: how many chains of which length, and which draws are kept.
struct SamplerPlan {
  std::string id, label;
  SamplerTraits traits;
  nlohmann::json section;
  std::shared_ptr<const Sampler> sampler;
  std::int64_t chains = 1;
  CollectionPlan collection;  ///< per chain
  CollectionPlan record;      ///< per chain, of function values; 0 draws: none
  CurvePlan curve;            ///< per chain
  bool reference_only =
      false;  ///< a reference made for `reference = recompute`: outside the comparison
};

/// A preset with its data loaded and its samplers made. Immutable once built.
struct Experiment {
  RunConfig config;
  Posterior posterior;
  std::vector<SamplerPlan> samplers;
  SettingHash reference_settings;  ///< of the data, model and posterior sections
  std::shared_ptr<const FunctionValues> function_values;
  torch::Dtype dtype = torch::kFloat;
  std::vector<std::filesystem::path> folders;  ///< of the files that the preset names
  Remarks remarks;
};

/// @throws Error naming preset field or file.
Experiment make_experiment(const Preset& preset);

/// Positions [chains, params] of the run's own file. @throws Error{data} naming tensor and shapes.
torch::Tensor load_positions(const std::filesystem::path& file, const ParameterLayout& layout,
                             torch::Dtype dtype);

}  // namespace ergo
