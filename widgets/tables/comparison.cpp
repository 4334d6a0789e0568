// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tables/comparison.h"

#include <QLocale>
#include <algorithm>
#include <set>

#include "core/measures/measures.h"

namespace ergo {
namespace {

double numberOf(const SeedOutcome& outcome, const std::string& measure) {
  const auto at = outcome.metrics.find(measure);
  return at == outcome.metrics.end() ? undefined : at->second;
}

const SeedOutcome* find(const ComparedSampler& row, std::uint64_t seed) {
  const auto at = std::find_if(row.seeds.begin(), row.seeds.end(),
                               [seed](const SeedOutcome& o) { return o.seed == seed; });
  return at == row.seeds.end() ? nullptr : &*at;
}

QString nameOf(const RunStarted& event) {
  const QLocale grouped(QLocale::English, QLocale::UnitedStates);
  const QString preset = QString::fromStdString(event.preset);
  if (event.gradient_evaluations <= 0) return preset;
  return QStringLiteral("%1 · %2").arg(
      preset, grouped.toString(static_cast<qlonglong>(event.gradient_evaluations)));
}

}  // namespace

bool Comparison::consume(const RunEvent& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    if (started->task == "meta-training") return false;
    start(*started);
    return true;
  }
  const auto* metrics = std::get_if<MetricsUpdated>(&event);
  return metrics && update(*metrics);
}

void Comparison::start(const RunStarted& event) {
  m_run = event.run;
  m_seed = event.seed;
  const auto [at, fresh] =
      m_numbers.emplace(event.preset + '\n' + event.resolved_preset, m_last + 1);
  m_number = at->second;
  if (!fresh) return;
  m_last = m_number;
  for (const SamplerInfo& info : event.samplers)
    m_rows.push_back({m_number, nameOf(event), info, {}});
}

bool Comparison::update(const MetricsUpdated& event) {
  if (event.run != m_run || event.sampler < 0) return false;
  const auto first = std::find_if(m_rows.begin(), m_rows.end(), [this](const ComparedSampler& row) {
    return row.number == m_number;
  });
  if (event.sampler >= std::distance(first, m_rows.end())) return false;
  ComparedSampler& row = *(first + event.sampler);
  if (row.number != m_number) return false;
  SeedOutcome outcome{m_seed, event.gradient_evaluations, event.cpu_seconds, event.status,
                      event.metrics};
  if (const SeedOutcome* known = find(row, m_seed))
    row.seeds[static_cast<std::size_t>(known - row.seeds.data())] = std::move(outcome);
  else
    row.seeds.push_back(std::move(outcome));
  return true;
}

void Comparison::clear() {
  const int kept = m_number;
  std::set<int> numbers;
  for (const ComparedSampler& row : m_rows) numbers.insert(row.number);
  for (const int number : numbers)
    if (number != kept) remove(number);
}

void Comparison::remove(int number) {
  if (number == m_number && !m_rows.empty()) {
    for (ComparedSampler& row : m_rows) {
      if (row.number != number) continue;
      std::erase_if(row.seeds, [this](const SeedOutcome& o) { return o.seed != m_seed; });
    }
    return;
  }
  std::erase_if(m_rows, [number](const ComparedSampler& row) { return row.number == number; });
  std::erase_if(m_numbers, [number](const auto& entry) { return entry.second == number; });
}

std::vector<std::string> Comparison::measures() const {
  std::set<std::string> ids;
  for (const ComparedSampler& row : m_rows)
    for (const SeedOutcome& outcome : row.seeds)
      for (const auto& [id, value] : outcome.metrics) ids.insert(id);
  std::vector<std::string> list(ids.begin(), ids.end());
  std::sort(list.begin(), list.end(), measure_before);
  return list;
}

SeedStatistic Comparison::statistic(const ComparedSampler& row, const std::string& measure) {
  std::vector<double> values;
  for (const SeedOutcome& outcome : row.seeds) values.push_back(numberOf(outcome, measure));
  return statisticOf(std::move(values));
}

SeedStatistic Comparison::cpuSeconds(const ComparedSampler& row) {
  std::vector<double> values;
  for (const SeedOutcome& outcome : row.seeds) values.push_back(outcome.cpu_seconds);
  return statisticOf(std::move(values));
}

SeedStatistic Comparison::difference(const ComparedSampler& row, const ComparedSampler& baseline,
                                     const std::string& measure) {
  std::vector<double> values;
  for (const SeedOutcome& outcome : row.seeds) {
    if (const SeedOutcome* other = find(baseline, outcome.seed))
      values.push_back(numberOf(outcome, measure) - numberOf(*other, measure));
  }
  return statisticOf(std::move(values));
}

}  // namespace ergo
