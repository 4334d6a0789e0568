// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/projection.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace ergo::diagnostics {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// G_ij = (p_i - mean) . (p_j - mean) in double, some dimensions at a time: centred before the
/// product, because the mean can be far larger than the spread.
Eigen::MatrixXd centred_gram(const std::vector<const float*>& points, std::int64_t dims) {
  constexpr std::int64_t block = 1024;
  const auto count = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(count, count);
  for (std::int64_t first = 0; first < dims; first += block) {
    const std::int64_t width = std::min(block, dims - first);
    RowMatrix part(count, width);
    for (Eigen::Index i = 0; i < count; ++i) {
      part.row(i) = Eigen::Map<const Eigen::RowVectorXf>(points[i] + first, width).cast<double>();
    }
    part.rowwise() -= part.colwise().mean().eval();
    gram.selfadjointView<Eigen::Lower>().rankUpdate(part);
  }
  return gram.selfadjointView<Eigen::Lower>();
}

Eigen::VectorXd with_fixed_sign(Eigen::VectorXd axis) {
  Eigen::Index largest = 0;
  const double size = axis.cwiseAbs().maxCoeff(&largest);
  const bool decided = std::abs(axis[0]) > 1e-9 * size;
  const bool flip = decided ? axis[0] > 0.0 : axis[largest] < 0.0;
  return flip ? Eigen::VectorXd(-axis) : axis;
}

std::vector<float> to_floats(const Eigen::VectorXd& v) {
  const Eigen::VectorXf f = v.cast<float>();
  return {f.begin(), f.end()};
}

}  // namespace

Plane pca_plane(const std::vector<const float*>& points, std::int64_t dims) {
  const auto count = static_cast<Eigen::Index>(points.size());
  Plane plane;
  if (count == 0) return plane;
  const Eigen::MatrixXd gram = centred_gram(points, dims);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  const double total = gram.trace();
  Eigen::VectorXd axes[2] = {Eigen::VectorXd::Zero(count), Eigen::VectorXd::Zero(count)};
  for (Eigen::Index i = 0; i < std::min<Eigen::Index>(2, count); ++i) {
    const Eigen::Index column = count - 1 - i;  // eigenvalues ascend
    const double value = std::max(solver.eigenvalues()[column], 0.0);
    axes[i] = with_fixed_sign(solver.eigenvectors().col(column) * std::sqrt(value));
    plane.explained[i] = total > 0.0 ? value / total : 0.0;
  }
  const Eigen::ArrayXd rest =
      gram.diagonal().array() - axes[0].array().square() - axes[1].array().square();
  plane.x = to_floats(axes[0]);
  plane.y = to_floats(axes[1]);
  plane.off_plane = to_floats(rest.max(0.0).sqrt().matrix());
  return plane;
}

}  // namespace ergo::diagnostics
