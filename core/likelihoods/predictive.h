// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/diagnostics/calibration.h"
#include "core/likelihoods/predictions.h"
#include "core/models/passes.h"

namespace ergo {

/// Draws of a curve on the grid, original units: f [draws, grid] and the sd of the noise around it
/// as [draws, grid].
struct CurveDraws {
  std::vector<double> f, noise_sd;
};

/// What the draws of one sampler predict on one split, and the measures of it (FORMAT.md,
/// "Measures"). One thread at a time.
class Predictive {
 public:
  virtual ~Predictive() = default;
  /// One more chunk of the split's rows, in their order, of the present draw.
  /// @param own the likelihood's parameters of that draw.
  virtual void add_rows(const OutputView<float>& f, const float* own) = 0;
  /// The present draw is whole.
  virtual void end_draw() = 0;
  virtual void clear() = 0;

  virtual double nll() const = 0;                              ///< NaN without draws or points
  virtual std::map<std::string, double> measures() const = 0;  ///< by id; NaN where undefined
  virtual std::vector<double> pairwise_kld() const = 0;        ///< [K, K], nats
  virtual diagnostics::Reliability reliability() const = 0;
  virtual Predictions predictions() const = 0;  ///< all that the measures are made of
};

}  // namespace ergo
