// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measures/measures.h"

#include <algorithm>
#include <cmath>

namespace ergo {
namespace {

constexpr std::int64_t pair = 2;  // draws

std::size_t rank(const std::string& id) {
  const Measure* measure = find_measure(id);
  return measure ? static_cast<std::size_t>(measure - measures().data()) : measures().size();
}

/// Of the record of f (FORMAT.md, "Convergence").
Measure convergence(const char* id, const char* title, Better better, const char* doc,
                    bool timed = false) {
  return {.id = id,
          .title = title,
          .unit = "",
          .doc = doc,
          .better = better,
          .needs = "chains that are looked at when they have ended",
          .convergence = true,
          .timed = timed};
}

}  // namespace

const std::vector<Measure>& measures() {
  static const std::vector<Measure> table = {
      {"accuracy", "Accuracy", "", "Share of correct classes; higher is better.", Better::higher},
      {"nll", "NLL", "nats", "Negative log-likelihood per test point, nats; lower is better.",
       Better::lower},
      {"rmse", "RMSE", "units of y",
       "Root mean squared error of the mean, original units; lower is better.", Better::lower},
      {"coverage_90", "Coverage 90 %", "",
       "Share of test points inside the central 90 % interval; 0.9 is best.", Better::nominal, 0.9},
      {"ece", "ECE", "", "Expected calibration error, 15 bins; lower is better.", Better::lower},
      {"brier", "Brier", "", "Brier score; lower is better.", Better::lower},
      {.id = "kld",
       .title = "Pairwise KL",
       .unit = "nats",
       .doc = "Mean KL divergence between the predictives of two draws, nats: diversity, neither "
              "good nor bad by itself.",
       .least_draws = pair},
      {.id = "disagreement",
       .title = "Disagreement",
       .unit = "",
       .doc = "Share of test points where two draws predict different classes.",
       .least_draws = pair},
      {.id = "wasserstein_to_reference",
       .title = "W1 to HMC",
       .unit = "units of y",
       .doc = "Mean 1-D Wasserstein distance of f(x) to the HMC reference, original units; lower "
              "is better.",
       .better = Better::lower,
       .needs = "an HMC reference"},
      {.id = "reference_self_distance",
       .title = "W1 of HMC to itself",
       .unit = "units of y",
       .doc = "Distance between the halves of the reference; a difference below it is not "
              "resolved.",
       .needs = "an HMC reference of two chains"},
      {.id = "agreement_with_reference",
       .title = "Agreement with HMC",
       .unit = "",
       .doc = "Share of test points where the most probable class is the HMC reference's; higher "
              "is better.",
       .better = Better::higher,
       .needs = "an HMC reference"},
      {.id = "reference_self_agreement",
       .title = "Agreement of HMC with itself",
       .unit = "",
       .doc = "The same between the halves of the reference; more than that is not resolved.",
       .needs = "an HMC reference of two chains"},
      {.id = "tv_to_reference",
       .title = "TV to HMC",
       .unit = "",
       .doc = "Mean total variation distance of the class probabilities to the HMC reference, 0 to "
              "1; lower is better.",
       .better = Better::lower,
       .needs = "an HMC reference"},
      {.id = "reference_self_tv",
       .title = "TV of HMC to itself",
       .unit = "",
       .doc = "The same between the halves of the reference; a distance below it is not resolved.",
       .needs = "an HMC reference of two chains"},
      {.id = "mean_error",
       .title = "Error of the mean",
       .unit = "true sd",
       .doc = "Targets with known moments: largest |mean of the draws - true mean| / true sd over "
              "the coordinates; lower is better.",
       .better = Better::lower,
       .least_draws = pair},
      {.id = "sd_error",
       .title = "Error of the sd",
       .unit = "",
       .doc = "Targets with known moments: largest |sd of the draws / true sd - 1| over the "
              "coordinates; lower is better.",
       .better = Better::lower,
       .least_draws = pair},
      {"modes_visited", "Modes visited", "",
       "Mixture: modes with a draw within three sds of their centre; higher is better.",
       Better::higher},
      {"neck_mass", "Mass of the neck", "",
       "Funnel: share of draws whose log scale lies in its lowest tenth; 0.1 is best.",
       Better::nominal, 0.1},
      {.id = "validation_nll",
       .title = "Validation NLL",
       .unit = "nats",
       .doc = "NLL on the validation data, by which settings are chosen; lower is better.",
       .better = Better::lower,
       .needs = "validation data"},
      convergence("rhat_median", "R-hat", Better::lower,
                  "Rank-normalised split R-hat of f, median over its values; 1 is best."),
      convergence("rhat_worst", "Worst R-hat", Better::lower,
                  "Rank-normalised split R-hat of f, the largest over its values; 1 is best."),
      convergence("ess_bulk_median", "Bulk ESS", Better::higher,
                  "Effective number of draws for the location of f, of all chains together, median "
                  "over its values; higher is better."),
      convergence("ess_bulk_worst", "Worst bulk ESS", Better::higher,
                  "The same, the smallest over the values of f; higher is better."),
      convergence("ess_tail_median", "Tail ESS", Better::higher,
                  "Effective number of draws for the 5 % and 95 % quantiles of f, the smaller one, "
                  "median over its values; higher is better."),
      convergence("ess_tail_worst", "Worst tail ESS", Better::higher,
                  "The same, the smallest over the values of f; higher is better."),
      convergence(
          "mcse_median", "MCSE", Better::lower,
          "Monte Carlo standard error of the mean of f, units of f, median over its values; "
          "lower is better."),
      convergence("mcse_worst", "Worst MCSE", Better::lower,
                  "The same, the largest over the values of f; lower is better."),
      convergence("crhat_below_1.1", "cR-hat < 1.1", Better::higher,
                  "Share of chain-wise R-hats of f (one chain, two halves) below 1.1; higher is "
                  "better."),
      convergence("crhat_below_1.2", "cR-hat < 1.2", Better::higher,
                  "Share of chain-wise R-hats of f (one chain, two halves) below 1.2; higher is "
                  "better."),
      convergence("ess_capped", "ESS at its cap", Better::neither,
                  "Share of the values of f whose ESS is at its bound S log10(S), as of antithetic "
                  "chains: there it is no estimate."),
      convergence("ess_per_evaluation", "ESS / evaluation", Better::higher,
                  "Median bulk ESS of f per gradient evaluation, burn-in included; higher is "
                  "better."),
      convergence(
          "ess_per_second", "ESS / CPU s", Better::higher,
          "Median bulk ESS of f per CPU second of the transitions, burn-in included; higher "
          "is better.",
          true),
  };
  return table;
}

const Measure* find_measure(const std::string& id) {
  const auto at = std::find_if(measures().begin(), measures().end(),
                               [&id](const Measure& measure) { return measure.id == id; });
  return at == measures().end() ? nullptr : &*at;
}

bool is_convergence(const std::string& id) {
  const Measure* measure = find_measure(id);
  return measure && measure->convergence;
}

bool measure_before(const std::string& a, const std::string& b) {
  return rank(a) != rank(b) ? rank(a) < rank(b) : a < b;
}

double penalty(const Measure& measure, double value) {
  switch (measure.better) {
    case Better::lower:
      return value;
    case Better::higher:
      return -value;
    case Better::nominal:
      return std::abs(value - measure.nominal);
    case Better::neither:
      break;
  }
  return 0.0;
}

std::string why_undefined(const std::string& id, const MeasuredDraws& from, bool computed) {
  const Measure* measure = find_measure(id);
  if (from.all_diverged) return "every chain diverged";
  if (from.draws == 0) return "no draws";
  if (measure && from.draws < measure->least_draws) return "it needs two draws";
  if (computed) return "its computation was not finite";
  if (measure && !measure->needs.empty()) return "it needs " + measure->needs;
  return "it is not measured for this sampler";
}

}  // namespace ergo
