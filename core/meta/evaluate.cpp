// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>

#include "core/base/parallel.h"
#include "core/events/emitter.h"
#include "core/meta/families.h"
#include "core/meta/meta.h"
#include "core/meta/meta_sections.h"
#include "core/meta/unroll.h"
#include "core/registry/factories.h"
#include "core/registry/learned.h"
#include "core/registry/registry.h"

namespace ergo {
namespace {

using nlohmann::json;
using SamplerMaker = std::function<std::unique_ptr<Sampler>(const SamplerContext&)>;

constexpr std::array<const char*, 4> held_out = {"sine", "polynomial", "gp", "gap"};

struct Candidate {
  SamplerMaker make;
  json setting = json::object();
};

struct Score {
  double mean = 0.0, standard_error = 0.0;
  std::int64_t diverged = 0;
};

/// Mean over the tasks whose chain did not diverge, in favour of the sampler; the others are
/// counted beside it.
Score score_of(const std::vector<double>& all) {
  Score score;
  std::vector<double> excess;
  std::copy_if(all.begin(), all.end(), std::back_inserter(excess),
               [](double x) { return std::isfinite(x); });
  score.diverged = static_cast<std::int64_t>(all.size() - excess.size());
  const auto n = static_cast<double>(excess.size());
  if (excess.empty()) score.mean = undefined;
  for (const double x : excess) score.mean += x / n;
  double squares = 0.0;
  for (const double x : excess) squares += (x - score.mean) * (x - score.mean);
  score.standard_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : undefined;
  return score;
}

class HeldOut {
 public:
  HeldOut(const MetaSections& sections, int workers, Emitter& emit, RunControl& control)
      : sections_(sections), workers_(workers), emit_(emit), control_(control) {}

  json family(std::size_t index,
              const std::vector<std::pair<std::string, std::vector<Candidate>>>& all) {
    FamilyConfig config = sections_.family;
    config.functions = held_out[index];
    const RngKey key =
        RngKey::from_seed(parse_seed(sections_.evaluation.seed, "evaluation.seed")).fold_in(index);
    const auto tuning = make_tasks(config, key.fold_in(1), sections_.evaluation.tuning_tasks);
    const auto frozen = make_tasks(config, key.fold_in(2), sections_.evaluation.tasks);
    json samplers = json::array();
    for (const auto& [id, candidates] : all) {
      const std::size_t best = candidates.size() > 1 ? choose(candidates, tuning, key) : 0;
      const Score score = score_of(excess(candidates[best], frozen, key.fold_in(4)));
      samplers.push_back({{"id", id},
                          {"excess_nll", finite(score.mean)},
                          {"standard_error", finite(score.standard_error)},
                          {"diverged", score.diverged},
                          {"setting", candidates[best].setting}});
    }
    return {{"family", config.functions},
            {"tasks", sections_.evaluation.tasks},
            {"steps", sections_.evaluation.steps},
            {"draws", sections_.evaluation.draws},
            {"samplers", samplers}};
  }

 private:
  static json finite(double x) { return std::isfinite(x) ? json(x) : json(nullptr); }

  static std::vector<MetaTask> make_tasks(const FamilyConfig& config, RngKey key,
                                          std::int64_t count) {
    std::vector<MetaTask> tasks;
    for (std::int64_t i = 0; i < count; ++i) {
      tasks.push_back(make_task(config, key.fold_in(static_cast<std::uint64_t>(i))));
    }
    return tasks;
  }

  std::vector<double> excess(const Candidate& candidate, const std::vector<MetaTask>& tasks,
                             RngKey key) {
    const EvaluationConfig& e = sections_.evaluation;
    std::vector<double> out(tasks.size());
    parallel_for(tasks.size(), workers_, [&](std::size_t i) {
      const MetaTask& task = tasks[i];
      const auto share =
          static_cast<std::int64_t>(static_cast<double>(e.steps) * e.burn_in_fraction);
      const auto sampler =
          candidate.make({&task.posterior.layout, e.steps, share, task.posterior.data_count(), {}});
      const std::int64_t burn_in = sampler->draw_schedule() ? 0 : share;
      out[i] = unroll(*sampler, task, {e.steps, burn_in, e.draws}, key.fold_in(i), control_) -
               task.true_nll;
    });
    if (control_.stopped()) throw Error(control_.stop_code(), "The evaluation was stopped.");
    return out;
  }

  /// The grid point with the lowest mean excess on the tuning tasks among those with the fewest
  /// diverged chains.
  std::size_t choose(const std::vector<Candidate>& candidates, const std::vector<MetaTask>& tasks,
                     RngKey key) {
    std::size_t best = 0;
    Score lowest;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      const Score score = score_of(excess(candidates[c], tasks, key.fold_in(3)));
      const bool better = score.diverged < lowest.diverged ||
                          (score.diverged == lowest.diverged && score.mean < lowest.mean);
      if (c == 0 || better) lowest = score, best = c;
      emit_(LogMessage{0, "info",
                       fmt::format("tuning {}: excess NLL {:.4f}, {} diverged",
                                   candidates[c].setting.dump(), score.mean, score.diverged)});
    }
    return best;
  }

  const MetaSections& sections_;
  int workers_;
  Emitter& emit_;
  RunControl& control_;
};

bool has_field(const SamplerEntry& sampler, const char* name) {
  return std::any_of(sampler.fields.begin(), sampler.fields.end(),
                     [name](const Field& field) { return field.name == name; });
}

/// Baselines are the samplers that the preset's grid can tune.
bool is_baseline(const SamplerEntry& sampler) {
  return has_field(sampler, "step_size") && has_field(sampler, "friction") &&
         has_field(sampler, "temperature");
}

/// The grid of a baseline: steps, frictions and temperatures of the preset, and its cycles where
/// the sampler has some.
std::vector<Candidate> candidates_of(const SamplerEntry& sampler, const EvaluationConfig& e) {
  std::vector<Candidate> grid;
  for (const double temperature : e.temperatures) {
    for (const double step_size : e.step_sizes) {
      for (const double friction : e.frictions) {
        const json setting = {
            {"step_size", step_size}, {"friction", friction}, {"temperature", temperature}};
        json section = setting;
        if (has_field(sampler, "cycles")) section["cycles"] = e.cycles;
        grid.push_back({[id = sampler.id, section](const SamplerContext& c) {
                          return make_sampler(id, section, c);
                        },
                        setting});
      }
    }
  }
  return grid;
}

/// The first of the registry for which `fits` holds; there is one.
template <class Fits>
const SamplerEntry& first_sampler(const Fits& fits) {
  return *std::find_if(sampler_entries().begin(), sampler_entries().end(), fits);
}

}  // namespace

json evaluate_meta(const std::filesystem::path& file, const Preset& preset, int workers,
                   const EventSink& sink, RunControl& control) {
  const MetaSections sections = meta_sections(preset);
  const LearnedSamplerRow& row = learned_sampler_row(sections.loop.sampler);
  const LoadedParameters loaded = row.load(file);
  Emitter emit(sink, 1);
  Candidate learned;
  learned.make = [&loaded](const SamplerContext& context) {
    return loaded.sampler->make(loaded.phi, context);
  };
  std::vector<std::pair<std::string, std::vector<Candidate>>> all = {{row.entry.id, {learned}}};
  for (const SamplerEntry& sampler : sampler_entries()) {
    if (is_baseline(sampler)) {
      all.emplace_back(sampler.id, candidates_of(sampler, sections.evaluation));
    }
  }
  HeldOut evaluation(sections, worker_count(workers, false), emit, control);
  json families = json::array();
  for (std::size_t f = 0; f < held_out.size(); ++f) {
    families.push_back(evaluation.family(f, all));
    Progress progress;
    progress.done = static_cast<std::int64_t>(f + 1);
    progress.total = static_cast<std::int64_t>(held_out.size());
    emit(std::move(progress));
  }
  emit(RunFinished{0, "completed", "", {}});
  return {{"file", file.string()}, {"preset", preset.id}, {"families", families}};
}

std::string evaluation_table(const json& evaluation) {
  const SamplerEntry& yardstick = first_sampler(is_baseline);
  std::string text =
      fmt::format("{:<12} {:>6} {:<9} {:>11} {:>9} {:>9} {:>10}  {}\n", "family", "tasks",
                  "sampler", "excess NLL", "s.e.", "diverged", "vs " + yardstick.label, "setting");
  for (const json& family : evaluation.at("families")) {
    double yard = undefined;
    for (const json& s : family.at("samplers")) {
      if (s.at("id") == yardstick.id && s.at("excess_nll").is_number())
        yard = s.at("excess_nll").get<double>();
    }
    for (const json& s : family.at("samplers")) {
      const auto value = [&s](const char* key) {
        return s.at(key).is_number() ? s.at(key).get<double>() : undefined;
      };
      text += fmt::format("{:<12} {:>6} {:<9} {:>11.4f} {:>9.4f} {:>9} {:>10.3f}  {}\n",
                          family.at("family").get<std::string>(), family.at("tasks").get<int>(),
                          s.at("id").get<std::string>(), value("excess_nll"),
                          value("standard_error"), s.at("diverged").get<int>(),
                          value("excess_nll") / yard, s.at("setting").dump());
    }
  }
  return text;
}

}  // namespace ergo
