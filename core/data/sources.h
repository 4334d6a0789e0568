// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/data/data_config.h"
#include "core/data/dataset.h"

namespace ergo {

/// A row of the table of where data come from.
struct DataSource {
  std::string id;         ///< value of data.source
  std::string label;      ///< for people
  std::string doc;        ///< content, one line
  std::string reference;  ///< paper, if any
  /// Leaves `sha256` to make_dataset().
  Dataset (*make)(const DataConfig&, const std::filesystem::path& base_folder);
  std::vector<std::string DataConfig::*> files;  ///< the fields that name what it reads
};

const std::vector<DataSource>& data_sources();

/// Makes the data set of the source that the config names; the same config and files give the same
/// bytes.
/// @param base_folder  relative file names start here.
/// @throws Error{config} for a bad seed or sizes that do not fit, {no_input} for a missing file,
/// {data} for a malformed one; each names the field or the file.
Dataset make_dataset(const DataConfig& config, const std::filesystem::path& base_folder);

/// The same, but the data set of the last call is kept: seeds, grids and repeated runs share it. It
/// is made anew when the config, the folder, or a file of the source has changed (name, size,
/// inode, times). Any thread.
std::shared_ptr<const Dataset> cached_dataset(const DataConfig& config,
                                              const std::filesystem::path& base_folder);

}  // namespace ergo
