// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <vector>

namespace ergo {

/// A long append-only series in bounded memory that keeps every extreme.
///
/// Samples go into buckets of equal length; a bucket keeps its lowest and its highest sample at
/// their own x. When `capacity` buckets are full, neighbours merge and buckets double in length,
/// so the whole history stays visible and no spike is ever lost. Non-finite samples are counted
/// and left out.
class DecimatedSeries {
 public:
  struct Point {
    double x = 0, y = 0;
    bool solid = true;  ///< a property of the samples (here: collecting draws)
  };

  explicit DecimatedSeries(std::size_t capacity = 1500);

  /// Appends; x must not decrease.
  void append(double x, double y, bool solid);
  /// Lowest and highest of each bucket in the order of x: at most 2 * capacity points.
  std::vector<Point> points() const;
  std::size_t samples() const { return m_samples; }
  std::size_t nonFinite() const { return m_nonFinite; }
  bool isEmpty() const { return m_buckets.empty(); }
  const Point& last() const { return m_last; }  ///< meaningful when not empty

 private:
  struct Bucket {
    Point low, high;
    std::size_t count = 0;
    void add(const Point& point);
    void merge(const Bucket& later);
  };
  void halve();

  std::size_t m_capacity, m_length = 1, m_samples = 0, m_nonFinite = 0;
  std::vector<Bucket> m_buckets;
  Point m_last;
};

}  // namespace ergo
