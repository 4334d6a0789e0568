// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>

/// The L2E network 9-32-32-2 with ReLU for many parameters at once. Free of torch and Qt; its
/// plain counterpart is NetworkKinetic in samplers/l2e_kinetic.h.
namespace ergo {

inline constexpr int l2e_features = 9;
inline constexpr int l2e_width = 32;
inline constexpr int l2e_momentum_feature = 2;
inline constexpr int l2e_averages = 6;

/// Parameters [offset, offset + size) share their feature normalisers.
struct L2eSpan {
  std::int64_t offset = 0, size = 0;
};

/// Meta-parameters phi, weights row-major `[out, in]` as in the file, float32.
struct L2eWeights {
  std::array<float, l2e_width * l2e_features> w0{};
  std::array<float, l2e_width> b0{};
  std::array<float, l2e_width * l2e_width> w1{};
  std::array<float, l2e_width> b1{};
  std::array<float, 2 * l2e_width> w2{};
  std::array<float, 2> b2{};
};

/// The same, made ready for the kernels: the momentum's column of the first layer stands alone,
/// because it is the one input that differs between the two evaluations of a transition.
struct L2eNetwork {
  /// alpha_multiplier and beta_multiplier scale the last layer once instead of every output.
  L2eNetwork(const L2eWeights& weights, float alpha_multiplier, float beta_multiplier);
  static constexpr int steady = l2e_features - 1;
  std::array<float, l2e_width * steady> w0{};  ///< [out, in] without the momentum
  std::array<float, l2e_width> momentum{};     ///< the momentum's column
  std::array<float, l2e_width> b0{};
  std::array<float, l2e_width * l2e_width> w1{};
  std::array<float, l2e_width> b1{};
  std::array<float, 2 * l2e_width> w2{};
  std::array<float, 2> b2{};
};

/// (A, B)[i] = network(scale[0] * features[0][i], ..., scale[8] * features[8][i]), i < count.
/// `alpha` may be null when only B is wanted. Chosen at run time for the processor's best
/// instruction set; a result does not depend on i or count. Thread-safe.
void l2e_network(const L2eNetwork& network, const std::array<const float*, l2e_features>& features,
                 const std::array<float, l2e_features>& scale, std::int64_t count, float* alpha,
                 float* beta);
void l2e_network(const L2eWeights& weights, const std::array<const float*, l2e_features>& features,
                 const std::array<float, l2e_features>& scale, std::int64_t count, float* alpha,
                 float* beta);

/// Name of the instruction set that the kernels use here ("AVX3", "AVX2", ...).
const char* l2e_instruction_set();

}  // namespace ergo
