// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/report.h"

#include <cmath>

#include "core/diagnostics/band.h"
#include "core/diagnostics/moments.h"
#include "core/run/agreement.h"

namespace ergo {

Report::Report(const Posterior& posterior) : posterior_(posterior) {
  if (!posterior.network) return;
  predictor_.emplace(posterior.network);
  test_ = posterior.likelihood->predictive(posterior.data->test);
  validation_ = posterior.likelihood->predictive(posterior.data->validation);
}

void Report::add_draw(const torch::Tensor& position) {
  const torch::Tensor single = position.to(torch::kFloat).contiguous();
  const float* theta = single.data_ptr<float>();
  if (predictor_) {
    predict(posterior_.data->test, theta, *test_);
    predict(posterior_.data->validation, theta, *validation_);
    predict_grid(theta);
  } else {
    positions_.insert(positions_.end(), theta, theta + single.numel());
  }
  ++draws_;
}

void Report::clear() {
  draws_ = 0;
  curve_ = {};
  positions_.clear();
  if (!predictor_) return;
  test_->clear();
  validation_->clear();
}

void Report::predict(const Split& split, const float* theta, Predictive& out) {
  const float* own = theta + posterior_.own_offset();
  predictor_->predict(split.x, theta, [&](const OutputView<float>& f) { out.add_rows(f, own); });
  out.end_draw();
}

void Report::predict_grid(const float* theta) {
  const float* own = theta + posterior_.own_offset();
  predictor_->predict(posterior_.data->grid, theta, [&](const OutputView<float>& f) {
    posterior_.likelihood->add_curve(f, own, curve_);
  });
}

double Report::validation_nll() const { return validation_ ? validation_->nll() : undefined; }

double Report::test_nll() const { return test_ ? test_->nll() : undefined; }

std::map<std::string, double> Report::metrics(const Reference* reference) const {
  if (posterior_.density) {
    std::map<std::string, double> out = diagnostics::moment_errors(
        positions_, draws_, posterior_.density->mean(), posterior_.density->sd());
    if (draws_ > 0) out.merge(posterior_.density->measures(positions_));
    return out;
  }
  std::map<std::string, double> out;
  if (draws_ == 0 || !has_test()) {
    for (const char* name : {"nll", "kld"}) out[name] = undefined;
  } else {
    out = test_->measures();
  }
  if (!std::isnan(validation_nll())) out["validation_nll"] = validation_nll();
  if (reference && reference->fits(*posterior_.data)) add_distances(*reference, out);
  return out;
}

/// Beside each distance the one between the halves of the reference: less is not resolved.
void Report::add_distances(const Reference& reference, std::map<std::string, double>& out) const {
  struct Names {
    const char *measure, *to_reference, *of_itself;
  };
  static const std::vector<Names> curves = {
      {"wasserstein", "wasserstein_to_reference", "reference_self_distance"}};
  static const std::vector<Names> classes = {
      {"top1_agreement", "agreement_with_reference", "reference_self_agreement"},
      {"total_variation", "tv_to_reference", "reference_self_tv"}};
  const std::map<std::string, double> ours = agreement(pooled(), reference.pooled()),
                                      self = reference.self_agreement();
  for (const Names& names : reference.classes > 0 ? classes : curves) {
    out[names.to_reference] = ours.contains(names.measure) ? ours.at(names.measure) : undefined;
    out[names.of_itself] = self.contains(names.measure) ? self.at(names.measure) : undefined;
  }
}

PooledPredictive Report::pooled() const {
  PooledPredictive out;
  if (draws_ == 0 || !predictor_) return out;
  if (posterior_.data->task != Task::classification) {
    out.draws = draws_;
    out.grid = posterior_.data->grid.count;
    out.f = curve_.f;
    return out;
  }
  const Predictions all = predictions();
  const auto size = static_cast<std::size_t>(all.rows * all.outputs);
  out.classes = all.outputs;
  out.probability.assign(size, 0.0);
  for (std::size_t i = 0; i < all.values.size(); ++i)
    out.probability[i % size] += std::exp(all.values[i]) / static_cast<double>(all.draws);
  return out;
}

Band Report::band() const {
  if (draws_ == 0 || curve_.f.empty()) return {};
  const std::int64_t points = posterior_.data->grid.count;
  Band band = diagnostics::band_of(curve_.f, draws_, points);
  diagnostics::add_noise_band(band, curve_.f, curve_.noise_sd, draws_, points);
  return band;
}

std::vector<double> Report::pairwise_kld() const {
  return has_test() ? test_->pairwise_kld() : std::vector<double>{};
}

ReliabilityUpdated Report::reliability() const {
  ReliabilityUpdated event;
  event.draws = draws_;
  if (draws_ == 0 || !has_test()) return event;
  diagnostics::Reliability curve = test_->reliability();
  event.predicted = std::move(curve.predicted);
  event.observed = std::move(curve.observed);
  event.weight = std::move(curve.weight);
  return event;
}

}  // namespace ergo
