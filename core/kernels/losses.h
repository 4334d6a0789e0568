// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <span>

/// Terms of U for one chain beside the network: sums over examples and their derivatives with
/// respect to its outputs. Free of torch and Qt; their plain counterparts are the `nll` of the
/// likelihoods under autograd. Chosen at run time for the processor's best instruction set.
/// float32 and float64. Thread-safe.
namespace ergo {

/// Outputs of a network and where their gradient goes: unit u of example i lies at
/// [u * stride + i]. Both aligned for vectors and readable up to the stride, which is a multiple of
/// the longest vector; a loss leaves zeros behind the examples of `delta`.
template <class T>
struct LossArrays {
  const T* outputs = nullptr;
  T* delta = nullptr;
  std::int64_t stride = 0;
};

/// One unit: delta_i = factor (f_i - y_i). @return sum_i (f_i - y_i)^2.
template <class T>
double squared_error(const LossArrays<T>& unit, std::span<const T> y, T factor);

/// delta = scale * d/df of -sum_i log softmax(f_i)[label_i]. @param log_sum scratch, [stride],
/// aligned. @return scale * that sum, nats.
template <class T>
double categorical_loss(const LossArrays<T>& arrays, std::int64_t classes,
                        std::span<const std::int32_t> labels, double scale, T* log_sum);

/// Gaussian prior: grad += precision (theta - mean). @return precision / 2 sum (theta - mean)^2,
/// nats.
template <class T>
double add_gaussian_prior(double precision, double mean, const T* theta, std::int64_t count,
                          T* grad);

}  // namespace ergo
