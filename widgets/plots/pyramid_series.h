// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/events/thinned_series.h"

namespace ergo {

/// A long append-only series that is drawn at any zoom in time that grows with the pixels, not
/// with the samples.
///
/// The ground level is a ThinnedSeries: every sample while there are at most `capacity`, then
/// first, lowest, highest and last of groups of 8, 16, ... samples. Above it, level k knows which
/// points are lowest and highest in blocks of 8^k; the points that a pixel column has in common
/// with whole blocks are looked up there. Memory: at most 21 bytes times `capacity`. GUI thread.
class PyramidSeries {
 public:
  using Point = ThinnedSeries::Point;

  explicit PyramidSeries(std::size_t capacity);
  void append(double x, double y, bool solid);

  /// What a polyline over the pixel columns of [from, to] needs (M4): first, lowest, highest and
  /// last point of each of `columns` equal parts in the order of x, and the neighbours just
  /// outside. At most 4 * columns + 2 points; all points where there are fewer.
  std::vector<Point> columns(double from, double to, int columns) const;
  /// The same over the whole series.
  std::vector<Point> overview(int columns) const;

  /// The last point that does not lie right of x; none before the first.
  std::optional<Point> at(double x) const;

  const ThinnedSeries& points() const { return m_points; }
  bool isEmpty() const { return m_points.empty(); }
  Point last() const { return m_points.last(); }

 private:
  struct Block {
    std::uint32_t low = 0, high = 0;  ///< numbers of points
    double lowY = 0, highY = 0;       ///< beside them: looking them up costs more than comparing
    void add(const Block& other);
  };
  Block single(std::size_t i) const;
  void index();
  Block extremes(std::size_t begin, std::size_t end) const;
  void addBlocks(std::size_t level, std::size_t begin, std::size_t end, Block& found) const;
  std::size_t firstFrom(double x, std::size_t begin, std::size_t guess) const;
  void addColumn(std::size_t begin, std::size_t end, std::vector<Point>& list) const;

  ThinnedSeries m_points;
  std::vector<std::vector<Block>> m_levels;  ///< level k - 1: blocks of 8^k points
  std::size_t m_merges = 0;
};

}  // namespace ergo
