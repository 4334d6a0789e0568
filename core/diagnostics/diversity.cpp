// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/diversity.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

namespace ergo::diagnostics {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
/// Stands for log 0 inside the product, because 0 * infinity would be NaN.
constexpr double log_zero = -1e30;

/// The sums S_ij = sum_xc p_i (log p_i - log p_j), some columns at a time to bound the memory.
Matrix kl_sums(const Eigen::Map<const FloatMatrix>& log_prob) {
  constexpr Eigen::Index block = 4096;
  Matrix sums = Matrix::Zero(log_prob.rows(), log_prob.rows());
  for (Eigen::Index first = 0; first < log_prob.cols(); first += block) {
    const Eigen::Index width = std::min(block, log_prob.cols() - first);
    const Matrix lp = log_prob.middleCols(first, width).cast<double>().unaryExpr([](double v) {
      return v < log_zero ? log_zero : v;
    });
    const Matrix p = lp.array().exp();
    const Eigen::VectorXd negative_entropy = (p.array() * lp.array()).rowwise().sum();
    sums.noalias() -= p * lp.transpose();
    sums.colwise() += negative_entropy;
  }
  return sums;
}

/// KL is at least 0; rounding is not. Huge values come from log_zero.
double cleaned(double value) {
  if (value > 1e20) return std::numeric_limits<double>::infinity();
  return value < 0.0 ? 0.0 : value;
}

}  // namespace

std::vector<double> pairwise_kld(std::span<const float> log_prob, std::int64_t draws,
                                 std::int64_t points, std::int64_t classes) {
  std::vector<double> result(static_cast<std::size_t>(draws * draws), nan);
  if (points == 0 || draws == 0) return result;
  const Eigen::Map<const FloatMatrix> rows(log_prob.data(), draws, points * classes);
  const Matrix sums = kl_sums(rows) / static_cast<double>(points);
  for (std::int64_t i = 0; i < draws; ++i) {
    for (std::int64_t j = 0; j < draws; ++j) {
      result[i * draws + j] = i == j ? 0.0 : cleaned(sums(i, j));
    }
  }
  return result;
}

namespace {

/// With one sd for all, the mean square distance over 2 sd^2.
void fill_by_distance(const Eigen::Map<const Matrix>& f, double sd, std::vector<double>& result) {
  const double scale = 1.0 / (2.0 * sd * sd * static_cast<double>(f.cols()));
  for (Eigen::Index i = 0; i < f.rows(); ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      const double value = (f.row(i) - f.row(j)).squaredNorm() * scale;
      result[i * f.rows() + j] = result[j * f.rows() + i] = value;
    }
  }
}

void fill_with_own_noise(const Eigen::Map<const Matrix>& f, const Eigen::Map<const Matrix>& sd,
                         std::vector<double>& result) {
  for (Eigen::Index i = 0; i < f.rows(); ++i) {
    for (Eigen::Index j = 0; j < f.rows(); ++j) {
      if (i == j) continue;
      const auto ratio = sd.row(i).array() / sd.row(j).array();
      const auto shift = (f.row(i) - f.row(j)).array() / sd.row(j).array();
      result[i * f.rows() + j] =
          (0.5 * (ratio.square() + shift.square() - 1.0) - ratio.log()).mean();
    }
  }
}

}  // namespace

std::vector<double> pairwise_kld_gaussian(const GaussianDraws& d) {
  std::vector<double> result(static_cast<std::size_t>(d.draws * d.draws), nan);
  if (d.rows == 0) return result;
  for (std::int64_t i = 0; i < d.draws; ++i) result[i * d.draws + i] = 0.0;
  const Eigen::Map<const Matrix> f(d.f.data(), d.draws, d.rows * d.targets);
  const Eigen::Map<const Matrix> sd(d.sd.data(), d.draws, d.rows * d.targets);
  const bool one_sd = d.draws == 0 || sd.minCoeff() == sd.maxCoeff();
  if (d.draws > 0 && one_sd) fill_by_distance(f, d.sd.front(), result);
  if (!one_sd) fill_with_own_noise(f, sd, result);
  return result;
}

double mean_over_pairs(std::span<const double> matrix, std::int64_t draws) {
  if (draws < 2) return nan;
  double sum = 0.0;
  for (std::int64_t i = 0; i < draws; ++i) {
    for (std::int64_t j = 0; j < draws; ++j) {
      if (i != j) sum += matrix[i * draws + j];
    }
  }
  return sum / static_cast<double>(draws * (draws - 1));
}

double pairwise_disagreement(std::span<const float> log_prob, std::int64_t draws,
                             std::int64_t points, std::int64_t classes) {
  if (draws < 2 || points == 0) return nan;
  std::int64_t agreeing = 0;  // ordered pairs i != j, over all inputs
  std::vector<std::int64_t> votes(static_cast<std::size_t>(classes));
  for (std::int64_t x = 0; x < points; ++x) {
    std::fill(votes.begin(), votes.end(), 0);
    for (std::int64_t k = 0; k < draws; ++k) {
      const float* row = log_prob.data() + (k * points + x) * classes;
      ++votes[std::max_element(row, row + classes) - row];
    }
    for (const std::int64_t count : votes) agreeing += count * (count - 1);
  }
  return 1.0 - static_cast<double>(agreeing) / static_cast<double>(points * draws * (draws - 1));
}

}  // namespace ergo::diagnostics
