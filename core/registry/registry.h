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

/// What sets a sampler apart for those who plan, show and compare runs.
struct SamplerTraits {
  /// Stands outside the equality of budgets, has steps of its own, keeps every transition after the
  /// burn-in, and makes the reference that others are compared with.
  bool reference = false;
  /// Its chains are members, K unless said otherwise, which share the budget one after another.
  bool ensemble = false;
  /// Its updates are trained: a field `meta_parameters` names their file.
  bool learned = false;
};

struct SamplerEntry : RegistryEntry {  ///< fields: the sampler's own, then those that all have
  SamplerTraits traits;
};

const std::vector<SamplerEntry>& sampler_entries();
/// Null for an unknown id.
const SamplerEntry* find_sampler(const std::string& id);
const std::vector<RegistryEntry>& model_entries();
const std::vector<RegistryEntry>& likelihood_entries();
const std::vector<RegistryEntry>& target_entries();
const std::vector<RegistryEntry>& dataset_entries();

}  // namespace ergo
