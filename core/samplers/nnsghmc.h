// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/kernels/nnsghmc_step.h"

namespace ergo {

/// One network in-h-1 with ReLU of NNSGHMC, float32, weights row-major [out, in] as in the file.
struct NnsghmcNetwork {
  NnsghmcNetwork(std::int64_t inputs, std::int64_t hidden);
  std::int64_t inputs, hidden;
  std::vector<float> w0, b0, w1, b1;  ///< [h, inputs], [h], [1, h], [1]
};

/// phi of NNSGHMC with everything that its dynamics need, as a safetensors file holds it
/// (`q.{0,1}.{weight,bias}`, `d.{0,1}.{weight,bias}`, metadata as FORMAT.md lists).
struct NnsghmcParameters {
  explicit NnsghmcParameters(std::int64_t hidden = 10);
  NnsghmcNetwork q, d;                          ///< 2-h-1 and 3-h-1
  double step_multiplier = 0.01;                ///< eps = sqrt(step_multiplier / n)
  double friction = 10.0;                       ///< const_D
  double q_constant = 1.0;                      ///< const_Q
  std::map<std::string, std::string> metadata;  ///< the file's, unknown keys kept
  std::vector<std::string> warnings;            ///< what of the file was passed over, sentences

  /// All numbers in file order.
  std::vector<float> flat() const;
  void set_flat(const std::vector<float>& phi);  ///< @pre phi.size() == size()
  std::size_t size() const;
};

/// @throws Error{no_input}; {data} as load_meta_parameters().
NnsghmcParameters load_nnsghmc(const std::filesystem::path& file);

/// Atomic. @throws Error{io}.
void save_nnsghmc(const std::filesystem::path& file, const NnsghmcParameters& parameters);

/// phi as tensors of any dtype and device: views of `phi` [size], in file order.
struct NnsghmcTensors {
  NnsghmcTensors(const torch::Tensor& phi, const NnsghmcParameters& like);
  struct Net {
    torch::Tensor w0, b0, w1, b1;
  };
  Net q, d;
  double friction, q_constant;
};

/// What the networks say at (u, p, g); all [chains, params].
struct NnsghmcQ {
  torch::Tensor value;        ///< Q = clamp(MLP_Q(u, p), +-5) + const_Q
  torch::Tensor by_energy;    ///< dQ/du
  torch::Tensor by_momentum;  ///< dQ/dp
};
struct NnsghmcD {
  torch::Tensor value;        ///< D = clamp(const_D Q^2 + 50 |MLP_D(u, p, 70 g)|, 0, 1000)
  torch::Tensor by_momentum;  ///< dD/dp, through Q too
};

/// Plain torch operations, none in place: differentiable in phi, u, p and g.
/// @param u [chains, 1].
NnsghmcQ nnsghmc_q(const NnsghmcTensors& phi, const torch::Tensor& u, const torch::Tensor& p);
NnsghmcD nnsghmc_d(const NnsghmcTensors& phi, const torch::Tensor& u, const torch::Tensor& p,
                   const torch::Tensor& g, const NnsghmcQ& q);

}  // namespace ergo
