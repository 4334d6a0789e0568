// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/device_suggestions.h"
#include "core/config/field.h"

/// Sections of a meta-training preset. Torch-free.
namespace ergo {

/// The loop: what one outer iteration unrolls and how it is scored.
struct MetaConfig {
  std::string sampler = "l2e";
  std::string trainer = "es";
  std::string tasks = "regressions";
  std::int64_t iterations = 1000;
  std::int64_t pairs = 4;
  std::int64_t steps_min = 400, steps_max = 1200;
  std::int64_t draws = 10;
  double burn_in_fraction = 0.5;
  std::int64_t validate_every = 25;
  std::int64_t validation_tasks = 32;
  std::string keep = "best";
  std::string seed = "1";
  std::string device = "cpu";
  template <class V>
  void visit(V&& v) {
    v("sampler", sampler,
      FieldInfo{.doc = "Learned sampler whose parameters phi are trained; its fields are the "
                       "section dynamics."});
    v("trainer", trainer,
      FieldInfo{.doc = "How phi is moved; its fields are the section of the same name."});
    v("tasks", tasks,
      FieldInfo{.choices = {"regressions", "images"},
                .doc = "What phi is trained on: 1-D regressions, by the section family, or image "
                       "classifications, by the section images."});
    v("iterations", iterations, FieldInfo{.min = 1, .max = 1e7, .doc = "Outer iterations."});
    v("pairs", pairs,
      FieldInfo{.min = 1,
                .max = 4096,
                .doc = "Tasks per iteration. es: each has an antithetic pair, whose arms share "
                       "task and noise; the others: one unroll each."});
    v("steps_min", steps_min,
      FieldInfo{.min = 10,
                .max = 1e7,
                .unit = "steps",
                .doc = "Shortest inner unroll; drawn log-uniformly."});
    v("steps_max", steps_max,
      FieldInfo{.min = 10, .max = 1e7, .unit = "steps", .doc = "Longest inner unroll."});
    v("draws", draws, FieldInfo{.min = 1, .max = 10000, .doc = "K of the BMA meta-loss."});
    v("burn_in_fraction", burn_in_fraction,
      FieldInfo{.min = 0, .max = 0.99, .doc = "Share of the unroll before the first draw."});
    v("validate_every", validate_every,
      FieldInfo{.min = 1, .max = 1e6, .doc = "Iterations between validations and checkpoints."});
    v("validation_tasks", validation_tasks,
      FieldInfo{.min = 1, .max = 1e5, .doc = "Frozen tasks of the validation score."});
    v("keep", keep,
      FieldInfo{.choices = {"best", "last"},
                .doc = "Which parameters the file holds: those with the best score, or the last "
                       "ones, for a trainer whose objective is not the score."});
    v("seed", seed, FieldInfo{.doc = "Seed, a decimal number."});
    v("device", device,
      FieldInfo{
          .doc =
              "Where the unrolls run: cpu, or a CUDA device as cuda:0, where unrolls with networks "
              "of one shape move together.",
          .suggestions = device_suggestions()});
  }
};

/// How any trainer moves phi along its meta-gradient: Adam, and an average behind it.
struct OuterConfig {
  double learning_rate = 0.01;
  double final_learning_rate = 0.001;
  double clip_norm = 1.0;
  bool reset_moments = false;
  double averaging = 0.0;
  std::string initialisation = "kinetic";
  template <class V>
  void visit_outer(V&& v) {
    v("learning_rate", learning_rate,
      FieldInfo{.min = 0, .open_min = true, .doc = "Adam's rate at the first iteration."});
    v("final_learning_rate", final_learning_rate,
      FieldInfo{.min = 0, .doc = "Rate at the last iteration; falls along a cosine."});
    v("clip_norm", clip_norm,
      FieldInfo{.min = 0, .doc = "Global norm the gradient is clipped to; 0: no clipping."});
    v("reset_moments", reset_moments,
      FieldInfo{.doc = "Restart Adam every iteration, as the official code does."});
    v("averaging", averaging,
      FieldInfo{
          .min = 0,
          .max = 0.9999,
          .doc = "Decay of the exponential average of phi over the iterations, which is scored and "
                 "kept; 0: phi itself."});
    v("initialisation", initialisation,
      FieldInfo{.doc = "phi at the start; the choices are the sampler's."});
  }
};

/// Antithetic evolution strategies (Vicol et al. 2021, arXiv:2112.13835, full unrolls; algorithms
/// of the official code): gradient = mean over pairs of d (L(phi + sigma v) - L(phi - sigma v)) /
/// (2 sigma) v with d the shaping below.
struct EsConfig : OuterConfig {
  double sigma = 0.01;
  std::string difference = "clipped";
  double clip = 1.0;
  template <class V>
  void visit(V&& v) {
    v("sigma", sigma, FieldInfo{.min = 0, .open_min = true, .doc = "Perturbation scale."});
    v("difference", difference,
      FieldInfo{.choices = {"raw", "clipped", "ranked"},
                .doc = "Loss difference of a pair: raw; clipped to +-clip nats; or its signed rank "
                       "among the pairs, in [-1, 1]. A non-finite difference counts 0 when both "
                       "arms failed, else it is the largest the shaping allows."});
    v("clip", clip,
      FieldInfo{
          .min = 0, .open_min = true, .unit = "nats", .doc = "Bound of the clipped difference."});
    visit_outer(v);
  }
};

/// Back-propagation through windows of an unroll (meta/truncated_backprop.h).
struct TruncatedBackpropConfig : OuterConfig {
  std::int64_t window = 20;
  bool second_order = false;
  template <class V>
  void visit(V&& v) {
    v("window", window,
      FieldInfo{.min = 1,
                .max = 10000,
                .unit = "steps",
                .doc = "Transitions between two truncations; the meta-loss of a window takes K "
                       "draws of it. Burn-in is not cut into windows."});
    v("second_order", second_order,
      FieldInfo{.doc = "Whether grad U counts as a function of phi; false: as a constant, which "
                       "costs about half and is what the official code of Meta-SGMCMC does."});
    visit_outer(v);
  }
};

/// The Stein-gradient KL objective through windows of several chains (meta/stein_kl.h).
struct SteinKlConfig : OuterConfig {
  std::int64_t chains = 20;
  std::int64_t window = 15;
  std::int64_t keep_every = 3;
  double stein_ridge = 0.05;
  template <class V>
  void visit(V&& v) {
    v("chains", chains,
      FieldInfo{.min = 2, .max = 1000, .doc = "Chains of a task, which move together."});
    v("window", window,
      FieldInfo{.min = 1,
                .max = 10000,
                .unit = "steps",
                .doc = "Transitions between two truncations. Burn-in is not cut into windows."});
    v("keep_every", keep_every,
      FieldInfo{.min = 1,
                .max = 10000,
                .unit = "steps",
                .doc = "Every so many transitions of a window the positions of all chains are "
                       "draws of its KL divergence."});
    v("stein_ridge", stein_ridge,
      FieldInfo{
          .min = 0, .max = 1e3, .open_min = true, .doc = "Ridge of the Stein gradient estimator."});
    visit_outer(v);
  }
};

/// Random 1-D regression tasks.
struct FamilyConfig {
  std::string functions = "sine";
  std::int64_t points_min = 20, points_max = 120;
  double noise_min = 0.1, noise_max = 0.3;
  double amplitude_min = 0.5, amplitude_max = 1.5;
  double frequency_min = 0.3, frequency_max = 1.0;
  double gap_min = 0.0, gap_max = 0.8;
  std::int64_t width_min = 10, width_max = 40;
  std::int64_t depth_min = 1, depth_max = 3;
  double weight_prior = 2.0, bias_prior = 1.0;
  std::int64_t validation_points = 64;
  template <class V>
  void visit(V&& v) {
    v("functions", functions,
      FieldInfo{.choices = {"sine", "polynomial", "gp", "gap"},
                .doc = "True function: amplitude sin(2 pi frequency x + phase) with a random gap; "
                       "the others are meant for held-out families."});
    v("points_min", points_min, FieldInfo{.min = 4, .max = 1e5, .doc = "Fewest training points."});
    v("points_max", points_max, FieldInfo{.min = 4, .max = 1e5, .doc = "Most training points."});
    v("noise_min", noise_min, FieldInfo{.min = 0, .open_min = true, .doc = "Least noise sd."});
    v("noise_max", noise_max, FieldInfo{.min = 0, .open_min = true, .doc = "Largest noise sd."});
    v("amplitude_min", amplitude_min, FieldInfo{.min = 0, .doc = "Least amplitude."});
    v("amplitude_max", amplitude_max, FieldInfo{.min = 0, .doc = "Largest amplitude."});
    v("frequency_min", frequency_min,
      FieldInfo{.min = 0, .doc = "Least frequency, periods per unit of x."});
    v("frequency_max", frequency_max, FieldInfo{.min = 0, .doc = "Largest frequency."});
    v("gap_min", gap_min,
      FieldInfo{.min = 0, .max = 1.5, .doc = "Narrowest gap in x, domain [-1, 1]."});
    v("gap_max", gap_max, FieldInfo{.min = 0, .max = 1.5, .doc = "Widest gap in x."});
    v("width_min", width_min, FieldInfo{.min = 1, .max = 4096, .doc = "Narrowest hidden layer."});
    v("width_max", width_max, FieldInfo{.min = 1, .max = 4096, .doc = "Widest hidden layer."});
    v("depth_min", depth_min, FieldInfo{.min = 1, .max = 16, .doc = "Fewest hidden layers."});
    v("depth_max", depth_max, FieldInfo{.min = 1, .max = 16, .doc = "Most hidden layers."});
    v("weight_prior", weight_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "w0 of the weight prior w0 / sqrt(fan_in)."});
    v("bias_prior", bias_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "sd of the bias prior."});
    v("validation_points", validation_points,
      FieldInfo{.min = 1,
                .max = 1e6,
                .doc = "Points of the meta-loss, uniform over the domain, gap "
                       "included, fresh noise, the same for both arms."});
  }
};

/// evaluate-meta: frozen held-out families and the grids of the tuned baselines.
struct EvaluationConfig {
  std::int64_t tasks = 50;
  std::int64_t tuning_tasks = 50;
  std::int64_t steps = 1000;
  std::int64_t draws = 10;
  double burn_in_fraction = 0.5;
  std::vector<double> step_sizes = {1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2};
  std::vector<double> frictions = {1, 3, 10, 30};
  std::vector<double> temperatures = {1};
  std::int64_t cycles = 4;
  std::string seed = "20240819";
  template <class V>
  void visit(V&& v) {
    v("tasks", tasks, FieldInfo{.min = 1, .max = 1e5, .doc = "Frozen tasks per family."});
    v("tuning_tasks", tuning_tasks,
      FieldInfo{.min = 1,
                .max = 1e5,
                .doc = "Other tasks of the family, on which the baselines' "
                       "step size is chosen by validation NLL."});
    v("steps", steps,
      FieldInfo{
          .min = 10, .max = 1e8, .unit = "steps", .doc = "Gradient evaluations of each sampler."});
    v("draws", draws, FieldInfo{.min = 1, .max = 10000, .doc = "K draws of each sampler."});
    v("step_sizes", step_sizes,
      FieldInfo{
          .min = 0, .open_min = true, .doc = "Grid of step sizes of SGHMC and cyclical SGHMC."});
    v("frictions", frictions, FieldInfo{.min = 0, .doc = "Grid of frictions C of the baselines."});
    v("temperatures", temperatures,
      FieldInfo{.min = 0, .doc = "Grid of posterior temperatures T of the baselines."});
    v("burn_in_fraction", burn_in_fraction,
      FieldInfo{
          .min = 0,
          .max = 0.99,
          .doc = "Share of the steps before the first draw of SGHMC and the learned sampler."});
    v("cycles", cycles, FieldInfo{.min = 1, .max = 1000, .doc = "Cycles of cyclical SGHMC."});
    v("seed", seed, FieldInfo{.doc = "Seed of the frozen tasks, a decimal number."});
  }
};

}  // namespace ergo
