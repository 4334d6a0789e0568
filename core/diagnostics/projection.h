// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <vector>

namespace ergo::diagnostics {

/// Points in the plane through their mean that keeps most of their variance.
struct Plane {
  std::vector<float> x, y;       ///< coordinates [M], units of the points
  std::vector<float> off_plane;  ///< distance of each point from the plane, same units
  double explained[2] = {0, 0};  ///< shares of the total variance along x and y, 0..1
};

/// Principal component analysis of M points in `dims` dimensions by their M x M Gram matrix, for
/// dims >> M: cost M^2 dims + M^3. Axes point so that the first point has coordinates <= 0 (where
/// that is 0 within rounding: so that the coordinate of largest magnitude is positive), hence a
/// picture that is recomputed does not flip while the first point keeps its side.
/// @pre every points[i] has `dims` finite values.
Plane pca_plane(const std::vector<const float*>& points, std::int64_t dims);

}  // namespace ergo::diagnostics
