// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/samplers/sampler.h"

/// What meta-training knows of samplers whose update has trained parameters.
namespace ergo {

/// One row of a population: chain 0 of a key of its own, under its own phi.
struct PopulationRow {
  std::vector<float> phi;
  std::int64_t data_count = 1;  ///< n
  RngKey noise;                 ///< as Sampler::step takes it
};

/// Moves all rows of one state together on a CUDA device. It queues the same work every time and
/// never waits for the device, so that a transition may be captured as a graph.
class PopulationStep {
 public:
  virtual ~PopulationStep() = default;
  /// @param position [rows, params] on the device.
  virtual ChainState init(torch::Tensor position) const = 0;
  /// A transition but for its gradient and the counting of steps, in place.
  /// @param grad grad U of each row, [rows, params].
  virtual void move(ChainState& state, const torch::Tensor& grad,
                    const ParameterLayout& layout) const = 0;
};

/// A sampler family with everything fixed but its trained parameters phi: `size()` numbers in the
/// order of its file. Immutable; thread-safe.
class LearnedSampler {
 public:
  virtual ~LearnedSampler() = default;
  virtual std::size_t size() const = 0;

  /// phi at the start of a training. @param name one of the table's initialisations.
  /// @throws Error{config} where the widths are too small for it.
  virtual std::vector<float> initial(const std::string& name, RngKey key) const = 0;

  /// @pre phi.size() == size(), here and below.
  virtual std::unique_ptr<Sampler> make(const std::vector<float>& phi,
                                        const SamplerContext& context) const = 0;

  /// Writes phi, the dynamics and `notes` (metadata of the training) as the file that the sampler's
  /// section of a preset names. Atomic. @throws Error{io}.
  virtual void save(const std::filesystem::path& file, const std::vector<float>& phi,
                    const std::map<std::string, std::string>& notes) const = 0;

  /// One transition as plain torch operations, none in place, with the numbers of make()->step():
  /// the new state is part of the autograd graph of `phi` [size()] and of the old state. Any dtype
  /// and device. The potential decides about the terms through grad U(theta(phi)): one that answers
  /// with constants drops them (truncation to first order), one that answers with nodes of the
  /// graph of its position keeps them. What it answers is used until its next evaluation only.
  /// @throws std::logic_error where the table names no trainer that needs it.
  virtual ChainState differentiable_step(const torch::Tensor& phi, RngKey key,
                                         const ChainState& state, Potential& potential,
                                         const SamplerContext& context) const;

  /// Null where rows have to move one after the other by make()->step().
  virtual std::unique_ptr<PopulationStep> population(const std::vector<PopulationRow>&) const {
    return nullptr;
  }
};

/// A file of trained parameters, read.
struct LoadedParameters {
  std::unique_ptr<LearnedSampler> sampler;  ///< with the file's dynamics
  std::vector<float> phi;
};

}  // namespace ergo
