// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <array>
#include <cstdint>
#include <vector>

/// The L2E network 9-h1-h2-2 with ReLU for many parameters at once. Free of torch and Qt; its plain
/// counterpart is NetworkKinetic in samplers/l2e_kinetic.h.
namespace ergo {

inline constexpr int l2e_features = 9;
inline constexpr int l2e_momentum_feature = 2;
inline constexpr int l2e_averages = 6;
inline constexpr int l2e_most_width = 256;

/// Parameters [offset, offset + size) share their feature normalisers.
struct L2eSpan {
  std::int64_t offset = 0, size = 0;
};

/// Units of the two hidden layers, each from 1 to l2e_most_width; the paper's are 32, 32.
struct L2eWidths {
  int first = 32, second = 32;
  bool operator==(const L2eWidths& o) const { return first == o.first && second == o.second; }
};

/// Meta-parameters phi, weights row-major `[out, in]` as in the file, float32; zero when made.
struct L2eWeights {
  explicit L2eWeights(L2eWidths widths = {});
  L2eWidths hidden;
  std::vector<float> w0, b0, w1, b1, w2, b2;
};

/// The same, made ready for the kernels: the momentum's column of the first layer stands alone,
/// because it is the one input that differs between the two evaluations of a transition, and hidden
/// units without weights fill each layer up to a multiple of `l2e_unit_multiple`, which changes no
/// output.
struct L2eNetwork {
  /// alpha_multiplier and beta_multiplier scale the last layer once instead of every output.
  L2eNetwork(const L2eWeights& weights, float alpha_multiplier, float beta_multiplier);
  static constexpr int steady = l2e_features - 1;

  /// Where the numbers lie: w0 [first, steady], momentum [first], b0 [first], w1 [second, first],
  /// b1 [second], w2 [2, second], b2 [2].
  struct Places {
    int w0, momentum, b0, w1, b1, w2, b2, floats;
  };
  static constexpr Places places(L2eWidths h) {
    const int momentum = h.first * steady, b0 = momentum + h.first, w1 = b0 + h.first,
              b1 = w1 + h.second * h.first, w2 = b1 + h.second, b2 = w2 + 2 * h.second;
    return {0, momentum, b0, w1, b1, w2, b2, b2 + 2};
  }

  /// The numbers as a network of `widths`, at least the present ones, would hold them.
  std::vector<float> filled_up(L2eWidths widths) const;

  L2eWidths hidden;  ///< filled up
  std::vector<float> values;
};
inline constexpr int l2e_unit_multiple = 8;

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
