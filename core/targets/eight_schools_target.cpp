// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/targets/eight_schools_target.h"

#include <array>
#include <cmath>

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr std::size_t schools = 8, coordinates = schools + 2;
constexpr std::array<double, schools> effect = {28, 8, -3, 7, -1, 1, 18, 12};
constexpr std::array<double, schools> error = {15, 10, 16, 11, 9, 11, 10, 18};
constexpr double mu_sd = 5.0, tau_scale = 5.0;

/// First and second moments of theta given tau, and the logarithm of the density of log tau up to
/// a constant.
struct GivenTau {
  double log_weight = 0.0;
  std::array<double, coordinates> first{}, second{};
};

GivenTau given(double log_tau) {
  const double tau = std::exp(log_tau);
  GivenTau out;
  double precision = 1.0 / (mu_sd * mu_sd), sum = 0.0;  // of mu, y integrated over eta
  out.log_weight = log_tau - std::log1p(tau * tau / (tau_scale * tau_scale));
  for (std::size_t i = 0; i < schools; ++i) {
    const double variance = error[i] * error[i] + tau * tau;
    precision += 1.0 / variance;
    sum += effect[i] / variance;
    out.log_weight -= 0.5 * (std::log(variance) + effect[i] * effect[i] / variance);
  }
  const double mu = sum / precision;
  out.log_weight += 0.5 * (mu * sum - std::log(precision));
  out.first[0] = mu, out.second[0] = mu * mu + 1.0 / precision;
  out.first[1] = log_tau, out.second[1] = log_tau * log_tau;
  for (std::size_t i = 0; i < schools; ++i) {
    const double variance = error[i] * error[i] + tau * tau, slope = tau / variance;
    const double rest = effect[i] - mu;
    out.first[i + 2] = slope * rest;
    out.second[i + 2] =
        error[i] * error[i] / variance + slope * slope * (rest * rest + 1.0 / precision);
  }
  return out;
}

class EightSchoolsTarget final : public LogDensity {
 public:
  EightSchoolsTarget() : mean_(coordinates, 0.0), sd_(coordinates, 0.0) {
    double total = 0.0;
    for (int k = -4000; k <= 2000; ++k) {  // below and above, weights under exp(-35)
      const GivenTau at = given(0.01 * k);
      const double weight = std::exp(at.log_weight);
      total += weight;
      for (std::size_t i = 0; i < coordinates; ++i) {
        mean_[i] += weight * at.first[i];
        sd_[i] += weight * at.second[i];
      }
    }
    for (std::size_t i = 0; i < coordinates; ++i) {
      mean_[i] /= total;
      sd_[i] = std::sqrt(sd_[i] / total - mean_[i] * mean_[i]);
    }
  }

  std::string id() const override { return "eight_schools"; }
  std::int64_t dimensions() const override { return coordinates; }
  torch::Tensor potential(const torch::Tensor& theta) const override {
    const torch::Tensor mu = theta.narrow(1, 0, 1), log_tau = theta.select(1, 1);
    const torch::Tensor eta = theta.narrow(1, 2, schools), tau = torch::exp(log_tau);
    const auto like = [&theta](const std::array<double, schools>& values) {
      return torch::tensor(std::vector<double>(values.begin(), values.end())).to(theta.options());
    };
    const torch::Tensor rest = (like(effect) - mu - tau.unsqueeze(1) * eta) / like(error);
    return 0.5 * (rest.square().sum(1) + eta.square().sum(1) +
                  mu.squeeze(1).square() / (mu_sd * mu_sd)) +
           torch::log1p(tau.square() / (tau_scale * tau_scale)) - log_tau;
  }
  std::vector<double> mean() const override { return mean_; }
  std::vector<double> sd() const override { return sd_; }

 private:
  std::vector<double> mean_, sd_;
};

}  // namespace

std::shared_ptr<const LogDensity> make_eight_schools_target(const EightSchoolsTargetConfig&) {
  return std::make_shared<EightSchoolsTarget>();
}

}  // namespace ergo
