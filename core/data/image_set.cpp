// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/data/idx.h"
#include "core/io/sha256.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

fs::path file_in(const std::string& field, const fs::path& folder, const std::string& name) {
  std::error_code error;
  for (const fs::path& file : {folder / (name + ".gz"), folder / name}) {
    if (fs::is_regular_file(file, error)) return file;
  }
  throw Error(ExitCode::no_input,
              fmt::format("Field '{}' names the folder '{}', but it has no file '{}.gz'.", field,
                          folder.string(), name));
}

/// An array of bytes with `dimensions` dimensions.
IdxArray read_bytes(const fs::path& file, std::size_t dimensions, const char* meaning) {
  IdxArray array = read_idx(file);
  if (array.is_bytes() && array.shape.size() == dimensions && !array.bytes.empty()) return array;
  throw Error(ExitCode::data,
              fmt::format("{}: an array of {} and shape [{}], but must be {}.", file.string(),
                          array.type_name(), fmt::join(array.shape, ", "), meaning));
}

/// Input j of an axis and the share of an output pixel that it covers.
struct Tap {
  std::int64_t input;
  double weight;
};

/// The inputs under each of `side` outputs, which cover `length` inputs evenly.
std::vector<std::vector<Tap>> taps_of(std::int64_t length, std::int64_t side) {
  const double span = static_cast<double>(length) / static_cast<double>(side);
  std::vector<std::vector<Tap>> taps(static_cast<std::size_t>(side));
  for (std::int64_t i = 0; i < side; ++i) {
    // In units of 1 / side of an input, so that the edges are whole numbers.
    const std::int64_t low = i * length, high = (i + 1) * length;
    for (std::int64_t j = low / side; j * side < high; ++j) {
      const std::int64_t covered = std::min(high, (j + 1) * side) - std::max(low, j * side);
      taps[static_cast<std::size_t>(i)].push_back(
          {j, static_cast<double>(covered) / static_cast<double>(side) / span});
    }
  }
  return taps;
}

}  // namespace

ImageSet load_image_set(const std::string& field, const fs::path& folder) {
  const fs::path image_file = file_in(field, folder, "images-idx3-ubyte");
  const fs::path label_file = file_in(field, folder, "labels-idx1-ubyte");
  IdxArray images = read_bytes(image_file, 3, "byte images of shape [n, height, width]");
  IdxArray labels = read_bytes(label_file, 1, "byte labels of shape [n]");
  if (labels.shape[0] != images.shape[0]) {
    throw Error(ExitCode::data,
                fmt::format("{}: {} labels, but {} has {} images.", label_file.string(),
                            labels.shape[0], image_file.string(), images.shape[0]));
  }
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  return {named.filename().string(), images.shape[0],         images.shape[1],
          images.shape[2],           std::move(images.bytes), std::move(labels.bytes)};
}

ImageSet resized(const ImageSet& set, std::int64_t side) {
  if (set.height == side && set.width == side) return set;
  const auto rows = taps_of(set.height, side), columns = taps_of(set.width, side);
  ImageSet out{set.name, set.count, side, side, {}, set.labels};
  out.pixels.reserve(static_cast<std::size_t>(set.count * side * side));
  for (std::int64_t n = 0; n < set.count; ++n) {
    const std::uint8_t* image = set.pixels.data() + n * set.height * set.width;
    for (const auto& row : rows) {
      for (const auto& column : columns) {
        double mean = 0.0;
        for (const Tap& y : row) {
          for (const Tap& x : column)
            mean += y.weight * x.weight * image[y.input * set.width + x.input];
        }
        out.pixels.push_back(static_cast<std::uint8_t>(mean + 0.5));
      }
    }
  }
  return out;
}

std::string hash_of(const ImageSet& set) {
  io::Sha256 hash;
  for (const std::int64_t size : {set.count, set.height, set.width})
    hash.update(&size, sizeof size);
  hash.update(set.pixels.data(), set.pixels.size());
  hash.update(set.labels.data(), set.labels.size());
  return hash.hex();
}

}  // namespace ergo
