// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "core/models/mlp.h"

namespace ergo {

/// Forward and backward passes of an MLP over Eigen blocks for one chain. Columns are examples.
/// Same mathematics as Mlp::forward under autograd. An object belongs to one thread at a time.
template <class T>
class MlpGradient {
 public:
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  explicit MlpGradient(const Mlp& network);

  /// Outputs [outputs, batch] at x [inputs, batch]; keeps what `backward` needs.
  const Matrix& forward(const T* theta, const Eigen::Ref<const Matrix>& x);
  /// dU/dtheta for dU/d outputs = delta [outputs, batch], which is overwritten; fills grad [params].
  void backward(const T* theta, const Eigen::Ref<const Matrix>& x, Matrix& delta, T* grad);

 private:
  void activate(Matrix& z, Matrix& sigmoid) const;
  void chain_rule(std::size_t layer, Matrix& delta) const;

  std::vector<std::int64_t> widths_, weight_offset_, bias_offset_;
  Activation activation_;
  std::vector<Matrix> h_;        ///< outputs of each layer
  std::vector<Matrix> sigmoid_;  ///< SiLU only: sigmoid(z)
  Matrix back_;
};

/// Gaussian: sum (f - y)^2 / (2 sd^2) + n log(sd sqrt(2 pi)); f becomes scale * its derivative.
/// @return scale * the sum, nats.
template <class T>
double gaussian_loss(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& f, std::span<const T> y,
                     double sd, double scale);

/// Categorical: -sum log softmax(f)[label]; f becomes scale * its derivative. @return scale * sum.
template <class T>
double categorical_loss(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& f,
                        std::span<const std::int32_t> labels, double scale);

}  // namespace ergo
