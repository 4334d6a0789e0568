// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "core/config/device_suggestions.h"
#include "core/config/field.h"

/// The run's own fields (top level of a preset) and those that every sampler has. Torch-free.
namespace ergo {

struct RunConfig {
  std::int64_t gradient_evaluations = 20000;
  std::int64_t draws = 20;
  std::int64_t batch_size = 0;
  double burn_in_fraction = 0.5;
  std::string device = "cpu";
  std::string dtype = "float32";
  std::string gradient = "fused";
  std::string initial_positions;
  std::string reference = "none";
  std::string reference_file;
  bool save_predictions = false;
  std::int64_t diagnostic_draws = 1000;
  std::int64_t curve_points = 0;
  std::int64_t draw_limit_mib = 2048;
  double checkpoint_seconds = 60.0;
  template <class V>
  void visit(V&& v) {
    v("gradient_evaluations", gradient_evaluations,
      FieldInfo{.min = 1,
                .max = 1e12,
                .unit = "evaluations",
                .doc = "Gradient evaluations of each sampler, summed over its chains."});
    v("draws", draws,
      FieldInfo{.min = 1, .max = 1e6, .doc = "K: draws of each sampler, pooled over its chains."});
    v("batch_size", batch_size,
      FieldInfo{.min = 0, .max = 1e9, .unit = "points", .doc = "Minibatch size; 0: all data."});
    v("burn_in_fraction", burn_in_fraction,
      FieldInfo{.min = 0,
                .max = 0.99,
                .doc = "Share of a chain's transitions before its first draw, where a sampler has "
                       "no burn_in of its own; cyclical samplers and ensembles have none."});
    v("device", device,
      FieldInfo{.doc =
                    "Where the chains move: cpu, or a CUDA device as cuda:0, where all chains of a "
                    "sampler move together.",
                .suggestions = device_suggestions()});
    v("dtype", dtype, FieldInfo{.choices = {"float32", "float64"}, .doc = "Type of positions."});
    v("gradient", gradient,
      FieldInfo{.choices = {"fused", "autograd"},
                .doc = "fused: hand-written gradient of MLPs; autograd: the plain reference.",
                .advanced = true});
    v("initial_positions", initial_positions,
      FieldInfo{.doc = "Safetensors file, one tensor per block [chains, ...]; empty: drawn from "
                       "the seed.",
                .advanced = true,
                .file = true});
    v("reference", reference,
      FieldInfo{.choices = {"none", "stored", "recompute"},
                .doc = "HMC reference: none (hmc runs as any sampler), the stored draws of "
                       "reference_file, or made anew by the hmc section."});
    v("reference_file", reference_file,
      FieldInfo{
          .doc = "Stored reference, relative to the preset.", .advanced = true, .file = true});
    v("save_predictions", save_predictions,
      FieldInfo{.doc =
                    "Whether the output folder holds what every draw predicts at the test points, "
                    "as predictions.npz."});
    v("diagnostic_draws", diagnostic_draws,
      FieldInfo{.min = 0,
                .max = 1e6,
                .doc =
                    "Most transitions of a chain, equally spaced after the burn-in, at which f is "
                    "recorded for R-hat and ESS, whatever K is; 0: no R-hat and ESS.",
                .advanced = true});
    v("curve_points", curve_points,
      FieldInfo{.min = 0,
                .max = 1000,
                .doc = "Log-spaced looks at the run so far, from about a hundredth of it to its "
                       "end, at which "
                       "every measure is computed: curves against cost; 20 is usual, 0: none.",
                .advanced = true});
    v("draw_limit_mib", draw_limit_mib,
      FieldInfo{.min = 1,
                .max = 1e6,
                .unit = "MiB",
                .doc =
                    "A run whose stored draws and predictions would exceed this is refused; what "
                    "they leave bounds the record of f.",
                .advanced = true});
    v("checkpoint_seconds", checkpoint_seconds,
      FieldInfo{.min = 0.1,
                .max = 1e6,
                .unit = "s",
                .doc = "Time between two checkpoints of a run with an output folder.",
                .advanced = true});
  }
};

/// Fields that every sampler has beside its own.
struct SamplerRunConfig {
  std::int64_t chains = 0;
  std::int64_t steps = 0;
  std::int64_t burn_in = -1;
  template <class V>
  void visit(V&& v) {
    v("chains", chains,
      FieldInfo{.min = 0,
                .max = 100000,
                .doc = "Chains or members that share the evaluations; 0: one, or "
                       "K for a deep ensemble."});
    v("steps", steps,
      FieldInfo{.min = 0,
                .max = 1e12,
                .unit = "transitions",
                .doc = "Transitions of each chain; 0: gradient_evaluations / chains.",
                .advanced = true});
    v("burn_in", burn_in,
      FieldInfo{.min = -1,
                .max = 1e12,
                .unit = "transitions",
                .doc = "Transitions before the first draw; -1: by "
                       "burn_in_fraction.",
                .advanced = true});
  }
};

}  // namespace ergo
