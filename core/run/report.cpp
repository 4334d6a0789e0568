// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/diagnostics/band.h"
#include "core/diagnostics/calibration.h"
#include "core/diagnostics/diversity.h"
#include "core/diagnostics/predictive.h"
#include "core/diagnostics/wasserstein.h"

namespace ergo {
namespace {

constexpr std::int64_t rows_at_once = 1024;

/// Outputs of some examples: unit u of example i is f(u, i).
struct Outputs {
  const float* data;
  std::int64_t units, stride;
  float operator()(std::int64_t unit, std::int64_t example) const {
    return data[unit * stride + example];
  }
};

/// Calls use(outputs, count) for chunks of rows of x.
template <class F>
void for_each_chunk(const Inputs& x, const float* theta, const MlpShape& shape,
                    MlpBuffers<float>& buffers, F&& use) {
  std::vector<std::int64_t> rows;
  std::vector<float> chunk;
  for (std::int64_t first = 0; first < x.count; first += rows_at_once) {
    const std::int64_t count = std::min(rows_at_once, x.count - first);
    rows.resize(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), first);
    chunk.resize(static_cast<std::size_t>(x.shape.size() * count + row_padding));
    x.gather(rows.data(), count, chunk.data());
    mlp_bind(shape, chunk.data(), count, buffers);
    mlp_forward(shape, theta, buffers);
    use(Outputs{buffers.h.back().data(), shape.widths.back(), buffers.stride}, count);
  }
}

}  // namespace

Report::Report(const Posterior& posterior)
    : posterior_(posterior), shape_(posterior.network->shape()) {}

double Report::sigma() const {
  return posterior_.noise_sd * posterior_.data->standardisation.y_sd[0];
}

void Report::add_draw(const torch::Tensor& position) {
  const torch::Tensor single = position.to(torch::kFloat).contiguous();
  const float* theta = single.data_ptr<float>();
  predict(posterior_.data->test, theta, test_);
  predict(posterior_.data->validation, theta, validation_);
  predict_grid(theta);
  ++draws_;
}

void Report::clear() {
  draws_ = 0;
  test_ = {};
  validation_ = {};
  grid_f_.clear();
}

void Report::predict(const Split& split, const float* theta, SplitPredictions& out) {
  const Standardisation& scale = posterior_.data->standardisation;
  const bool regression = posterior_.data->task == Task::regression;
  for_each_chunk(split.x, theta, shape_, buffers_, [&](const Outputs& f, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (regression) {
        out.f.push_back(static_cast<double>(f(0, i)) * scale.y_sd[0] + scale.y_mean[0]);
        continue;
      }
      float top = f(0, i), sum = 0.0f;
      for (std::int64_t c = 1; c < f.units; ++c) top = std::max(top, f(c, i));
      for (std::int64_t c = 0; c < f.units; ++c) sum += std::exp(f(c, i) - top);
      const float log_sum = top + std::log(sum);
      for (std::int64_t c = 0; c < f.units; ++c) out.log_prob.push_back(f(c, i) - log_sum);
    }
  });
}

void Report::predict_grid(const float* theta) {
  const Standardisation& scale = posterior_.data->standardisation;
  if (posterior_.data->grid.count == 0) return;
  for_each_chunk(
      posterior_.data->grid, theta, shape_, buffers_, [&](const Outputs& f, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          grid_f_.push_back(static_cast<double>(f(0, i)) * scale.y_sd[0] + scale.y_mean[0]);
        }
      });
}

std::vector<double> Report::original_targets(const Split& split) const {
  const Standardisation& scale = posterior_.data->standardisation;
  std::vector<double> y = split.y;
  for (double& value : y) value = value * scale.y_sd[0] + scale.y_mean[0];
  return y;
}

double Report::nll_of(const Split& split, const SplitPredictions& predictions) const {
  if (draws_ == 0 || split.size() == 0) return undefined;
  if (posterior_.data->task == Task::regression) {
    return diagnostics::gaussian_nll(predictions.f, draws_, original_targets(split), sigma());
  }
  const auto bma = diagnostics::bma_log_prob(predictions.log_prob, draws_, split.size(),
                                             posterior_.data->outputs);
  return diagnostics::nll(bma, split.labels);
}

double Report::validation_nll() const { return nll_of(posterior_.data->validation, validation_); }

double Report::test_nll() const { return nll_of(posterior_.data->test, test_); }

std::map<std::string, double> Report::regression_metrics() const {
  const std::vector<double> y = original_targets(posterior_.data->test);
  const std::int64_t points = posterior_.data->test.size();
  const std::vector<double> kld =
      diagnostics::pairwise_kld_gaussian(test_.f, draws_, points, sigma());
  return {
      {"nll", diagnostics::gaussian_nll(test_.f, draws_, y, sigma())},
      {"rmse", diagnostics::rmse(test_.f, draws_, y)},
      {"coverage_90", diagnostics::coverage(diagnostics::pit(test_.f, draws_, y, sigma()), 0.9)},
      {"kld", diagnostics::mean_over_pairs(kld, draws_)}};
}

std::map<std::string, double> Report::classification_metrics() const {
  const Split& test = posterior_.data->test;
  const std::int64_t classes = posterior_.data->outputs;
  const auto bma = diagnostics::bma_log_prob(test_.log_prob, draws_, test.size(), classes);
  const auto bins = diagnostics::reliability_bins(bma, test.labels);
  return {{"accuracy", diagnostics::accuracy(bma, test.labels)},
          {"nll", diagnostics::nll(bma, test.labels)},
          {"ece", diagnostics::expected_calibration_error(bins)},
          {"brier", diagnostics::brier(bma, test.labels)},
          {"kld", diagnostics::mean_over_pairs(pairwise_kld(), draws_)},
          {"disagreement",
           diagnostics::pairwise_disagreement(test_.log_prob, draws_, test.size(), classes)}};
}

std::map<std::string, double> Report::metrics(const Reference* reference) const {
  const bool regression = posterior_.data->task == Task::regression;
  std::map<std::string, double> out;
  if (draws_ == 0 || posterior_.data->test.size() == 0) {
    for (const char* name : {"nll", "kld"}) out[name] = undefined;
  } else {
    out = regression ? regression_metrics() : classification_metrics();
  }
  if (!std::isnan(validation_nll())) out["validation_nll"] = validation_nll();
  if (reference && posterior_.data->grid.count == reference->grid) {
    out["reference_self_distance"] = reference->self_distance();
    out["wasserstein_to_reference"] =
        draws_ == 0
            ? undefined
            : diagnostics::mean_wasserstein(grid_f_, draws_, reference->f,
                                            reference->chains * reference->draws, reference->grid);
  }
  return out;
}

Band Report::band() const {
  if (draws_ == 0 || posterior_.data->grid.count == 0) return {};
  return diagnostics::band_of(grid_f_, draws_, posterior_.data->grid.count);
}

std::vector<double> Report::pairwise_kld() const {
  const Split& test = posterior_.data->test;
  if (posterior_.data->task == Task::regression) {
    return diagnostics::pairwise_kld_gaussian(test_.f, draws_, test.size(), sigma());
  }
  return diagnostics::pairwise_kld(test_.log_prob, draws_, test.size(), posterior_.data->outputs);
}

ReliabilityUpdated Report::reliability() const {
  const Split& test = posterior_.data->test;
  diagnostics::Reliability curve;
  if (draws_ > 0 && posterior_.data->task == Task::regression) {
    curve = diagnostics::coverage_curve(
        diagnostics::pit(test_.f, draws_, original_targets(test), sigma()));
  } else if (draws_ > 0) {
    curve = diagnostics::reliability_bins(
        diagnostics::bma_log_prob(test_.log_prob, draws_, test.size(), posterior_.data->outputs),
        test.labels);
  }
  ReliabilityUpdated event;
  event.draws = draws_;
  event.predicted = std::move(curve.predicted);
  event.observed = std::move(curve.observed);
  event.weight = std::move(curve.weight);
  return event;
}

}  // namespace ergo
