// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// Scalar float64 loops, written from the formulas alone: what the fast code is compared with.
/// Nothing here calls the code under test, except to read files.
namespace ergo::test {

using Vector = std::vector<double>;

/// Multilayer perceptron over a flat position: weight [out, in] then bias [out] per layer.
struct PlainMlp {
  std::vector<std::int64_t> widths;  ///< inputs, hidden..., outputs
  std::string activation = "tanh";

  std::size_t layers() const { return widths.size() - 1; }
  std::size_t size() const;
  std::vector<std::size_t> block_sizes() const;  ///< weight, bias, weight, bias, ...
};

/// U(theta) and its gradient over all rows, nats. `labels` decide for classification when given.
struct PlainPosterior {
  PlainMlp network;
  std::vector<Vector> x;
  Vector y;
  std::vector<std::int32_t> labels;
  double noise_sd = 1.0, weight_prior = 1.0, bias_prior = 1.0;
  double likelihood_scale = 1.0;  ///< n / b of a minibatch

  double potential(const Vector& theta, Vector* grad) const;
};

/// One chain of an L2E or SGHMC replay.
struct PlainState {
  Vector theta, r;
  std::vector<Vector> averages;
  explicit PlainState(Vector start)
      : theta(std::move(start)), r(theta.size(), 0.0), averages(6, Vector(theta.size(), 0.0)) {}
};

/// phi and its dynamics as the file holds them.
struct PlainL2e {
  Vector w0, b0, w1, b1, w2, b2;
  double alpha_multiplier = 0, beta_multiplier = 0, friction = 0, noise_multiplier = 0;
  double step_multiplier = 0, data_size = 0;
  bool official_noise = false;

  static PlainL2e read(const std::filesystem::path& file);
  std::pair<double, double> network(const double* x) const;  ///< (A, B) at nine inputs
  double step_size() const;
  double noise_scale() const;
  /// alpha and beta of every coordinate; features are normalised per block.
  void kinetic(const std::vector<std::size_t>& blocks, const Vector& g, const PlainState& state,
               Vector& alpha, Vector& beta) const;
  /// One transition from grad U; `noise` has one normal a coordinate, or none.
  void step(const std::vector<std::size_t>& blocks, double data_count, const Vector& grad,
            const Vector& noise, PlainState& state) const;
};

/// One SGHMC transition, stored form.
void plain_sghmc(double eps, double friction, double temperature, const Vector& grad,
                 const Vector& noise, PlainState& state);

}  // namespace ergo::test
