// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/presets.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "core/base/rng.h"
#include "core/io/atomic_file.h"
#include "core/io/safetensors.h"
#include "core/presets/store.h"

namespace ergo::test {

using nlohmann::json;

json small_regression() {
  return {{"schema", 1},
          {"kind", "compare"},
          {"title", "Small"},
          {"gradient_evaluations", 80},
          {"draws", 4},
          {"data",
           {{"source", "sine"},
            {"train_size", 24},
            {"validation_size", 10},
            {"test_size", 20},
            {"grid_points", 11},
            {"standardise", false}}},
          {"model", {{"hidden", {6}}, {"activation", "tanh"}}},
          {"posterior", {{"noise_sd", 0.1}, {"weight_prior", 2.0}, {"bias_prior", 1.0}}},
          {"samplers", json::array({{{"id", "sghmc"}, {"step_size", 0.002}, {"friction", 10.0}}})}};
}

json all_samplers() {
  json document = small_regression();
  document["samplers"] = json::array(
      {{{"id", "sghmc"}, {"step_size", 0.002}},
       {{"id", "csgmcmc"}, {"step_size", 0.003}, {"cycles", 4}, {"sampling_fraction", 0.25}},
       {{"id", "deep_ensemble"}, {"step_size", 0.003}},
       {{"id", "l2e"}, {"meta_parameters", "phi.safetensors"}},
       {{"id", "hmc"},
        {"chains", 2},
        {"steps", 12},
        {"burn_in", 6},
        {"step_size", 0.01},
        {"trajectory_length", 0.05}}});
  return document;
}

json small_meta() {
  return {{"schema", 1},
          {"kind", "meta-train"},
          {"title", "Small meta-training"},
          {"iterations", 6},
          {"pairs", 2},
          {"steps_min", 15},
          {"steps_max", 25},
          {"draws", 2},
          {"validate_every", 2},
          {"validation_tasks", 2},
          {"seed", "5"},
          {"family",
           {{"points_min", 4},
            {"points_max", 8},
            {"width_min", 2},
            {"width_max", 4},
            {"depth_min", 1},
            {"depth_max", 2},
            {"validation_points", 8}}},
          {"es", {{"sigma", 0.02}, {"learning_rate", 0.01}, {"averaging", 0.5}}},
          {"dynamics", {{"alpha_multiplier", 0.1}, {"beta_multiplier", 0.1}}},
          {"evaluation",
           {{"tasks", 3},
            {"tuning_tasks", 2},
            {"steps", 40},
            {"draws", 2},
            {"step_sizes", {0.001, 0.004}},
            {"frictions", {10.0}},
            {"temperatures", {1.0, 2.0}},
            {"cycles", 2}}}};
}

json small_image_meta() {
  json document = small_meta();
  document.erase("family");
  const json common = {{"images_min", 12}, {"loss_images", 8},     {"classes", 3},
                       {"width_min", 2},   {"width_max", 4},       {"batch_size", 5},
                       {"depth_min", 1},   {"activations", "silu"}};
  document["tasks"] = "images";
  document["images"] = common;
  document["images"].update({{"sets", "seen"}, {"sides", {4, 2}}, {"images_max", 30}});
  document["transfer"] = common;
  document["transfer"].update({{"sets", "unseen"},
                               {"every", 2},
                               {"tasks", 3},
                               {"images_max", 12},
                               {"sides", {4}},
                               {"budgets", {30, 60}},
                               {"field", "step_multiplier"},
                               {"values", {0.1, 0.5}}});
  return document;
}

void write_image_set(const std::filesystem::path& folder, std::uint64_t seed, std::uint32_t count,
                     std::uint32_t side) {
  ScalarStream stream(RngKey::from_seed(seed).fold_in(98));
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto label = static_cast<char>(i % 3);
    labels += label;
    for (std::uint32_t p = 0; p < side * side; ++p)
      pixels += static_cast<char>(stream.integer(128) + 60 * static_cast<std::uint64_t>(label));
  }
  std::filesystem::create_directories(folder);
  write_text(folder / "images-idx3-ubyte", idx_bytes({count, side, side}, pixels));
  write_text(folder / "labels-idx1-ubyte", idx_bytes({count}, labels));
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  io::write_file(file, text);
}

Preset save_and_load(const std::filesystem::path& folder, const std::string& name,
                     const json& document) {
  write_text(folder / name, document.dump(1));
  return load_preset((folder / name).string());
}

void write_phi(const std::filesystem::path& file, const PhiOptions& options) {
  ScalarStream stream(RngKey::from_seed(options.seed).fold_in(99));
  io::SafeTensors archive;
  const auto add = [&](const char* name, std::vector<std::int64_t> shape, double sd) {
    std::size_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(sd * stream.normal());
    archive.arrays.push_back(io::from_floats(name, std::move(shape), values));
  };
  const std::int64_t first = options.first, second = options.second;
  const auto root = [](std::int64_t n) { return std::sqrt(static_cast<double>(n)); };
  add("layers.0.weight", {first, 9}, 1.0 / 3.0);
  add("layers.0.bias", {first}, 0.1);
  add("layers.1.weight", {second, first}, 1.0 / root(first));
  add("layers.1.bias", {second}, 0.1);
  add("layers.2.weight", {2, second}, 1.0 / root(second));
  add("layers.2.bias", {2}, 0.1);
  archive.metadata = {
      {"features", "grad,position,momentum,ema0.1,ema0.5,ema0.9,ema0.99,ema0.999,ema0.9999"},
      {"alpha_multiplier", fmt::format("{}", options.alpha_multiplier)},
      {"beta_multiplier", fmt::format("{}", options.beta_multiplier)},
      {"friction", fmt::format("{}", options.friction)},
      {"noise_multiplier", fmt::format("{}", options.noise_multiplier)},
      {"noise_form", options.noise_form},
      {"step_multiplier", fmt::format("{}", options.step_multiplier)},
      {"data_size", fmt::format("{}", options.data_size)}};
  if (first != 32 || second != 32) archive.metadata["hidden"] = fmt::format("{},{}", first, second);
  io::save_safetensors(file, archive);
}

std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& data) {
  std::string bytes = {0, 0, 8, static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 0xff);
  }
  return bytes + data;
}

}  // namespace ergo::test
