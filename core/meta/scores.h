// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/events/events.h"
#include "core/meta/trainer.h"
#include "core/registry/learned.h"

namespace ergo {

/// How parameters did on frozen tasks: NLL minus the tasks' true_nll, each at most score_cap.
struct Score {
  double mean = undefined, standard_error = undefined;  ///< nats; the error of the mean over tasks
  std::int64_t diverged = 0;  ///< tasks whose chain did, counted at the cap
};

/// A few tasks with a wide gap, or a chain that diverged, would decide the mean otherwise.
inline constexpr double score_cap = 3.0;

/// @param losses  meta-losses of the tasks, in their order.
Score score_of(const std::vector<std::shared_ptr<const MetaTask>>& tasks,
               const std::vector<double>& losses);

std::vector<std::shared_ptr<const MetaTask>> frozen_tasks(const TaskFamily& family, RngKey key,
                                                          std::int64_t count);

/// A row of FILE.scores.csv.
struct ScoreRow {
  std::int64_t iteration = 0;
  bool transfer = false;     ///< else of the training family
  std::int64_t steps = 0;    ///< of each chain
  double value = undefined;  ///< of the field transfer.field
  Score score;
};

void add_scores(MetaState& state, const std::vector<ScoreRow>& rows);

/// That of the training family at an iteration; NaNs where there is none.
Score training_score_at(const MetaState& state, std::int64_t iteration);

/// The transfer score of parameters (TransferConfig): every task with every budget and value.
class Transfer {
 public:
  /// `training` outlives it. @throws Error as make_image_family().
  Transfer(const Training& training, const LearnedSamplerRow& row);

  std::size_t questions() const { return cases_.size() * tasks_.size(); }
  /// The longest chains come first, so that workers end together.
  Arm arm(const std::vector<float>& phi, std::size_t question) const;
  /// One row a budget and value. @param losses of all questions.
  std::vector<ScoreRow> rows(const std::vector<double>& losses, std::int64_t iteration) const;
  /// Mean over the budgets of the best value's; so is its error, as the budgets share their tasks.
  static Score score(const std::vector<ScoreRow>& rows);
  const TaskFamily& family() const { return *family_; }

 private:
  struct Case {
    std::int64_t steps;
    double value;
    std::shared_ptr<const LearnedSampler> sampler;
  };
  void add_cases(const LearnedSamplerRow& row);

  const Training& training_;
  std::unique_ptr<TaskFamily> family_;
  RngKey key_;
  std::vector<Case> cases_;
  std::vector<std::shared_ptr<const MetaTask>> tasks_;
};

}  // namespace ergo
