// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/likelihoods/likelihood.h"
#include "core/likelihoods/likelihood_config.h"

namespace ergo {

/// A row of the table of likelihoods.
struct LikelihoodRow {
  std::string id, label, doc, source;
  Task task;  ///< the data it is for
  std::shared_ptr<const Likelihood> (*make)(const LikelihoodConfig&, const Dataset&);
};

/// The first row of a task is its default.
const std::vector<LikelihoodRow>& likelihood_rows();

/// The spellings of the preset's field: "" (by the data) and the ids.
std::vector<std::string> likelihood_choices();

/// @param id a row's id, or empty: the default of the data's task.
/// @throws Error{config} naming the likelihood and the data where they do not fit.
std::shared_ptr<const Likelihood> make_likelihood(const std::string& id,
                                                  const LikelihoodConfig& config,
                                                  const Dataset& data);

}  // namespace ergo
