// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/agreement.h"

#include "core/diagnostics/agreement.h"
#include "core/diagnostics/wasserstein.h"

namespace ergo {

std::map<std::string, double> agreement(const PooledPredictive& a, const PooledPredictive& b) {
  if (a.classes > 0 && a.classes == b.classes && a.probability.size() == b.probability.size()) {
    return {
        {"top1_agreement", diagnostics::top1_agreement(a.probability, b.probability, a.classes)},
        {"total_variation", diagnostics::total_variation(a.probability, b.probability, a.classes)}};
  }
  if (a.classes > 0 || b.classes > 0 || a.f.empty() || b.f.empty() || a.grid != b.grid) return {};
  return {{"wasserstein", diagnostics::mean_wasserstein(a.f, a.draws, b.f, b.draws, a.grid)}};
}

std::vector<PairAgreement> pairwise_agreement(const std::vector<std::string>& ids,
                                              const std::vector<PooledPredictive>& predictives) {
  std::vector<PairAgreement> pairs;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    for (std::size_t j = i + 1; j < ids.size(); ++j) {
      PairAgreement pair{ids[i], ids[j], agreement(predictives[i], predictives[j])};
      if (!pair.measures.empty()) pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

}  // namespace ergo
