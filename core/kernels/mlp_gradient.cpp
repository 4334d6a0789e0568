// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/mlp_gradient.h"

#include <cmath>
#include <numbers>

namespace ergo {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

}  // namespace

template <class T>
MlpGradient<T>::MlpGradient(const Mlp& network)
    : widths_(network.widths()), activation_(network.activation()) {
  for (std::size_t l = 0; l + 1 < widths_.size(); ++l) {
    weight_offset_.push_back(network.layout().blocks()[2 * l].offset);
    bias_offset_.push_back(network.layout().blocks()[2 * l + 1].offset);
  }
  h_.resize(weight_offset_.size());
  sigmoid_.resize(weight_offset_.size());
}

template <class T>
void MlpGradient<T>::activate(Matrix& z, Matrix& sigmoid) const {
  switch (activation_) {
    case Activation::tanh: z = z.array().tanh(); break;
    case Activation::relu: z = z.array().max(T(0)); break;
    case Activation::silu:
      sigmoid = z.array().logistic();
      z = z.cwiseProduct(sigmoid);
      break;
  }
}

template <class T>
const typename MlpGradient<T>::Matrix& MlpGradient<T>::forward(
    const T* theta, const Eigen::Ref<const Matrix>& x) {
  for (std::size_t l = 0; l < h_.size(); ++l) {
    const Eigen::Map<const RowMajor<T>> w(theta + weight_offset_[l], widths_[l + 1], widths_[l]);
    const Eigen::Map<const Vector<T>> b(theta + bias_offset_[l], widths_[l + 1]);
    if (l == 0) h_[l].noalias() = w * x;
    else h_[l].noalias() = w * h_[l - 1];
    h_[l].colwise() += b;
    if (l + 1 < h_.size()) activate(h_[l], sigmoid_[l]);
  }
  return h_.back();
}

template <class T>
void MlpGradient<T>::chain_rule(std::size_t layer, Matrix& delta) const {
  const auto h = h_[layer].array();
  switch (activation_) {
    case Activation::tanh: delta.array() *= T(1) - h.square(); break;
    case Activation::relu: delta.array() *= (h > T(0)).template cast<T>(); break;
    case Activation::silu: {  // d/dz z s(z) = s + h (1 - s)
      const auto s = sigmoid_[layer].array();
      delta.array() *= s + h * (T(1) - s);
      break;
    }
  }
}

template <class T>
void MlpGradient<T>::backward(const T* theta, const Eigen::Ref<const Matrix>& x, Matrix& delta,
                              T* grad) {
  for (std::size_t l = h_.size(); l-- > 0;) {
    Eigen::Map<RowMajor<T>> gw(grad + weight_offset_[l], widths_[l + 1], widths_[l]);
    Eigen::Map<Vector<T>> gb(grad + bias_offset_[l], widths_[l + 1]);
    if (l == 0) gw.noalias() = delta * x.transpose();
    else gw.noalias() = delta * h_[l - 1].transpose();
    gb = delta.rowwise().sum();
    if (l == 0) break;
    const Eigen::Map<const RowMajor<T>> w(theta + weight_offset_[l], widths_[l + 1], widths_[l]);
    back_.noalias() = w.transpose() * delta;
    delta.swap(back_);
    chain_rule(l - 1, delta);
  }
}

template <class T>
double gaussian_loss(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& f, std::span<const T> y,
                     double sd, double scale) {
  const Eigen::Map<const Vector<T>> target(y.data(), static_cast<Eigen::Index>(y.size()));
  f.row(0) -= target.transpose();
  const double squares = f.row(0).template cast<double>().squaredNorm();
  const double constant = std::log(sd * std::sqrt(2.0 * std::numbers::pi));
  f *= static_cast<T>(scale / (sd * sd));
  return scale * (squares / (2.0 * sd * sd) + static_cast<double>(y.size()) * constant);
}

template <class T>
double categorical_loss(Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>& f,
                        std::span<const std::int32_t> labels, double scale) {
  double sum = 0.0;
  for (Eigen::Index i = 0; i < f.cols(); ++i) {
    auto column = f.col(i).array();
    const std::int32_t label = labels[static_cast<std::size_t>(i)];
    column -= column.maxCoeff();
    const T own = column[label];
    column = column.exp();
    const T total = column.sum();
    sum += std::log(static_cast<double>(total)) - static_cast<double>(own);
    column *= static_cast<T>(scale) / total;
    column[label] -= static_cast<T>(scale);
  }
  return scale * sum;
}

template class MlpGradient<float>;
template class MlpGradient<double>;
template double gaussian_loss<float>(Eigen::MatrixXf&, std::span<const float>, double, double);
template double gaussian_loss<double>(Eigen::MatrixXd&, std::span<const double>, double, double);
template double categorical_loss<float>(Eigen::MatrixXf&, std::span<const std::int32_t>, double);
template double categorical_loss<double>(Eigen::MatrixXd&, std::span<const std::int32_t>, double);

}  // namespace ergo
