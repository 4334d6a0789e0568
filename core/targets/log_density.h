// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ergo {

/// A distribution over R^d that is known without data, network or prior: what samplers are checked
/// against. Immutable; shared by all threads.
class LogDensity {
 public:
  virtual ~LogDensity() = default;
  virtual std::string id() const = 0;
  virtual std::int64_t dimensions() const = 0;  ///< d
  /// U = -log p up to a constant, nats; differentiable, any dtype and device.
  /// @param theta [chains, d]  @return [chains]
  virtual torch::Tensor potential(const torch::Tensor& theta) const = 0;
  /// Chains start at N(0, sd^2).
  virtual double initial_sd() const { return 1.0; }
  /// The true moments of each coordinate, [d].
  virtual std::vector<double> mean() const = 0;
  virtual std::vector<double> sd() const = 0;
  /// What moments do not show of K >= 1 draws, each with a row in core/measures.
  /// @param x [K, d] row-major
  virtual std::map<std::string, double> measures(std::span<const float> /*x*/) const { return {}; }
};

}  // namespace ergo
