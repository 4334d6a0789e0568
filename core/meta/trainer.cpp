// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/trainer.h"

#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/base/purpose.h"

namespace ergo {
namespace {

using Maker = std::unique_ptr<Trainer> (*)(const Training&);
const std::vector<std::pair<std::string, Maker>> makers = {
    {"es", make_es_trainer},
    {"truncated_backprop", make_truncated_backprop_trainer},
    {"stein_kl", make_stein_kl_trainer}};

std::int64_t unroll_length(const MetaConfig& loop, RngKey key) {
  const double low = static_cast<double>(loop.steps_min);
  const double high = static_cast<double>(loop.steps_max);
  return static_cast<std::int64_t>(low *
                                   std::exp(ScalarStream(key).uniform() * std::log(high / low)));
}

}  // namespace

Arm Training::arm(std::vector<float> phi, std::shared_ptr<const MetaTask> task, std::int64_t steps,
                  RngKey key) const {
  const MetaConfig& loop = sections.loop;
  const auto burn_in =
      static_cast<std::int64_t>(static_cast<double>(steps) * loop.burn_in_fraction);
  return {std::move(task), sampler, std::move(phi), {steps, burn_in, loop.draws}, key};
}

Arm Training::training_arm(std::int64_t iteration, std::size_t index,
                           std::vector<float> phi) const {
  const RngKey key = purpose_key(seed, Purpose::meta_task)
                         .fold_in(static_cast<std::uint64_t>(iteration))
                         .fold_in(index);
  return arm(std::move(phi), std::make_shared<const MetaTask>(family->task(key)),
             unroll_length(sections.loop, key.fold_in(7)), key.fold_in(8));
}

std::unique_ptr<Trainer> make_trainer(const Training& training) {
  for (const auto& [id, make] : makers) {
    if (id == training.sections.loop.trainer) return make(training);
  }
  throw std::logic_error("trainer '" + training.sections.loop.trainer + "' has no maker");
}

double shown_mean(const std::vector<double>& losses) {
  double mean = 0.0;
  for (const double loss : losses) mean += std::isfinite(loss) ? loss : failed_loss;
  return mean / static_cast<double>(losses.size());
}

}  // namespace ergo
