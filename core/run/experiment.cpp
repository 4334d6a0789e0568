// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/experiment.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/base/device.h"
#include "core/base/torch.h"
#include "core/data/sources.h"
#include "core/io/safetensors.h"
#include "core/presets/store.h"
#include "core/registry/factories.h"
#include "core/registry/registry.h"
#include "core/run/reference_settings.h"
#include "core/targets/targets.h"

namespace ergo {
namespace {

using nlohmann::json;

/// The section of that name, typed.
template <class Config>
Config section_config(const Preset& preset, const std::string& name) {
  return read_config<Config>(section_values(preset, name), name.empty() ? "" : name + ".",
                             preset.id);
}

void set_posterior(Experiment& experiment, const Preset& preset) {
  const auto data = section_config<DataConfig>(preset, "data");
  const auto posterior = section_config<PosteriorConfig>(preset, "posterior");
  const json model = preset.document.value("model", json::object());
  experiment.posterior = make_posterior(cached_dataset(data, preset.folder), model, posterior);
  experiment.reference_settings = reference_settings(data, model, posterior);
  add_data_remarks(experiment.remarks, *experiment.posterior.data,
                   experiment.posterior.likelihood->id(), posterior.noise_sd);
  fit_batch(experiment.config, experiment.posterior.data_count(), experiment.remarks);
}

/// A bare log-density: nothing to take minibatches of, no curve to compare with a reference.
void set_target(Experiment& experiment, const Preset& preset) {
  const RunConfig& config = experiment.config;
  if (config.batch_size != 0) {
    throw Error(ExitCode::config,
                fmt::format("Field 'batch_size' is {}, but must be 0: a target has no data.",
                            config.batch_size));
  }
  if (config.reference != "none") {
    throw Error(ExitCode::config,
                fmt::format("Field 'reference' is {}, but must be none: the moments of a target "
                            "are known.",
                            config.reference));
  }
  experiment.posterior = make_posterior(make_target(preset.document.at("target")));
}

std::int64_t chain_count(const SamplerRunConfig& run, const SamplerTraits& traits,
                         const RunConfig& config) {
  if (run.chains > 0) return run.chains;
  return traits.ensemble ? config.draws : 1;
}

SamplerPlan plan_sampler(const json& section, Experiment& experiment) {
  SamplerPlan plan;
  plan.id = section.at("id").get<std::string>();
  const SamplerEntry& entry = *find_sampler(plan.id);  // the preset has been checked
  plan.label = entry.label;
  plan.traits = entry.traits;
  plan.section = section;
  const SamplerRunConfig run = sampler_run_config(section);
  plan.chains = chain_count(run, plan.traits, experiment.config);
  if (plan.traits.reference && run.steps == 0) {
    throw Error(ExitCode::config,
                fmt::format("Field '{}.steps' must be >= 1: {} has no evaluation budget.", plan.id,
                            plan.label));
  }
  const std::int64_t steps =
      run.steps > 0 ? run.steps : experiment.config.gradient_evaluations / plan.chains;
  if (steps < 1 ||
      (!plan.traits.reference && steps * plan.chains != experiment.config.gradient_evaluations &&
       run.steps == 0)) {
    throw Error(ExitCode::config,
                fmt::format("Field 'gradient_evaluations' is {}, but must be a multiple of the {} "
                            "chains of sampler '{}'.",
                            experiment.config.gradient_evaluations, plan.chains, plan.id));
  }
  const auto by_fraction =
      static_cast<std::int64_t>(static_cast<double>(steps) * experiment.config.burn_in_fraction);
  const std::int64_t asked = run.burn_in >= 0 ? run.burn_in : by_fraction;
  plan.sampler =
      make_sampler(plan.id, section,
                   {&experiment.posterior.layout, steps, asked, experiment.posterior.data_count(),
                    experiment.folders, &experiment.remarks.warnings});
  const bool scheduled = run.burn_in < 0 && plan.sampler->draw_schedule();
  const std::int64_t burn_in = scheduled ? 0 : asked;
  const std::int64_t draws = plan.traits.reference
                                 ? steps - burn_in
                                 : (experiment.config.draws + plan.chains - 1) / plan.chains;
  if (!plan.traits.reference && draws * plan.chains != experiment.config.draws) {
    throw Error(ExitCode::config, fmt::format("Field 'draws' is {}, but must be a multiple of the "
                                              "{} chains of sampler '{}'.",
                                              experiment.config.draws, plan.chains, plan.id));
  }
  plan.collection = plan_collection(*plan.sampler, plan.id, steps, burn_in, draws);
  plan.record = plan_record(*plan.sampler, steps, burn_in,
                            plan.traits.ensemble ? 0 : experiment.config.diagnostic_draws);
  const std::int64_t points = experiment.config.curve_points;
  if (plan.traits.ensemble) {
    plan.curve = plan_ensemble_curve(plan.collection, plan.chains, points);
  } else if (!plan.traits.reference) {  // which has no budget that it could be cut short of
    plan.curve = plan_curve(*plan.sampler, plan.id, plan.collection, burn_in, points);
  }
  return plan;
}

/// Numbers of the predictions that are kept for the output folder.
double kept_predictions(const Experiment& experiment) {
  if (!experiment.config.save_predictions || !experiment.posterior.data) return 0.0;
  double draws = 0;
  for (const SamplerPlan& plan : experiment.samplers) {
    draws += static_cast<double>(plan.chains * plan.collection.draws);
  }
  return draws * static_cast<double>(experiment.posterior.data->test.size() *
                                     experiment.posterior.likelihood->outputs());
}

/// Of draws, positions of curves and predictions.
double stored_mib(const Experiment& experiment) {
  const auto params = static_cast<double>(experiment.posterior.layout.size());
  double floats = 0;
  for (const SamplerPlan& plan : experiment.samplers) {
    const std::int64_t positions = plan.collection.draws + plan.curve.most_positions();
    floats += params * static_cast<double>(plan.chains * positions);
  }
  const double bytes = experiment.dtype == torch::kDouble ? 12.0 : 4.0;
  return (floats * bytes + kept_predictions(experiment) * sizeof(double)) / (1024.0 * 1024.0);
}

void check_limits(const Experiment& experiment) {
  const double mib = stored_mib(experiment);
  if (mib > static_cast<double>(experiment.config.draw_limit_mib)) {
    throw Error(ExitCode::config,
                fmt::format("The stored draws{} would take {:.0f} MiB, more than draw_limit_mib = "
                            "{}.",
                            experiment.config.save_predictions ? " and predictions" : "", mib,
                            experiment.config.draw_limit_mib));
  }
}

double record_mib(const Experiment& experiment) {
  double entries = 0;
  for (const SamplerPlan& plan : experiment.samplers) {
    entries += static_cast<double>(plan.chains * plan.record.draws);
  }
  return entries * static_cast<double>(experiment.function_values->count()) * sizeof(float) /
         (1024.0 * 1024.0);
}

/// Shortens the records to what the draws leave of draw_limit_mib: they are an extra, for which no
/// run is refused.
void fit_records(Experiment& experiment) {
  const double room =
      static_cast<double>(experiment.config.draw_limit_mib) - stored_mib(experiment);
  const double wanted = record_mib(experiment);
  if (wanted <= room) return;
  std::int64_t longest = 0;
  for (const SamplerPlan& plan : experiment.samplers)
    longest = std::max(longest, plan.record.draws);
  const auto most = static_cast<std::int64_t>(static_cast<double>(longest) * room / wanted);
  for (SamplerPlan& plan : experiment.samplers) {
    plan.record = plan_record(*plan.sampler, plan.record.steps, plan.record.burn_in,
                              std::min(most, plan.record.draws));
  }
  experiment.remarks.notes.push_back(fmt::format(
      "Field 'diagnostic_draws' is {}, but draw_limit_mib = {} leaves room for {} a chain.",
      experiment.config.diagnostic_draws, experiment.config.draw_limit_mib, most));
}

}  // namespace

Experiment make_experiment(const Preset& preset) {
  if (preset.kind() != "compare") {
    throw Error(ExitCode::usage, fmt::format("Preset '{}' is of kind {}; run takes presets of kind "
                                             "compare.",
                                             preset.id, preset.kind()));
  }
  require_none(problems(preset), preset.id);
  Experiment experiment;
  experiment.folders = file_folders(preset);
  experiment.config = section_config<RunConfig>(preset, "");
  experiment.config.device = require_device(experiment.config.device, "device");
  experiment.dtype = experiment.config.dtype == "float64" ? torch::kDouble : torch::kFloat;
  if (is_target(preset)) {
    set_target(experiment, preset);
  } else {
    set_posterior(experiment, preset);
  }
  for (const json& section : preset.document.value("samplers", json::array())) {
    const std::string id = section.at("id");
    const bool reference = find_sampler(id)->traits.reference;
    if (reference && experiment.config.reference == "stored") continue;
    experiment.samplers.push_back(plan_sampler(section, experiment));
    experiment.samplers.back().reference_only =
        reference && experiment.config.reference == "recompute";
  }
  if (experiment.samplers.empty()) {
    throw Error(ExitCode::config, fmt::format("{}: field 'samplers' must name at least one "
                                              "sampler to run.",
                                              preset.id));
  }
  check_limits(experiment);
  experiment.function_values = std::make_shared<const FunctionValues>(experiment.posterior);
  fit_records(experiment);
  return experiment;
}

torch::Tensor load_positions(const std::filesystem::path& file, const ParameterLayout& layout,
                             torch::Dtype dtype) {
  const io::SafeTensors archive = io::load_safetensors(file);
  std::vector<torch::Tensor> blocks;
  for (const BlockInfo& block : layout.blocks()) {
    const io::Array* array = archive.find(block.name);
    if (!array) {
      throw Error(ExitCode::data,
                  fmt::format("{}: tensor '{}' is missing.", file.string(), block.name));
    }
    std::vector<std::int64_t> expected = block.shape;
    const std::int64_t chains = array->shape.empty() ? 0 : array->shape.front();
    expected.insert(expected.begin(), chains);
    if (array->shape != expected || chains < 1) {
      throw Error(
          ExitCode::data,
          fmt::format("{}: tensor '{}' must have shape [chains, {}], but has [{}].", file.string(),
                      block.name, fmt::join(block.shape, ", "), fmt::join(array->shape, ", ")));
    }
    io::require_finite(*array, file.string());
    std::vector<double> values = array->doubles();
    if (!blocks.empty() && blocks.front().size(0) != chains) {
      throw Error(ExitCode::data,
                  fmt::format("{}: tensor '{}' has {} chains, but the first has {}.", file.string(),
                              block.name, chains, blocks.front().size(0)));
    }
    blocks.push_back(
        torch::from_blob(values.data(), {chains, ParameterLayout::size_of(block)}, torch::kDouble)
            .clone());
  }
  return torch::cat(blocks, 1).to(dtype).contiguous();
}

}  // namespace ergo
