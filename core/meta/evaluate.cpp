// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>

#include "core/base/parallel.h"
#include "core/events/emitter.h"
#include "core/meta/meta.h"
#include "core/meta/meta_sections.h"
#include "core/meta/unroll.h"
#include "core/samplers/csgmcmc.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"

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

Candidate baseline(const SghmcConfig& config) {
  return {[config](const SamplerContext& c) { return make_sghmc(config, c); },
          {{"step_size", config.step_size},
           {"friction", config.friction},
           {"temperature", config.temperature}}};
}

Candidate cyclical_baseline(const SghmcConfig& dynamics, std::int64_t cycles) {
  CsgmcmcConfig config;
  config.step_size = dynamics.step_size;
  config.friction = dynamics.friction;
  config.temperature = dynamics.temperature;
  config.cycles = cycles;
  Candidate candidate = baseline(dynamics);
  candidate.make = [config](const SamplerContext& c) { return make_csgmcmc(config, c); };
  return candidate;
}

std::vector<SghmcConfig> grid_of(const EvaluationConfig& e) {
  std::vector<SghmcConfig> grid;
  for (const double temperature : e.temperatures) {
    for (const double step_size : e.step_sizes) {
      for (const double friction : e.frictions) grid.push_back({step_size, friction, temperature});
    }
  }
  return grid;
}

}  // namespace

json evaluate_meta(const std::filesystem::path& file, const Preset& preset, int workers,
                   const EventSink& sink, RunControl& control) {
  const MetaSections sections = meta_sections(preset);
  const MetaParameters phi = load_meta_parameters(file);
  Emitter emit(sink, 1);
  Candidate l2e;
  l2e.make = [&phi](const SamplerContext& context) { return make_l2e(phi, context); };
  std::vector<Candidate> sghmc, csgmcmc;
  for (const SghmcConfig& config : grid_of(sections.evaluation)) {
    sghmc.push_back(baseline(config));
    csgmcmc.push_back(cyclical_baseline(config, sections.evaluation.cycles));
  }
  const std::vector<std::pair<std::string, std::vector<Candidate>>> all = {
      {"l2e", {l2e}}, {"sghmc", sghmc}, {"csgmcmc", csgmcmc}};
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
  std::string text =
      fmt::format("{:<12} {:>6} {:<9} {:>11} {:>9} {:>9} {:>10}  {}\n", "family", "tasks",
                  "sampler", "excess NLL", "s.e.", "diverged", "vs SGHMC", "setting");
  for (const json& family : evaluation.at("families")) {
    double sghmc = undefined;
    for (const json& s : family.at("samplers")) {
      if (s.at("id") == "sghmc" && s.at("excess_nll").is_number())
        sghmc = s.at("excess_nll").get<double>();
    }
    for (const json& s : family.at("samplers")) {
      const auto value = [&s](const char* key) {
        return s.at(key).is_number() ? s.at(key).get<double>() : undefined;
      };
      text += fmt::format("{:<12} {:>6} {:<9} {:>11.4f} {:>9.4f} {:>9} {:>10.3f}  {}\n",
                          family.at("family").get<std::string>(), family.at("tasks").get<int>(),
                          s.at("id").get<std::string>(), value("excess_nll"),
                          value("standard_error"), s.at("diverged").get<int>(),
                          value("excess_nll") / sghmc, s.at("setting").dump());
    }
  }
  return text;
}

}  // namespace ergo
