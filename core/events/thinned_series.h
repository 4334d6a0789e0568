// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <limits>
#include <vector>

namespace ergo {

/// A long append-only series in bounded memory that keeps every extreme.
///
/// Samples are taken in groups of equal length L; a group keeps its first, lowest, highest and
/// last sample as they are (M4: Jugel et al. 2014, "M4: a visualization-oriented time series data
/// aggregation") in the order of time, so with L = 4, as at first, it keeps everything. When
/// `capacity` points are full, neighbouring groups merge and L doubles. At most 17 bytes a point.
/// Samples that are not finite are counted and left out. One thread at a time.
class ThinnedSeries {
 public:
  struct Point {
    double x = 0, y = 0;
    bool solid = true;  ///< a property of the sample (here: collecting draws)
  };

  /// `capacity` is rounded up to a multiple of 8, at least 16.
  explicit ThinnedSeries(std::size_t capacity);

  void append(double x, double y, bool solid);  ///< x must not decrease
  void reserve();                               ///< so that no append ever allocates
  void clear();                                 ///< empty and of full resolution again

  std::size_t size() const { return x_.size(); }
  bool empty() const { return x_.empty(); }
  Point operator[](std::size_t i) const { return {x_[i], y_[i], solid_[i] != 0}; }
  double x(std::size_t i) const { return x_[i]; }
  double y(std::size_t i) const { return y_[i]; }
  Point last() const { return empty() ? Point() : (*this)[size() - 1]; }
  double low() const { return low_; }    ///< lowest y of all samples; infinity when empty
  double high() const { return high_; }  ///< highest; minus infinity when empty

  std::size_t capacity() const { return capacity_; }
  std::size_t samples() const { return samples_; }
  std::size_t non_finite() const { return non_finite_; }
  std::size_t group_length() const { return length_; }  ///< L
  /// Points that later samples cannot change except by a merge of all groups.
  std::size_t settled() const;
  std::size_t merges() const { return merges_; }  ///< how often L doubled: all points moved then

 private:
  void push(double x, double y, bool solid);
  void replace_in_group(double x, double y, bool solid);
  void halve();

  std::size_t capacity_, length_ = 4, open_ = 0;  ///< samples in the last group
  std::size_t samples_ = 0, non_finite_ = 0, merges_ = 0;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  std::vector<double> x_, y_;
  std::vector<unsigned char> solid_;
};

}  // namespace ergo
