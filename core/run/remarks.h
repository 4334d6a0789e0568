// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "core/config/run_config.h"
#include "core/data/dataset.h"

namespace ergo {

/// What is said before a run: how its data were read (notes), and what is likely not meant
/// (warnings). Sentences.
struct Remarks {
  std::vector<std::string> notes, warnings;
};

/// Adds what the source of the data has to say, and warns of a noise sd that is far from the sd of
/// the training targets. @param noise_sd  of the likelihood, units of the targets; 0: taken from
/// the targets, which the note about the data then says; regression only.
void add_data_remarks(Remarks& remarks, const Dataset& data, const std::string& likelihood,
                      double noise_sd);

/// A minibatch of more points than there are is all data (batch_size 0), which a note says.
void fit_batch(RunConfig& config, std::int64_t data_count, Remarks& remarks);

}  // namespace ergo
