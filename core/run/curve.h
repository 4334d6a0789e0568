// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "core/run/chain.h"
#include "core/run/reference.h"

namespace ergo {

/// The curve of one sampler: at each look of its plan that its chains have reached, what they had
/// cost and the measures of the draws that the collection rule keeps so far. The last point of a
/// run that was not stopped has the measures of its table. Does not depend on `workers`.
std::vector<CurvePoint> curve_of(const Experiment& experiment, const SamplerPlan& plan,
                                 const std::vector<Chain*>& chains, const Reference* reference,
                                 int workers);

/// The same while the chains run: what is known so far, look by look.
class GrowingCurve {
 public:
  GrowingCurve(const Experiment& experiment, const SamplerPlan& plan,
               const std::vector<Chain*>& chains)
      : experiment_(experiment), plan_(plan), chains_(chains) {}

  /// Measures the looks that all chains have reached by now; starts again when a chain diverged,
  /// whose draws no longer count. By one thread. @return whether the points changed.
  bool update(const Reference* reference);
  const std::vector<CurvePoint>& points() const { return points_; }

 private:
  const Experiment& experiment_;
  const SamplerPlan& plan_;
  const std::vector<Chain*>& chains_;
  std::vector<CurvePoint> points_;
  std::size_t looked_ = 0, divergences_ = 0;
};

}  // namespace ergo
