// SPDX-License-Identifier: GPL-3.0-or-later
#include <Eigen/Dense>

#include "core/base/purpose.h"
#include "core/data/minibatch.h"
#include "core/samplers/hmc.h"
#include "core/samplers/sghmc.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

/// Bayesian linear regression (a network without hidden layers), whose posterior is known:
/// N(m, P^-1), P = X'X / s^2 + prior precision, m = P^-1 X'y / s^2, X = [x, 1].
namespace {

constexpr double noise_sd = 0.3;

struct Known {
  Eigen::Vector2d mean;
  Eigen::Matrix2d precision;
};

Posterior line() { return small_posterior(small_data(1, 0, 20), {}, "tanh"); }

Known known_of(const Posterior& posterior) {
  const Split& train = posterior.data->train;
  Known known;
  known.precision.setZero();
  Eigen::Vector2d right = Eigen::Vector2d::Zero();
  for (std::size_t i = 0; i < train.y.size(); ++i) {
    const Eigen::Vector2d x(train.x.values[i], 1.0);
    known.precision += x * x.transpose() / (noise_sd * noise_sd);
    right += x * train.y[i] / (noise_sd * noise_sd);
  }
  for (int b = 0; b < 2; ++b) {
    const double sd = posterior.prior[static_cast<std::size_t>(b)].sd;
    known.precision(b, b) += 1.0 / (sd * sd);
  }
  known.mean = known.precision.llt().solve(right);
  return known;
}

/// Stationary covariance of theta under SGHMC with all data: z' = A z + n for z = (theta - m, r),
/// so S = A S A' + N, iterated until it stands still.
Eigen::Matrix2d discrete_covariance(const Eigen::Matrix2d& p, const SghmcConfig& c) {
  const Eigen::Matrix2d one = Eigen::Matrix2d::Identity();
  const double keep = 1.0 - c.step_size * c.friction;
  Eigen::Matrix4d a, noise;
  a << one - c.step_size * c.step_size * p, c.step_size * keep * one, -c.step_size * p, keep * one;
  noise << c.step_size * c.step_size * one, c.step_size * one, c.step_size * one, one;
  noise *= 2.0 * c.friction * c.step_size * c.temperature;
  Eigen::Matrix4d sigma = noise;
  for (int i = 0; i < 20000; ++i) sigma = (a * sigma * a.transpose() + noise).eval();
  return sigma.topLeftCorner<2, 2>();
}

struct Moments {
  torch::Tensor mean, second;  ///< of each chain over time, [chains, 2] and [chains, 2, 2]
};

/// Moments of theta over the transitions after burn-in, chain by chain.
Moments moments(const Sampler& sampler, const Posterior& posterior, std::int64_t chains,
                std::int64_t burn_in, std::int64_t kept, std::int64_t batch) {
  const torch::NoGradGuard no_grad;
  const auto potential = make_fused_potential(posterior, torch::kDouble);
  std::vector<MinibatchStream> streams;
  for (std::int64_t c = 0; c < chains && batch > 0; ++c) {
    streams.emplace_back(RngKey{8}, c, posterior.data_count(), batch);
  }
  if (batch == 0) potential->bind_all();
  ChainState state = sampler.init(torch::zeros({chains, 2}, torch::kDouble), 0);
  Moments sum{torch::zeros({chains, 2}, torch::kDouble),
              torch::zeros({chains, 2, 2}, torch::kDouble)};
  for (std::int64_t t = 1; t <= burn_in + kept; ++t) {
    std::vector<std::int64_t> rows;
    for (MinibatchStream& stream : streams) {
      const auto& of_chain = stream.rows(t);
      rows.insert(rows.end(), of_chain.begin(), of_chain.end());
    }
    if (batch > 0) potential->bind(rows, batch);
    sampler.step(RngKey{9}, state, *potential);
    if (t <= burn_in) continue;
    sum.mean += state.position;
    sum.second += state.position.unsqueeze(2) * state.position.unsqueeze(1);
  }
  return {sum.mean / static_cast<double>(kept), sum.second / static_cast<double>(kept)};
}

/// Empty when the mean over chains lies within 5 standard errors of `expected`.
std::string estimates(const torch::Tensor& per_chain, double expected, const std::string& what) {
  const double mean = per_chain.mean().item<double>();
  const double error =
      per_chain.std().item<double>() / std::sqrt(static_cast<double>(per_chain.numel()));
  if (std::abs(mean - expected) < 5.0 * error) return {};
  return fmt::format("{}: {} +- {}, expected {}", what, mean, error, expected);
}

std::string agree(const Moments& found, const Eigen::Vector2d& mean,
                  const Eigen::Matrix2d& covariance) {
  for (int i = 0; i < 2; ++i) {
    if (auto p = estimates(found.mean.select(1, i), mean[i], fmt::format("mean {}", i)); !p.empty())
      return p;
    for (int j = i; j < 2; ++j) {
      auto p =
          estimates(found.second.select(1, i).select(1, j), covariance(i, j) + mean[i] * mean[j],
                    fmt::format("second moment {} {}", i, j));
      if (!p.empty()) return p;
    }
  }
  return {};
}

}  // namespace

class TestLinearRegression : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void potentialIsTheQuadratic() {
    const Posterior posterior = line();
    const Known known = known_of(posterior);
    const auto potential = make_fused_potential(posterior, torch::kDouble);
    potential->bind_all();
    const torch::Tensor theta = random_tensor(1, {1, 2}, torch::kDouble);
    const Eigen::Vector2d x(theta[0][0].item<double>(), theta[0][1].item<double>());
    const Eigen::Vector2d expected = known.precision * (x - known.mean);
    ERGO_OK(vectors_differ(doubles(potential->evaluate(theta).grad),
                           std::vector<double>{expected[0], expected[1]}, 1e-11));
  }

  void hmcIsExact() {
    const Posterior posterior = line();
    const Known known = known_of(posterior);
    SamplerContext context;
    context.layout = &posterior.layout;
    context.total_steps = 1100;
    context.burn_in = 100;
    HmcConfig config;
    config.step_size = 0.03;
    config.trajectory_length = 0.2;
    const auto sampler = make_hmc(config, context);
    Moments all;
    for (std::int64_t c = 0; c < 24; ++c) {  // HMC moves one chain a state
      const Moments one = hmc_chain(*sampler, posterior, c);
      all.mean = c == 0 ? one.mean : torch::cat({all.mean, one.mean});
      all.second = c == 0 ? one.second : torch::cat({all.second, one.second});
    }
    ERGO_OK(agree(all, known.mean, known.precision.inverse()));
  }

  void sghmcHasItsDiscreteLaw() {
    const Posterior posterior = line();
    const Known known = known_of(posterior);
    const SghmcConfig config{0.03, 8.0, 1.0};
    const auto sampler = make_sghmc(config, {});
    const Moments found = moments(*sampler, posterior, 256, 300, 4000, 0);
    ERGO_OK(agree(found, known.mean, discrete_covariance(known.precision, config)));
  }

  /// Minibatches add noise to the gradient, so the law is wider; as that noise depends on theta,
  /// the mean moves too, by far less than the posterior's sd.
  void minibatchesKeepTheMean() {
    const Posterior posterior = line();
    const Known known = known_of(posterior);
    const SghmcConfig config{0.01, 20.0, 1.0};
    const auto sampler = make_sghmc(config, {});
    const Moments found = moments(*sampler, posterior, 128, 1500, 6000, 5);
    for (int i = 0; i < 2; ++i) {
      const double sd = std::sqrt(known.precision.inverse()(i, i));
      QVERIFY(std::abs(found.mean.select(1, i).mean().item<double>() - known.mean[i]) < 0.1 * sd);
      const double wide =
          (found.second.select(1, i).select(1, i).mean() - found.mean.select(1, i).mean().square())
              .item<double>();
      QVERIFY(wide > discrete_covariance(known.precision, config)(i, i));
    }
  }

 private:
  static Moments hmc_chain(const Sampler& sampler, const Posterior& posterior, std::int64_t chain) {
    const auto potential = make_fused_potential(posterior, torch::kDouble);
    potential->bind_all();
    ChainState state = sampler.init(torch::zeros({1, 2}, torch::kDouble), chain);
    Moments sum{torch::zeros({1, 2}, torch::kDouble), torch::zeros({1, 2, 2}, torch::kDouble)};
    for (std::int64_t t = 1; t <= 1100; ++t) {
      sampler.step(RngKey{9}, state, *potential);
      if (t <= 100) continue;
      sum.mean += state.position;
      sum.second += state.position.unsqueeze(2) * state.position.unsqueeze(1);
    }
    return {sum.mean / 1000.0, sum.second / 1000.0};
  }
};

QTEST_GUILESS_MAIN(TestLinearRegression)
#include "tst_linear_regression.moc"
