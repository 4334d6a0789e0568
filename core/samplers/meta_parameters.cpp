// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/meta_parameters.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

#include "core/base/error.h"
#include "core/samplers/parameter_file.h"

namespace ergo {
namespace {

constexpr const char* feature_list =
    "grad,position,momentum,ema0.1,ema0.5,ema0.9,ema0.99,ema0.999,ema0.9999";

/// Calls visit(name, shape, values) for each tensor in file order.
template <class Weights, class F>
void for_each_tensor(Weights& w, F&& visit) {
  using Shape = std::vector<std::int64_t>;
  const std::int64_t first = w.hidden.first, second = w.hidden.second;
  visit("layers.0.weight", Shape{first, l2e_features}, w.w0);
  visit("layers.0.bias", Shape{first}, w.b0);
  visit("layers.1.weight", Shape{second, first}, w.w1);
  visit("layers.1.bias", Shape{second}, w.b1);
  visit("layers.2.weight", Shape{2, second}, w.w2);
  visit("layers.2.bias", Shape{2}, w.b2);
}

std::vector<std::string> tensor_names(L2eWeights& weights) {
  std::vector<std::string> names;
  for_each_tensor(weights, [&names](const char* name, const auto&...) { names.push_back(name); });
  return names;
}

}  // namespace

const char* to_string(NoiseForm form) { return form == NoiseForm::paper ? "paper" : "official"; }

NoiseForm noise_form_from(const std::string& text, const std::string& source) {
  if (text == "paper") return NoiseForm::paper;
  if (text == "official" || text == "2*friction*noise_multiplier") return NoiseForm::official;
  throw Error(ExitCode::data,
              fmt::format("{}: noise_form is '{}', but must be paper or official.", source, text));
}

const char* to_string(StepSchedule schedule) {
  return schedule == StepSchedule::constant ? "constant" : "cosine";
}

StepSchedule step_schedule_from(const std::string& text, const std::string& source) {
  if (text == "constant") return StepSchedule::constant;
  if (text == "cosine") return StepSchedule::cosine;
  throw Error(ExitCode::data,
              fmt::format("{}: schedule is '{}', but must be constant or cosine.", source, text));
}

L2eWidths widths_from(const std::string& text, const std::string& source) {
  L2eWidths widths;
  const char* end = text.data() + text.size();
  const auto [comma, first_error] = std::from_chars(text.data(), end, widths.first);
  bool fits = first_error == std::errc() && comma != end && *comma == ',';
  if (fits) {
    const auto [rest, error] = std::from_chars(comma + 1, end, widths.second);
    fits = error == std::errc() && rest == end;
  }
  for (const int width : {widths.first, widths.second})
    fits = fits && width >= 1 && width <= l2e_most_width;
  if (fits) return widths;
  throw Error(ExitCode::data,
              fmt::format("{}: hidden is '{}', but must be two widths from 1 to {}, as 32,32.",
                          source, text, l2e_most_width));
}

std::string to_string(L2eWidths widths) {
  return fmt::format("{},{}", widths.first, widths.second);
}

void read_dynamics(L2eDynamics& phi, const std::map<std::string, std::string>& metadata,
                   const std::string& source) {
  phi.metadata = metadata;
  read_parameter_number(phi.metadata, "alpha_multiplier", phi.alpha_multiplier, 0, false, source);
  read_parameter_number(phi.metadata, "beta_multiplier", phi.beta_multiplier, 0, false, source);
  read_parameter_number(phi.metadata, "noise_multiplier", phi.noise_multiplier, 0, false, source);
  read_parameter_number(phi.metadata, "step_multiplier", phi.step_multiplier, 0, true, source);
  read_parameter_number(phi.metadata, "friction", phi.friction, 0, false, source);
  if (auto it = phi.metadata.find("data_size"); it != phi.metadata.end() && it->second != "n") {
    read_parameter_number(phi.metadata, "data_size", phi.data_size, 0, true, source);
  }
  if (auto it = phi.metadata.find("noise_form"); it != phi.metadata.end()) {
    phi.noise_form = noise_form_from(it->second, source);
  }
  if (auto it = phi.metadata.find("schedule"); it != phi.metadata.end()) {
    phi.schedule = step_schedule_from(it->second, source);
  }
  if (auto it = phi.metadata.find("features");
      it != phi.metadata.end() && it->second != feature_list) {
    throw Error(ExitCode::data, fmt::format("{}: metadata 'features' is '{}', but must be '{}'.",
                                            source, it->second, feature_list));
  }
}

std::map<std::string, std::string> dynamics_metadata(const L2eDynamics& phi,
                                                     const std::string& sampler, L2eWidths hidden) {
  std::map<std::string, std::string> metadata = phi.metadata;
  metadata["sampler"] = sampler;
  metadata["features"] = feature_list;
  metadata["hidden"] = to_string(hidden);
  metadata["alpha_multiplier"] = fmt::format("{}", phi.alpha_multiplier);
  metadata["beta_multiplier"] = fmt::format("{}", phi.beta_multiplier);
  metadata["noise_multiplier"] = fmt::format("{}", phi.noise_multiplier);
  metadata["step_multiplier"] = fmt::format("{}", phi.step_multiplier);
  metadata["friction"] = fmt::format("{}", phi.friction);
  metadata["data_size"] = phi.data_size > 0 ? fmt::format("{}", phi.data_size) : "n";
  metadata["noise_form"] = to_string(phi.noise_form);
  metadata["schedule"] = to_string(phi.schedule);
  return metadata;
}

std::size_t MetaParameters::size() const {
  std::size_t size = 0;
  for_each_tensor(weights,
                  [&size](const char*, const auto&, const auto& values) { size += values.size(); });
  return size;
}

std::vector<float> MetaParameters::flat() const {
  std::vector<float> phi;
  phi.reserve(size());
  for_each_tensor(weights, [&phi](const char*, const auto&, const auto& values) {
    phi.insert(phi.end(), values.begin(), values.end());
  });
  return phi;
}

void MetaParameters::set_flat(const std::vector<float>& phi) {
  const float* next = phi.data();
  for_each_tensor(weights, [&next](const char*, const auto&, std::vector<float>& values) {
    std::copy_n(next, values.size(), values.begin());
    next += values.size();
  });
}

MetaParameters load_meta_parameters(const std::filesystem::path& file) {
  io::SafeTensors archive = io::load_safetensors(file);
  const std::string source = file.string();
  require_parameters_of(archive.metadata, "l2e", source);
  MetaParameters phi;
  phi.warnings = passed_over(archive, tensor_names(phi.weights), source);
  if (const auto it = archive.metadata.find("hidden"); it != archive.metadata.end())
    phi.weights = L2eWeights(widths_from(it->second, source));
  for_each_tensor(phi.weights, [&](const char* name, const auto& shape, auto& values) {
    values = parameter_tensor(archive, name, shape, source);
  });
  read_dynamics(phi, archive.metadata, source);
  return phi;
}

void save_meta_parameters(const std::filesystem::path& file, const MetaParameters& phi) {
  io::SafeTensors archive;
  archive.metadata = dynamics_metadata(phi, "l2e", phi.weights.hidden);
  for_each_tensor(phi.weights, [&archive](const char* name, const auto& shape, const auto& values) {
    archive.arrays.push_back(io::from_floats(name, shape, values));
  });
  io::save_safetensors(file, archive);
}

}  // namespace ergo
