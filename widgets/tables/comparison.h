// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QString>
#include <map>
#include <string>
#include <vector>

#include "core/events/events.h"
#include "widgets/seed_statistic.h"

namespace ergo {

/// What one sampler reached with one seed.
struct SeedOutcome {
  std::uint64_t seed = 0;
  std::int64_t gradient_evaluations = 0;
  double cpu_seconds = 0;
  std::string status;
  std::map<std::string, double> metrics;
};

/// One sampler in all runs of one preset with unchanged settings: a row of the table of runs.
struct ComparedSampler {
  int number = 0;  ///< of the comparison, counted from 1
  QString run;     ///< "toy-foong · 20,000"
  SamplerInfo info;
  std::vector<SeedOutcome> seeds;  ///< in the order of their runs
};

/// Every run and seed since the window was opened, as rows for people to compare. Runs of one
/// preset with the same settings and other seeds are one comparison; the same seed again replaces
/// its numbers. GUI thread only.
class Comparison {
 public:
  /// @return whether anything changed.
  bool consume(const RunEvent& event);
  void clear();
  /// Forgets all rows of that comparison; the one whose run goes on stays.
  void remove(int number);

  const std::vector<ComparedSampler>& rows() const { return m_rows; }
  std::vector<std::string> measures() const;  ///< that some row has, in the order of tables

  static SeedStatistic statistic(const ComparedSampler& row, const std::string& measure);
  static SeedStatistic cpuSeconds(const ComparedSampler& row);
  /// Of the differences `row` minus `baseline` on the seeds that both have.
  static SeedStatistic difference(const ComparedSampler& row, const ComparedSampler& baseline,
                                  const std::string& measure);

 private:
  void start(const RunStarted& event);
  bool update(const MetricsUpdated& event);

  std::vector<ComparedSampler> m_rows;
  std::map<std::string, int> m_numbers;  ///< settings to comparison
  std::int64_t m_run = -1;
  std::uint64_t m_seed = 0;
  int m_number = 0, m_last = 0;
};

}  // namespace ergo
