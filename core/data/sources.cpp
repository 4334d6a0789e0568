// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>

#include "core/base/error.h"
#include "core/config/find_file.h"
#include "core/data/csv.h"
#include "core/data/idx_images.h"
#include "core/data/toys.h"

namespace ergo {
namespace {

namespace fs = std::filesystem;

const DataSource& source_of(const DataConfig& config) {
  const auto& sources = data_sources();
  const auto row =
      std::find_if(sources.begin(), sources.end(),
                   [&config](const DataSource& source) { return config.source == source.id; });
  if (row == sources.end()) {
    throw Error(ExitCode::config, fmt::format("Field 'data.source' is '{}', but must be one of {}.",
                                              config.source, fmt::join(data_source_ids(), ", ")));
  }
  return *row;
}

std::string nanoseconds(const timespec& time) {
  return fmt::format("{}.{:09}", static_cast<long long>(time.tv_sec), time.tv_nsec);
}

/// Changes whenever the file does, short of a clock that is set back.
std::string state_of(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return "missing";
  return fmt::format("{}/{}/{}/{}/{}", info.st_dev, info.st_ino, info.st_size,
                     nanoseconds(info.st_mtim), nanoseconds(info.st_ctim));
}

std::string key_of(const DataConfig& config, const fs::path& folder) {
  std::string key = to_json(config).dump() + fs::absolute(folder).string();
  for (const auto file : source_of(config).files) {
    key += fmt::format("|{}", state_of(find_file(config.*file, {folder})));
  }
  return key;
}

}  // namespace

const std::vector<DataSource>& data_sources() {
  using Config = DataConfig;
  static const std::vector<DataSource> sources = {
      {"foong",
       "Foong in-between",
       "x ~ U[-1,-0.7] and U[0.5,1]; y = cos(4x + 0.8) + noise",
       "Foong et al. 2019, arXiv:1906.11537",
       make_foong,
       {}},
      {"gap",
       "Wilson gap",
       "y = MLP_w([x, x^2]) + noise on [-10,-6], [6,10], [14,18]",
       "Wilson & Izmailov 2020, arXiv:2002.08791",
       make_gap,
       {}},
      {"sine",
       "Sine with a gap",
       "y = A sin(2 pi f x + phase) + noise, x ~ U[-1,1] outside a gap",
       "",
       make_sine,
       {}},
      {"csv", "CSV file", "a regression table of the user's", "", make_csv, {&Config::file}},
      {"idx",
       "IDX images",
       "MNIST-type images and labels, plain or gzip",
       "",
       make_idx,
       {&Config::train_images, &Config::train_labels, &Config::test_images, &Config::test_labels}},
  };
  return sources;
}

std::vector<std::string> data_source_ids() {
  std::vector<std::string> ids;
  for (const DataSource& source : data_sources()) ids.push_back(source.id);
  return ids;
}

Dataset make_dataset(const DataConfig& config, const fs::path& base_folder) {
  Dataset dataset = source_of(config).make(config, base_folder);
  dataset.sha256 = hash_of(dataset);
  return dataset;
}

std::shared_ptr<const Dataset> cached_dataset(const DataConfig& config,
                                              const fs::path& base_folder) {
  static std::mutex mutex;
  static std::string cached_key;
  static std::shared_ptr<const Dataset> cached;
  const std::lock_guard lock(mutex);
  // Taken before the files are read: a change in between makes the next call read them again.
  const std::string key = key_of(config, base_folder);
  if (!cached || key != cached_key) {
    cached.reset();
    cached = std::make_shared<const Dataset>(make_dataset(config, base_folder));
    cached_key = key;
  }
  return cached;
}

}  // namespace ergo
