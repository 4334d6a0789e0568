// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/remarks.h"

#include <spdlog/fmt/fmt.h>

namespace ergo {
void add_data_remarks(Remarks& remarks, const Dataset& data, const std::string& likelihood,
                      double noise_sd) {
  remarks.notes.insert(remarks.notes.end(), data.notes.begin(), data.notes.end());
  remarks.warnings.insert(remarks.warnings.end(), data.warnings.begin(), data.warnings.end());
  if (data.task != Task::regression) return;
  // A fit to three digits is rare, and a noise beyond the spread of the data leaves nothing to fit.
  constexpr double smallest = 1e-3, largest = 10.0;
  if (noise_sd == 0.0 && !remarks.notes.empty()) {
    remarks.notes.back() +=
        fmt::format(" Likelihood {}, noise sd 0.3 of the targets'.", likelihood);
  }
  for (const double sd : target_sd(data)) {
    if (noise_sd == 0.0 || (noise_sd >= smallest * sd && noise_sd <= largest * sd)) continue;
    remarks.warnings.push_back(fmt::format(
        "Field 'posterior.noise_sd' is {:.6g}, but the training targets have sd {:.6g}: the "
        "likelihood is {} than they suggest; set it to the expected sd of the noise.",
        noise_sd, sd, noise_sd < sd ? "far narrower" : "far wider"));
  }
}

void fit_batch(RunConfig& config, std::int64_t data_count, Remarks& remarks) {
  if (config.batch_size <= data_count) return;
  remarks.notes.push_back(fmt::format(
      "Field 'batch_size' is {}, but there are {} training points: every transition takes all of "
      "them.",
      config.batch_size, data_count));
  config.batch_size = 0;
}

}  // namespace ergo
