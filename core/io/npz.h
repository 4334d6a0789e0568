// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ergo::io {

/// An array as NumPy stores it: row-major, little-endian.
struct NpyArray {
  std::string name;  ///< key in the archive
  std::string type;  ///< "<f8" or "<i8"
  std::vector<std::int64_t> shape;
  std::string bytes;
};

/// @pre the shape holds values.size() elements. @throws std::invalid_argument otherwise.
NpyArray npy_of(std::string name, std::vector<std::int64_t> shape,
                const std::vector<double>& values);
NpyArray npy_of(std::string name, std::vector<std::int64_t> shape,
                const std::vector<std::int64_t>& values);

/// The bytes of an .npz file: a ZIP archive of .npy files (version 1.0), not compressed, without
/// dates, so equal arrays give equal bytes. Sources: NumPy, "numpy.lib.format"; PKWARE's APPNOTE.
/// @throws Error{config} when it would take 4 GiB or more, which the plain ZIP format cannot hold.
std::string npz(const std::vector<NpyArray>& arrays);

}  // namespace ergo::io
