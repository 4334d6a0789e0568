// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/likelihoods.h"

#include <spdlog/fmt/fmt.h>

#include "core/base/error.h"
#include "core/likelihoods/categorical.h"
#include "core/likelihoods/gaussian.h"
#include "core/likelihoods/gaussian_learned.h"

namespace ergo {

const std::vector<LikelihoodRow>& likelihood_rows() {
  static const std::vector<LikelihoodRow> rows = {
      {"gaussian", "Gaussian, given noise", "y ~ N(f(x), noise_sd^2)", "", Task::regression,
       make_gaussian},
      {"gaussian_learned", "Gaussian, learned noise",
       "y ~ N(f(x), s^2), log s sampled with prior N(log noise_sd, 1), or s(x) by more outputs", "",
       Task::regression, make_gaussian_learned},
      {"categorical", "Categorical", "p(y = c) = softmax(f(x))_c", "", Task::classification,
       make_categorical},
  };
  return rows;
}

std::vector<std::string> likelihood_choices() {
  std::vector<std::string> choices = {""};
  for (const LikelihoodRow& row : likelihood_rows()) choices.push_back(row.id);
  return choices;
}

std::shared_ptr<const Likelihood> make_likelihood(const std::string& id,
                                                  const LikelihoodConfig& config,
                                                  const Dataset& data) {
  for (const LikelihoodRow& row : likelihood_rows()) {
    if (id.empty() ? row.task != data.task : row.id != id) continue;
    if (row.task == data.task) return row.make(config, data);
    throw Error(ExitCode::config,
                fmt::format("Field 'posterior.likelihood' is {}, which is for {}, but the data "
                            "'{}' are for {}.",
                            id, to_string(row.task), data.name, to_string(data.task)));
  }
  throw Error(ExitCode::config,
              fmt::format("Field 'posterior.likelihood' is '{}', which is not known.", id));
}

}  // namespace ergo
