// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/idx_images.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "core/base/error.h"
#include "core/config/find_file.h"
#include "core/data/idx.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

/// Images with their labels. One of `bytes` and `values` holds the pixels.
struct Labelled {
  std::string image_file, label_file;
  std::int64_t count = 0;
  InputShape shape;
  std::vector<std::uint8_t> bytes;
  std::vector<double> values;
  std::vector<std::int64_t> labels;
};

[[noreturn]] void fail_data(const std::string& file, const std::string& what) {
  throw Error(ExitCode::data, fmt::format("{}: {}", file, what));
}

std::string text_of(const InputShape& shape) {
  return fmt::format("[{}, {}, {}]", shape.channels, shape.height, shape.width);
}

IdxArray read_field(const std::string& field, const std::string& file, const fs::path& folder) {
  if (file.empty()) {
    throw Error(ExitCode::config,
                fmt::format("Field 'data.{}' is empty, but the source idx needs images and labels.",
                            field));
  }
  return read_idx(require_file("data." + field, file, {folder}));
}

void take_images(IdxArray array, Labelled& part) {
  const auto& s = array.shape;
  if (s.size() < 2 || array.bytes.empty()) {
    fail_data(part.image_file,
              fmt::format("an array of shape [{}], but must be images: [n, height, width] or "
                          "[n, channels, height, width].",
                          fmt::join(s, ", ")));
  }
  part.count = s[0];
  part.shape = {s.size() == 4 ? s[1] : 1, s.size() > 2 ? s[s.size() - 2] : 1, s.back()};
  if (array.is_bytes()) {
    part.bytes = std::move(array.bytes);
    return;
  }
  part.values = array.numbers();
  const auto bad = std::find_if_not(part.values.begin(), part.values.end(),
                                    [](double value) { return std::isfinite(value); });
  if (bad != part.values.end()) {
    fail_data(part.image_file,
              fmt::format("row {} holds {}, but pixels must be finite.",
                          (bad - part.values.begin()) / part.shape.size() + 1, *bad));
  }
}

void take_labels(const IdxArray& array, Labelled& part) {
  const auto& s = array.shape;
  if (s.size() > 2 || !array.is_whole()) {
    fail_data(
        part.label_file,
        fmt::format("an array of {} and shape [{}], but labels must be whole numbers of shape "
                    "[n], or the first column of [n, k].",
                    array.type_name(), fmt::join(s, ", ")));
  }
  if (s[0] != part.count) {
    fail_data(part.label_file,
              fmt::format("{} labels, but {} has {} images.", s[0], part.image_file, part.count));
  }
  const std::vector<double> all = array.numbers();
  const std::size_t columns = s.size() == 2 ? static_cast<std::size_t>(s[1]) : 1;
  for (std::size_t i = 0; i < all.size(); i += columns) {
    part.labels.push_back(static_cast<std::int64_t>(all[i]));
  }
}

/// kind is "train" or "test", the first part of the names of the fields.
Labelled read_labelled(const DataConfig& config, const fs::path& folder, const std::string& kind) {
  const bool train = kind == "train";
  const std::string& images = train ? config.train_images : config.test_images;
  const std::string& labels = train ? config.train_labels : config.test_labels;
  Labelled part;
  part.image_file = find_file(images, {folder}).string();
  part.label_file = find_file(labels, {folder}).string();
  take_images(read_field(kind + "_images", images, folder), part);
  take_labels(read_field(kind + "_labels", labels, folder), part);
  return part;
}

/// Brings labels 1 to classes to 0 to classes - 1. @return whether it did.
bool shift_labels(Labelled& train, Labelled& test, std::int64_t classes) {
  const auto [low, high] = std::minmax_element(train.labels.begin(), train.labels.end());
  const auto fits = [classes](const Labelled& part) {
    return std::all_of(part.labels.begin(), part.labels.end(),
                       [classes](std::int64_t label) { return label >= 1 && label <= classes; });
  };
  if (*low != 1 || *high != classes || !fits(train) || !fits(test)) return false;
  for (Labelled* part : {&train, &test}) {
    for (std::int64_t& label : part->labels) --label;
  }
  return true;
}

void check_labels(const Labelled& part, std::int64_t classes) {
  const auto bad = std::find_if(part.labels.begin(), part.labels.end(),
                                [=](std::int64_t label) { return label < 0 || label >= classes; });
  if (bad == part.labels.end()) return;
  const auto [low, high] = std::minmax_element(part.labels.begin(), part.labels.end());
  const std::string remedy =
      *low < 0 ? std::string("labels count from 0")
      : *low == 1
          ? fmt::format("they begin at 1 and end at {}, as with data.classes={}", *high, *high)
          : fmt::format("they reach {}, as with data.classes={}", *high, *high + 1);
  fail_data(part.label_file, fmt::format("the label of row {} is {}, but must be 0 to {}; {}.",
                                         bad - part.labels.begin() + 1, *bad, classes - 1, remedy));
}

/// Cuts the last `count` rows off.
Labelled cut_off(Labelled& part, std::int64_t count) {
  Labelled rest = part;
  const auto cut = [](auto& from, auto& to, std::int64_t rows, std::int64_t size) {
    if (from.empty()) return;
    to.erase(to.begin(), to.begin() + rows * size);
    from.resize(static_cast<std::size_t>(rows * size));
  };
  part.count -= count;
  rest.count = count;
  cut(part.bytes, rest.bytes, part.count, part.shape.size());
  cut(part.values, rest.values, part.count, part.shape.size());
  cut(part.labels, rest.labels, part.count, 1);
  return rest;
}

/// The test rows: of their own files, or the last ones of the training files.
Labelled read_test(const DataConfig& config, const fs::path& folder, Labelled& train) {
  if (!config.test_images.empty() || !config.test_labels.empty())
    return read_labelled(config, folder, "test");
  if (config.test_size < 1 || config.test_size >= train.count) {
    throw Error(ExitCode::config,
                fmt::format("Field 'data.test_size' is {}, but must be 1 to {}: without "
                            "data.test_images the test rows are the last ones of {}.",
                            config.test_size, train.count - 1, train.image_file));
  }
  return cut_off(train, config.test_size);
}

Split take_rows(const Labelled& part, std::int64_t first, std::int64_t count) {
  const std::int64_t size = part.shape.size();
  const auto cut = [=](const auto& all, auto& out, std::int64_t width) {
    if (all.empty()) return;
    out.assign(all.begin() + first * width, all.begin() + (first + count) * width);
  };
  Split split;
  split.x.count = count;
  split.x.shape = part.shape;
  cut(part.bytes, split.x.bytes, size);
  cut(part.values, split.x.values, size);
  cut(part.labels, split.labels, 1);
  return split;
}

struct Moments {
  double mean = 0.0, sd = 1.0;
};

/// Of channel c of byte images, in units of pixel / 255.
Moments byte_moments(const Inputs& x, std::int64_t c) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  std::array<std::int64_t, 256> histogram{};
  for (std::int64_t row = 0; row < x.count; ++row) {
    const std::uint8_t* pixels = x.bytes.data() + row * x.shape.size() + c * plane;
    for (std::int64_t i = 0; i < plane; ++i) ++histogram[pixels[i]];
  }
  const auto count = static_cast<double>(x.count * plane);
  double mean = 0.0, square = 0.0;
  for (int byte = 0; byte < 256; ++byte) mean += byte / 255.0 * histogram[byte] / count;
  for (int byte = 0; byte < 256; ++byte) {
    square += (byte / 255.0 - mean) * (byte / 255.0 - mean) * histogram[byte] / count;
  }
  return {mean, square > 0.0 ? std::sqrt(square) : 1.0};
}

/// Calls use(value) for every pixel of channel c.
template <class Values, class F>
void for_channel(Values& values, const InputShape& shape, std::int64_t c, F use) {
  const std::int64_t plane = shape.height * shape.width;
  for (std::size_t row = 0; row < values.size(); row += shape.size()) {
    for (std::int64_t i = 0; i < plane; ++i) use(values[row + c * plane + i]);
  }
}

Moments value_moments(const Inputs& x, std::int64_t c) {
  const auto count = static_cast<double>(x.count * x.shape.height * x.shape.width);
  double mean = 0.0, square = 0.0;
  for_channel(x.values, x.shape, c, [&](double v) { mean += v / count; });
  for_channel(x.values, x.shape, c, [&](double v) { square += (v - mean) * (v - mean) / count; });
  return {mean, square > 0.0 ? std::sqrt(square) : 1.0};
}

/// Every channel minus the training mean, divided by the training sd; bytes get it as their scale.
void set_scale(Dataset& dataset, bool normalise) {
  const Inputs& train = dataset.train.x;
  const bool bytes = train.values.empty();
  const auto channels = static_cast<std::size_t>(train.shape.channels);
  std::vector<double> scale(channels, 1.0 / 255.0), shift(channels, 0.0);
  Standardisation& s = dataset.standardisation;
  for (std::size_t c = 0; normalise && c < channels; ++c) {
    const auto channel = static_cast<std::int64_t>(c);
    const Moments m = bytes ? byte_moments(train, channel) : value_moments(train, channel);
    s.x_mean.push_back(m.mean);
    s.x_sd.push_back(m.sd);
    scale[c] = 1.0 / (255.0 * m.sd);
    shift[c] = -m.mean / m.sd;
  }
  for (Split* split : {&dataset.train, &dataset.validation, &dataset.test}) {
    for (std::size_t c = 0; !bytes && c < s.x_sd.size(); ++c) {
      for_channel(split->x.values, train.shape, static_cast<std::int64_t>(c),
                  [&](double& v) { v = (v - s.x_mean[c]) / s.x_sd[c]; });
    }
    if (!bytes) continue;
    split->x.scale = scale;
    split->x.shift = shift;
  }
}

/// Those of data.class_names, else the numbers of the classes.
std::vector<std::string> class_names(const DataConfig& config) {
  std::vector<std::string> names;
  if (config.class_names.empty()) {
    for (std::int64_t i = 0; i < config.classes; ++i) names.push_back(fmt::format("{}", i));
    return names;
  }
  std::istringstream list(config.class_names);
  for (std::string name; std::getline(list, name, ',');) {
    name.erase(0, std::min(name.find_first_not_of(' '), name.size()));
    names.push_back(name);
  }
  if (static_cast<std::int64_t>(names.size()) != config.classes) {
    throw Error(
        ExitCode::config,
        fmt::format("Field 'data.class_names' has {} names, but must have {}, one for each of "
                    "data.classes.",
                    names.size(), config.classes));
  }
  return names;
}

/// @return configured, or all that is there when it is 0.
std::int64_t size_within(const char* field, std::int64_t configured, std::int64_t there) {
  if (configured > there || there < 1) {
    throw Error(ExitCode::config,
                fmt::format("Field 'data.{}' is {}, but {} rows are there for it.", field,
                            configured, std::max<std::int64_t>(there, 0)));
  }
  return configured > 0 ? configured : there;
}

}  // namespace

Dataset make_idx(const DataConfig& config, const fs::path& base_folder) {
  Labelled train = read_labelled(config, base_folder, "train");
  Labelled test = read_test(config, base_folder, train);
  if (train.shape != test.shape || train.bytes.empty() != test.bytes.empty()) {
    fail_data(test.image_file,
              fmt::format("{} images of shape {}, but must be {} of {} as in {}.",
                          test.bytes.empty() ? "number" : "byte", text_of(test.shape),
                          train.bytes.empty() ? "numbers" : "bytes", text_of(train.shape),
                          train.image_file));
  }
  Dataset dataset;
  if (shift_labels(train, test, config.classes)) {
    dataset.notes.push_back(
        fmt::format("Labels begin at 1 in {}: label 1 is class 0.", train.label_file));
  }
  check_labels(train, config.classes);
  check_labels(test, config.classes);
  const std::int64_t rest = train.count - config.validation_size;
  dataset.task = Task::classification;
  dataset.name = fs::path(train.image_file).parent_path().filename().string();
  dataset.inputs = train.shape.size();
  dataset.outputs = config.classes;
  dataset.train = take_rows(train, 0, size_within("train_size", config.train_size, rest));
  dataset.validation = take_rows(train, rest, config.validation_size);
  dataset.test = take_rows(test, 0, size_within("test_size", config.test_size, test.count));
  dataset.grid.shape = train.shape;
  dataset.class_names = class_names(config);
  set_scale(dataset, config.normalise);
  return dataset;
}

}  // namespace ergo
