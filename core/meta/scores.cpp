// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/scores.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/base/purpose.h"
#include "core/meta/image_family.h"

namespace ergo {

Score score_of(const std::vector<std::shared_ptr<const MetaTask>>& tasks,
               const std::vector<double>& losses) {
  Score score{0.0, undefined, 0};
  const auto n = static_cast<double>(losses.size());
  std::vector<double> excess;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    excess.push_back(std::min(score_cap, losses[i] - tasks[i]->true_nll));
    score.mean += excess.back() / n;
    score.diverged += std::isfinite(losses[i]) ? 0 : 1;
  }
  if (losses.size() < 2) return score;
  double squares = 0.0;
  for (const double x : excess) squares += (x - score.mean) * (x - score.mean);
  score.standard_error = std::sqrt(squares / (n - 1) / n);
  return score;
}

std::vector<std::shared_ptr<const MetaTask>> frozen_tasks(const TaskFamily& family, RngKey key,
                                                          std::int64_t count) {
  std::vector<std::shared_ptr<const MetaTask>> tasks;
  for (std::int64_t i = 0; i < count; ++i) {
    tasks.push_back(
        std::make_shared<const MetaTask>(family.task(key.fold_in(static_cast<std::uint64_t>(i)))));
  }
  return tasks;
}

void add_scores(MetaState& state, const std::vector<ScoreRow>& rows) {
  for (const ScoreRow& row : rows) {
    state.scores.insert(state.scores.end(),
                        {static_cast<double>(row.iteration), row.transfer ? 1.0 : 0.0,
                         static_cast<double>(row.steps), row.value, row.score.mean,
                         row.score.standard_error, static_cast<double>(row.score.diverged)});
  }
}

Score training_score_at(const MetaState& state, std::int64_t iteration) {
  Score score;
  for (std::size_t i = 0; i + meta_score_columns <= state.scores.size(); i += meta_score_columns) {
    const double* row = state.scores.data() + i;
    if (row[0] == static_cast<double>(iteration) && row[1] == 0.0)
      score = {row[4], row[5], static_cast<std::int64_t>(row[6])};
  }
  return score;
}

Transfer::Transfer(const Training& training, const LearnedSamplerRow& row)
    : training_(training),
      family_(make_image_family(training.sections.transfer, "transfer", training.sections.folders)),
      key_(purpose_key(training.seed, Purpose::meta_task).fold_in(~std::uint64_t{2})),
      tasks_(frozen_tasks(*family_, key_.fold_in(0), training.sections.transfer.tasks)) {
  add_cases(row);
}

void Transfer::add_cases(const LearnedSamplerRow& row) {
  const TransferConfig& config = training_.sections.transfer;
  std::vector<std::int64_t> budgets = config.budgets;
  std::sort(budgets.begin(), budgets.end(), std::greater<>());
  for (const std::int64_t steps : budgets) {
    if (config.field.empty()) cases_.push_back({steps, undefined, training_.sampler});
    for (std::size_t v = 0; !config.field.empty() && v < config.values.size(); ++v) {
      nlohmann::json dynamics = training_.sections.dynamics;
      dynamics[config.field] = config.values[v];
      cases_.push_back({steps, config.values[v], row.make(dynamics)});
    }
  }
}

Arm Transfer::arm(const std::vector<float>& phi, std::size_t question) const {
  const Case& c = cases_[question / tasks_.size()];
  const std::size_t task = question % tasks_.size();
  Arm arm = training_.arm(phi, tasks_[task], c.steps, key_.fold_in(1).fold_in(task));
  arm.sampler = c.sampler;
  return arm;
}

std::vector<ScoreRow> Transfer::rows(const std::vector<double>& losses,
                                     std::int64_t iteration) const {
  std::vector<ScoreRow> rows;
  auto first = losses.begin();
  for (const Case& c : cases_) {
    const auto last = first + static_cast<std::ptrdiff_t>(tasks_.size());
    rows.push_back({iteration, true, c.steps, c.value, score_of(tasks_, {first, last})});
    first = last;
  }
  return rows;
}

Score Transfer::score(const std::vector<ScoreRow>& rows) {
  std::map<std::int64_t, Score> best;
  for (const ScoreRow& row : rows) {
    const auto [it, fresh] = best.emplace(row.steps, row.score);
    if (!fresh && row.score.mean < it->second.mean) it->second = row.score;
  }
  const auto budgets = static_cast<double>(best.size());
  Score score{0.0, 0.0, 0};
  for (const auto& [steps, of_budget] : best) {
    score.mean += of_budget.mean / budgets;
    score.standard_error += of_budget.standard_error / budgets;
    score.diverged += of_budget.diverged;
  }
  return score;
}

}  // namespace ergo
