// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/kernels/l2e_network.h"

namespace ergo {

/// s of the noise term s * n: paper sqrt(2 C eps m), official code sqrt(2 C m).
enum class NoiseForm { paper, official };
const char* to_string(NoiseForm form);
/// @throws Error{data} naming `source` for any other spelling. The official formula's text is
/// accepted as `official`.
NoiseForm noise_form_from(const std::string& text, const std::string& source);

/// eps along a run: constant as in the paper, or falling to zero along a cosine, an extension.
enum class StepSchedule { constant, cosine };
const char* to_string(StepSchedule schedule);
/// @throws Error{data} naming `source` for any other spelling.
StepSchedule step_schedule_from(const std::string& text, const std::string& source);

/// Everything of L2E's dynamics but the network, as the metadata of a file hold it (FORMAT.md).
struct L2eDynamics {
  double alpha_multiplier = 1e-3, beta_multiplier = 1e-3;
  double noise_multiplier = 1e-3, step_multiplier = 0.5, friction = 0.1;
  double data_size = 0;  ///< 0: the n of the task
  NoiseForm noise_form = NoiseForm::paper;
  StepSchedule schedule = StepSchedule::constant;
  std::map<std::string, std::string> metadata;  ///< the file's, unknown keys kept
  std::vector<std::string> warnings;            ///< what of the file was passed over, sentences
};

/// Takes a file's metadata over. @throws Error{data} naming `source`, the key with its text and the
/// range.
void read_dynamics(L2eDynamics& phi, const std::map<std::string, std::string>& metadata,
                   const std::string& source);
/// The metadata of a file: the notes and the numbers.
std::map<std::string, std::string> dynamics_metadata(const L2eDynamics& phi,
                                                     const std::string& sampler, L2eWidths hidden);

/// phi with everything that its dynamics need, as a safetensors file holds it
/// (`layers.{0,1,2}.{weight,bias}`).
struct MetaParameters : L2eDynamics {
  L2eWeights weights;

  /// All numbers in file order: w0, b0, w1, b1, w2, b2; 1,442 with the paper's widths.
  std::vector<float> flat() const;
  void set_flat(const std::vector<float>& phi);  ///< @pre phi.size() == size()
  std::size_t size() const;
};

/// Two widths as `32,32`. @throws Error{data} naming `source` and the text for anything else.
L2eWidths widths_from(const std::string& text, const std::string& source);
std::string to_string(L2eWidths widths);

/// Takes F16, BF16 and F64 for F32, names with the prefixes of PyTorch's wrappers, and passes over
/// other tensors, which `warnings` say.
/// @throws Error{no_input} for a missing file, Error{data} naming the tensor with expected and
/// found shape or a number that is not finite, or the metadata key with its text and range.
MetaParameters load_meta_parameters(const std::filesystem::path& file);

/// Atomic. @throws Error{io}.
void save_meta_parameters(const std::filesystem::path& file, const MetaParameters& phi);

}  // namespace ergo
