// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/idx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <memory>
#include <numeric>
#include <system_error>

#include "core/base/error.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t size_limit = std::uint64_t{4} << 30;
constexpr std::size_t chunk = std::size_t{1} << 20;

/// gzread passes uncompressed files through, so one reader serves both kinds.
class GzReader {
 public:
  explicit GzReader(const fs::path& path) : path_(path) {
    errno = 0;
    file_.reset(gzopen(path.c_str(), "rb"));
    if (!file_) {
      const bool missing = errno == ENOENT || errno == ENOTDIR;
      throw Error(
          missing ? ExitCode::no_input : ExitCode::io,
          fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(errno)));
    }
  }

  /// @return the number of bytes read, less than `size` only at the end of the file.
  std::size_t read(std::uint8_t* out, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const auto wanted = static_cast<unsigned>(std::min(chunk, size - done));
      const int got = gzread(file_.get(), out + done, wanted);
      if (got < 0) fail(error_text());
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (done < size && code == Z_BUF_ERROR) fail("the compressed data end too early");
    return done;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::data, fmt::format("{}: {}", path_.string(), what));
  }

 private:
  std::string error_text() const {
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) {
      throw Error(ExitCode::io, fmt::format("cannot read {}: {}", path_.string(),
                                            std::generic_category().message(errno)));
    }
    return fmt::format("the compressed data are damaged ({})", text);
  }

  struct Close {
    void operator()(gzFile file) const { gzclose_r(file); }
  };
  fs::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

std::uint32_t read_big_endian(GzReader& reader) {
  std::array<std::uint8_t, 4> b{};
  const std::size_t got = reader.read(b.data(), b.size());
  if (got < b.size()) reader.fail("the header is incomplete, expected 4 more bytes");
  return static_cast<std::uint32_t>(b[0]) << 24 | static_cast<std::uint32_t>(b[1]) << 16 |
         static_cast<std::uint32_t>(b[2]) << 8 | b[3];
}

/// @return the number of bytes that the header announces.
std::uint64_t read_header(GzReader& reader, IdxArray& array) {
  const std::uint32_t magic = read_big_endian(reader);
  const std::uint32_t dimensions = magic & 0xff;
  if (magic >> 8 != 0x08 || dimensions < 1 || dimensions > 4) {
    reader.fail(fmt::format(
        "expected the magic number 0x00000801 to 0x00000804 of IDX bytes, found 0x{:08x}", magic));
  }
  std::uint64_t size = 1;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    const std::uint32_t extent = read_big_endian(reader);
    array.shape.push_back(extent);
    // size <= 2^32 and extent < 2^32, so the product cannot wrap before it is checked.
    size *= extent;
    if (size > size_limit) {
      reader.fail(fmt::format("the header announces a size of more than {} bytes", size_limit));
    }
  }
  return size;
}

/// Grows with what really arrives: a lying header costs no memory.
void read_elements(GzReader& reader, std::uint64_t size, std::vector<std::uint8_t>& bytes) {
  while (bytes.size() < size) {
    const std::size_t before = bytes.size();
    const std::size_t wanted = std::min<std::size_t>(chunk, size - before);
    bytes.resize(before + wanted);
    const std::size_t got = reader.read(bytes.data() + before, wanted);
    if (got < wanted) {
      reader.fail(fmt::format("expected {} bytes of data, found {}", size, before + got));
    }
  }
  std::uint8_t extra = 0;
  if (reader.read(&extra, 1) != 0) {
    reader.fail(fmt::format("expected {} bytes of data, found more", size));
  }
}

struct Labelled {
  IdxArray images, labels;
  std::int64_t count() const { return images.shape[0]; }
  std::int64_t width() const {
    return std::accumulate(images.shape.begin() + 1, images.shape.end(), std::int64_t{1},
                           std::multiplies<>());
  }
};

IdxArray read_field(const char* field, const std::string& file, const fs::path& folder) {
  if (file.empty()) {
    throw Error(ExitCode::config,
                fmt::format("data.{} is empty, the source idx needs four files", field));
  }
  return read_idx(folder / file);
}

void check_labels(const Labelled& part, std::int64_t classes, const std::string& file) {
  for (std::size_t i = 0; i < part.labels.bytes.size(); ++i) {
    if (part.labels.bytes[i] >= classes) {
      throw Error(ExitCode::data, fmt::format("{}: expected labels below {}, found {} in row {}",
                                              file, classes, part.labels.bytes[i], i + 1));
    }
  }
}

/// kind is "train" or "test", the first part of the names of the fields.
Labelled read_labelled(const DataConfig& config, const fs::path& folder, const std::string& kind) {
  const bool train = kind == "train";
  const std::string& images = train ? config.train_images : config.test_images;
  const std::string& labels = train ? config.train_labels : config.test_labels;
  Labelled part{read_field((kind + "_images").c_str(), images, folder),
                read_field((kind + "_labels").c_str(), labels, folder)};
  const auto check = [](bool fine, const std::string& file, const std::string& rule) {
    if (!fine) throw Error(ExitCode::data, file + ": " + rule);
  };
  const std::string image_file = (folder / images).string();
  const std::string label_file = (folder / labels).string();
  check(part.images.shape.size() >= 2 && !part.images.bytes.empty(), image_file,
        fmt::format("expected images, found an array of shape [{}]",
                    fmt::join(part.images.shape, ", ")));
  check(part.labels.shape.size() == 1, label_file,
        fmt::format("expected labels of one dimension, found {}", part.labels.shape.size()));
  check(part.labels.shape[0] == part.count(), label_file,
        fmt::format("expected {} labels as {} has images, found {}", part.count(), image_file,
                    part.labels.shape[0]));
  check_labels(part, config.classes, label_file);
  return part;
}

Split take_rows(const Labelled& part, std::int64_t first, std::int64_t count) {
  Split split;
  split.x.count = count;
  split.x.width = part.width();
  const auto begin = part.images.bytes.begin() + first * part.width();
  split.x.bytes.assign(begin, begin + count * part.width());
  const auto labels = part.labels.bytes.begin() + first;
  split.labels.assign(labels, labels + count);
  return split;
}

/// Pixels become byte/255, or that minus the training mean and divided by the training sd.
void set_scale(Dataset& dataset, bool normalise) {
  std::array<std::int64_t, 256> histogram{};
  for (const std::uint8_t byte : dataset.train.x.bytes) ++histogram[byte];
  const auto count = static_cast<double>(dataset.train.x.bytes.size());
  double mean = 0.0, square = 0.0;
  for (int byte = 0; byte < 256; ++byte) mean += byte / 255.0 * histogram[byte] / count;
  for (int byte = 0; byte < 256; ++byte) {
    square += (byte / 255.0 - mean) * (byte / 255.0 - mean) * histogram[byte] / count;
  }
  const double sd = square > 0.0 ? std::sqrt(square) : 1.0;
  if (normalise) dataset.standardisation = {{mean}, {sd}, {0.0}, {1.0}};
  for (Split* split : {&dataset.train, &dataset.validation, &dataset.test}) {
    split->x.scale = normalise ? 1.0 / (255.0 * sd) : 1.0 / 255.0;
    split->x.shift = normalise ? -mean / sd : 0.0;
  }
}

std::vector<std::string> class_names(const DataConfig& config, const fs::path& folder) {
  std::string place = (folder / config.train_images).string();
  std::transform(place.begin(), place.end(), place.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  if (config.classes == 10 && place.find("fashion") != place.npos) {
    return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
            "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  }
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < config.classes; ++i) names.push_back(fmt::format("{}", i));
  return names;
}

/// @return configured, or all that is there when it is 0.
std::int64_t size_within(const char* field, std::int64_t configured, std::int64_t there) {
  if (configured > there || there < 1) {
    throw Error(ExitCode::config, fmt::format("data.{} is {}, but {} rows are there for it", field,
                                              configured, std::max<std::int64_t>(there, 0)));
  }
  return configured > 0 ? configured : there;
}

}  // namespace

IdxArray read_idx(const fs::path& path) {
  GzReader reader(path);
  IdxArray array;
  const std::uint64_t size = read_header(reader, array);
  read_elements(reader, size, array.bytes);
  return array;
}

Dataset make_idx(const DataConfig& config, const fs::path& base_folder) {
  const Labelled train = read_labelled(config, base_folder, "train");
  const Labelled test = read_labelled(config, base_folder, "test");
  if (train.width() != test.width()) {
    throw Error(ExitCode::data, fmt::format("{}: expected images of {} pixels, found {}",
                                            (base_folder / config.test_images).string(),
                                            train.width(), test.width()));
  }
  const std::int64_t rest = train.count() - config.validation_size;
  Dataset dataset;
  dataset.task = Task::classification;
  dataset.name = (base_folder / config.train_images).parent_path().filename().string();
  dataset.inputs = train.width();
  dataset.outputs = config.classes;
  dataset.train = take_rows(train, 0, size_within("train_size", config.train_size, rest));
  dataset.validation = take_rows(train, rest, config.validation_size);
  dataset.test = take_rows(test, 0, size_within("test_size", config.test_size, test.count()));
  dataset.grid.width = dataset.inputs;
  dataset.class_names = class_names(config, base_folder);
  set_scale(dataset, config.normalise);
  return dataset;
}

}  // namespace ergo
