// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/image_family.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/base/error.h"
#include "core/base/number.h"
#include "core/config/find_file.h"
#include "core/data/image_set.h"
#include "core/meta/draws.h"
#include "core/models/models.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

/// The parts of "a, b" without spaces around them.
std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else if (c != ' ' || !parts.back().empty()) {
      parts.back() += c;
    }
  }
  for (std::string& part : parts) part.erase(part.find_last_not_of(' ') + 1);
  return parts;
}

/// An entry of a list, drawn in proportion to its weight.
struct Weighted {
  std::string name;
  double weight = 1.0;
};

/// "NAME" or "NAME:WEIGHT". @return nothing for another text.
std::optional<Weighted> weighted(const std::string& item) {
  const std::size_t colon = item.rfind(':');
  Weighted entry{item.substr(0, colon)};
  if (entry.name.empty()) return std::nullopt;
  if (colon == std::string::npos) return entry;
  const auto weight = parse_number<double>(item.substr(colon + 1));
  if (!weight || !(*weight > 0.0) || !std::isfinite(*weight)) return std::nullopt;
  entry.weight = *weight;
  return entry;
}

/// Draws an entry of a list that is not empty.
template <class Entry>
const Entry& pick(const std::vector<Entry>& entries, ScalarStream& s) {
  double sum = 0.0;
  for (const Entry& entry : entries) sum += entry.weight;
  double left = sum * s.uniform();
  for (const Entry& entry : entries) {
    left -= entry.weight;
    if (left < 0.0) return entry;
  }
  return entries.back();
}

/// A set at every side of the family.
struct Source : Weighted {
  std::string sha256;
  std::vector<ImageSet> by_side;
};

const std::vector<std::string> known_activations = {"tanh", "relu", "silu"};
const std::vector<std::string> known_networks = {"mlp", "conv", "conv_residual"};

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

class ImageFamily final : public TaskFamily {
 public:
  ImageFamily(const ImageFamilyConfig& config, std::string section,
              const std::vector<fs::path>& folders)
      : config_(config),
        section_(std::move(section)),
        activations_(activations()),
        networks_(networks()) {
    if (config_.sides.empty()) fail("sides", "[]", "hold at least one number");
    if (config_.conv_widths.empty()) fail("conv_widths", "[]", "hold at least one number");
    for (const std::string& item : split_list(config_.sets))
      sources_.push_back(read(item, folders));
  }

  MetaTask task(RngKey key) const override {
    ScalarStream s(key);
    const Source& source = pick(sources_, s);
    const ImageSet& images = source.by_side[s.integer(source.by_side.size())];
    const std::int64_t most = std::min(config_.images_max, images.count - config_.loss_images);
    const auto n = static_cast<std::int64_t>(std::floor(
        log_uniform(s, static_cast<double>(config_.images_min), static_cast<double>(most) + 1.0)));
    const auto data = make_data(images, n, s);
    const nlohmann::json model = make_model(s);
    const auto likelihood = make_likelihood("categorical", {}, *data);
    const auto network = make_network(model, *data, likelihood->outputs());
    return {make_posterior(data, network, likelihood, config_.weight_prior, config_.bias_prior),
            0.0, std::min(config_.batch_size, n)};
  }

  std::string name() const override {
    std::string names;
    for (const Source& source : sources_)
      names += (names.empty() ? "images: " : ", ") + source.name;
    return names;
  }

  std::map<std::string, std::string> data_sha256() const override {
    std::map<std::string, std::string> hashes;
    for (const Source& source : sources_) hashes[source.name] = source.sha256;
    return hashes;
  }

 private:
  [[noreturn]] void fail(const char* field, const std::string& value,
                         const std::string& constraint) const {
    throw Error(ExitCode::config, fmt::format("Field '{}.{}' is {}, but must {}.", section_, field,
                                              value, constraint));
  }

  std::vector<std::string> activations() const {
    std::vector<std::string> list = split_list(config_.activations);
    for (const std::string& name : list) {
      if (!contains(known_activations, name))
        fail("activations", "'" + config_.activations + "'",
             "be names of tanh, relu and silu with commas between");
    }
    return list;
  }

  std::vector<Weighted> networks() const {
    std::vector<Weighted> list;
    for (const std::string& item : split_list(config_.networks)) {
      const std::optional<Weighted> entry = weighted(item);
      if (!entry || !contains(known_networks, entry->name))
        fail("networks", "'" + config_.networks + "'",
             "be names of mlp, conv and conv_residual with commas between, each with a weight > 0 "
             "behind a colon or without one, as mlp:3, conv");
      list.push_back(*entry);
    }
    return list;
  }

  /// @param item  "FOLDER" or "FOLDER:WEIGHT".
  Source read(const std::string& item, const std::vector<fs::path>& folders) const {
    const std::optional<Weighted> entry = weighted(item);
    if (!entry)
      fail("sets", "'" + config_.sets + "'",
           "be folders with commas between, each with a weight > 0 behind a colon or without one, "
           "as data/mnist-10k:2");
    const ImageSet set = load_image_set(section_ + ".sets", find_file(entry->name, folders));
    check(set);
    Source source{{set.name, entry->weight}, hash_of(set), {}};
    for (const std::int64_t side : config_.sides) source.by_side.push_back(resized(set, side));
    return source;
  }

  void check(const ImageSet& set) const {
    const auto highest = *std::max_element(set.labels.begin(), set.labels.end());
    if (highest >= config_.classes)
      fail("classes", fmt::format("{}", config_.classes),
           fmt::format("be > {}, the highest label of '{}'", highest, set.name));
    if (const std::int64_t left = set.count - config_.loss_images; left < config_.images_min)
      fail("images_min", fmt::format("{}", config_.images_min),
           fmt::format("be <= {}, what '{}' has beside the images of the meta-loss", left,
                       set.name));
  }

  std::shared_ptr<Dataset> make_data(const ImageSet& images, std::int64_t n,
                                     ScalarStream& s) const {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(images.count));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    const std::int64_t used = n + config_.loss_images;
    for (std::int64_t i = 0; i < used; ++i)
      std::swap(rows[i], rows[i + s.integer(static_cast<std::uint64_t>(images.count - i))]);
    auto data = std::make_shared<Dataset>();
    data->task = Task::classification;
    data->name = images.name;
    data->inputs = images.height * images.width;
    data->outputs = config_.classes;
    data->train = take(images, rows.data(), n);
    data->test = take(images, rows.data() + n, config_.loss_images);
    standardise(*data);
    const double share = config_.label_noise * s.uniform();
    for (std::int32_t& label : data->train.labels) {
      if (s.uniform() < share) label = static_cast<std::int32_t>(s.integer(config_.classes));
    }
    return data;
  }

  static Split take(const ImageSet& images, const std::int64_t* rows, std::int64_t count) {
    const std::int64_t size = images.height * images.width;
    Split split;
    split.x.count = count;
    split.x.shape = {1, images.height, images.width};
    split.x.bytes.reserve(static_cast<std::size_t>(count * size));
    for (std::int64_t i = 0; i < count; ++i) {
      const auto first = images.pixels.begin() + rows[i] * size;
      split.x.bytes.insert(split.x.bytes.end(), first, first + size);
      split.labels.push_back(images.labels[static_cast<std::size_t>(rows[i])]);
    }
    return split;
  }

  /// By mean and sd of all training pixels.
  static void standardise(Dataset& data) {
    std::array<std::int64_t, 256> histogram{};
    for (const std::uint8_t pixel : data.train.x.bytes) ++histogram[pixel];
    const auto count = static_cast<double>(data.train.x.bytes.size());
    double mean = 0.0, square = 0.0;
    for (int b = 0; b < 256; ++b) mean += b * static_cast<double>(histogram[b]) / count;
    for (int b = 0; b < 256; ++b)
      square += (b - mean) * (b - mean) * static_cast<double>(histogram[b]) / count;
    const double sd = square > 0.0 ? std::sqrt(square) : 1.0;
    for (Split* split : {&data.train, &data.test}) {
      split->x.scale = {1.0 / sd};
      split->x.shift = {-mean / sd};
    }
  }

  /// A preset's model section. One kind alone takes nothing of the stream.
  nlohmann::json make_model(ScalarStream& s) const {
    const std::string& kind =
        networks_.size() == 1 ? networks_.front().name : pick(networks_, s).name;
    return kind == "mlp" ? make_mlp(s) : make_conv(kind, s);
  }

  nlohmann::json make_conv(const std::string& kind, ScalarStream& s) const {
    const std::int64_t width = config_.conv_widths[s.integer(config_.conv_widths.size())];
    const std::int64_t depth = integer_between(s, config_.conv_depth_min, config_.conv_depth_max);
    return {{"kind", kind}, {"depth", depth}, {"width", width}};
  }

  nlohmann::json make_mlp(ScalarStream& s) const {
    const std::int64_t width = integer_between(s, config_.width_min, config_.width_max);
    const std::int64_t depth = integer_between(s, config_.depth_min, config_.depth_max);
    const std::vector<std::int64_t> hidden(static_cast<std::size_t>(depth), width);
    return {{"kind", "mlp"},
            {"hidden", hidden},
            {"activation", activations_[s.integer(activations_.size())]}};
  }

  ImageFamilyConfig config_;
  std::string section_;
  std::vector<std::string> activations_;
  std::vector<Weighted> networks_;
  std::vector<Source> sources_;
};

}  // namespace

std::unique_ptr<TaskFamily> make_image_family(const ImageFamilyConfig& config,
                                              const std::string& section,
                                              const std::vector<fs::path>& folders) {
  return std::make_unique<ImageFamily>(config, section, folders);
}

}  // namespace ergo
