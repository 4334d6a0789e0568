// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "core/config/field.h"

/// The tables of what exists. Adding a sampler, model or data set is one row here.
namespace ergo {

struct RegistryEntry {
  std::string id;      ///< name in presets, on the command line and of its files
  std::string label;   ///< for people
  std::string doc;     ///< update equation or content, one paragraph
  std::string source;  ///< paper and equation
  std::vector<Field> fields;
};

const std::vector<RegistryEntry>& sampler_entries();
const std::vector<RegistryEntry>& model_entries();
const std::vector<RegistryEntry>& dataset_entries();

}  // namespace ergo
