// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ergo {

/// An IDX file: big-endian magic 0x0000_tt_dd with element type tt and dd dimensions, dd sizes of
/// 32 bits, then the elements. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
struct IdxArray {
  std::uint8_t type = 0x08;  ///< tt: 08 ubyte, 09 sbyte, 0b int16, 0c int32, 0d float, 0e double
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;  ///< the elements, big-endian as in the file

  bool is_bytes() const { return type == 0x08; }
  bool is_whole() const { return type < 0x0d; }
  std::string type_name() const;
  std::vector<double> numbers() const;  ///< every element
};

/// Reads IDX or gzip-compressed IDX; never more than the header announces, so that a compressed
/// bomb costs nothing. @throws Error{no_input} when missing, {data} for another magic (a web page
/// or a NumPy file is named), a header of more than 4 GiB, missing or trailing bytes, damaged
/// compression; all name the file.
IdxArray read_idx(const std::filesystem::path& path);

}  // namespace ergo
