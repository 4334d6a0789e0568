// SPDX-License-Identifier: GPL-3.0-or-later
// The worked numbers of UNITS.md: both sides take the same steps.
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "core/base/noise.h"
#include "core/samplers/l2e.h"
#include "core/samplers/psgld.h"
#include "core/samplers/sghmc.h"
#include "core/samplers/sgld.h"
#include "core/samplers/sgnht.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

using Numbers = std::map<std::string, double>;

struct Row {
  std::string what;
  Numbers here, there;
};

/// "`a=1 b=2`" as numbers.
Numbers numbers_of(const std::string& cell) {
  Numbers numbers;
  std::istringstream words(cell.substr(1, cell.size() - 2));
  for (std::string word; words >> word;) {
    const auto at = word.find('=');
    numbers[word.substr(0, at)] = std::stod(word.substr(at + 1));
  }
  return numbers;
}

/// The rows of the page's last table.
std::vector<Row> worked_numbers() {
  std::ifstream page(ERGO_UNITS_PAGE);
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    inside = inside || line == "## Worked numbers";
    if (!inside || !line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 0, bar; (bar = line.find(" |", at + 1)) != std::string::npos;
         at = bar + 1)
      cells.push_back(line.substr(at + 2, bar - at - 2));
    rows.push_back({cells.at(0).substr(1, cells[0].size() - 2), numbers_of(cells.at(1)),
                    numbers_of(cells.at(2))});
  }
  return rows;
}

constexpr RngKey key{12};
const std::vector<double> precisions = {30.0, 200.0, 1000.0};
constexpr std::size_t d = 3;

using Vector = std::vector<double>;

/// The state of the other side, and what its update sees: grad U / n, one normal a coordinate.
struct Other {
  Vector theta = {1.0, -0.5, 0.25}, momentum = Vector(d, 0.0), squares = Vector(d, 0.0);
  double xi = 0.0;
};
using Update = std::function<void(const Vector& mean_gradient, const Vector& noise, Other&)>;

/// Empty when `steps` transitions of the sampler and of `update` end at one position. `start`: both
/// begin with these momenta.
std::string paths_differ(const Sampler& sampler, double n, int steps, const Update& update) {
  const torch::NoGradGuard no_grad;
  QuadraticPotential potential(diagonal(precisions), d, static_cast<std::int64_t>(n));
  Other other;
  ChainState state = sampler.init(torch::tensor(other.theta, torch::kDouble).reshape({1, d}), 0);
  for (int t = 1; t <= steps; ++t) {
    Vector gradient(d), noise(d);
    for (std::size_t i = 0; i < d; ++i) gradient[i] = precisions[i] * other.theta[i] / n;
    fill_normal(key, 0, t, d, noise.data());
    update(gradient, noise, other);
    sampler.step(key, state, potential);
  }
  return vectors_differ(doubles(state.position), other.theta, 1e-4);
}

/// The momenta after one transition from one state (theta, r), for libraries that move the position
/// with the old momentum; `scale` makes theirs ours.
std::string momenta_differ(const Sampler& sampler, double n, double scale, const Update& update) {
  const torch::NoGradGuard no_grad;
  QuadraticPotential potential(diagonal(precisions), d, static_cast<std::int64_t>(n));
  Other other;
  const Vector r = {0.7, -1.1, 2.0};
  ChainState state = sampler.init(torch::tensor(other.theta, torch::kDouble).reshape({1, d}), 0);
  Vector gradient(d), noise(d), moved = other.theta;
  for (std::size_t i = 0; i < d; ++i) {
    state.momentum[0][static_cast<std::int64_t>(i)] = r[i];
    other.momentum[i] = r[i] / scale;
    gradient[i] = precisions[i] * other.theta[i] / n;
  }
  fill_normal(key, 0, 1, d, noise.data());
  const double eps = sampler.step(key, state, potential).step_size;
  update(gradient, noise, other);
  for (std::size_t i = 0; i < d; ++i) {
    moved[i] += eps * r[i];
    other.momentum[i] *= scale;
  }
  if (auto p = vectors_differ(doubles(state.momentum), other.momentum, 1e-5, "r"); !p.empty())
    return p;
  return vectors_differ(other.theta, moved, 1e-5, "theta");
}

std::unique_ptr<Sampler> sghmc_of(const Numbers& n) {
  return make_sghmc({n.at("step_size"), n.at("friction"), n.at("temperature")}, {});
}

std::string torch_sgd(const Numbers& here, const Numbers& there) {
  return paths_differ(*sghmc_of(here), here.at("n"), 30,
                      [&](const Vector& gradient, const Vector&, Other& o) {
                        for (std::size_t i = 0; i < d; ++i) {
                          o.momentum[i] = there.at("momentum") * o.momentum[i] + gradient[i];
                          o.theta[i] -= there.at("lr") * o.momentum[i];
                        }
                      });
}

std::string torch_rmsprop(const Numbers& here, const Numbers& there) {
  const auto sampler = make_psgld(
      {here.at("step_size"), here.at("decay"), here.at("stabiliser"), here.at("temperature")}, {});
  return paths_differ(
      *sampler, here.at("n"), 30, [&](const Vector& gradient, const Vector&, Other& o) {
        const double alpha = there.at("alpha");
        for (std::size_t i = 0; i < d; ++i) {
          o.squares[i] = alpha * o.squares[i] + (1.0 - alpha) * gradient[i] * gradient[i];
          o.theta[i] -= there.at("lr") * gradient[i] / (std::sqrt(o.squares[i]) + there.at("eps"));
        }
      });
}

std::string csgmcmc_code(const Numbers& here, const Numbers& there) {
  const double lr = there.at("lr"), alpha = there.at("alpha"), n = here.at("n");
  const double noise_scale = std::sqrt(2.0 * lr * alpha * there.at("temperature") / n);
  return paths_differ(
      *sghmc_of(here), n, 30, [&](const Vector& gradient, const Vector& noise, Other& o) {
        for (std::size_t i = 0; i < d; ++i) {
          o.momentum[i] = (1.0 - alpha) * o.momentum[i] - lr * gradient[i] + noise_scale * noise[i];
          o.theta[i] += o.momentum[i];
        }
      });
}

std::string bnn_hmc(const Numbers& here, const Numbers& there) {
  const double root = std::sqrt(there.at("lr")), keep = there.at("decay"), n = here.at("n");
  return paths_differ(*sghmc_of(here), n, 30,
                      [&](const Vector& gradient, const Vector& noise, Other& o) {
                        for (std::size_t i = 0; i < d; ++i) {
                          o.momentum[i] = keep * o.momentum[i] - root * n * gradient[i] +
                                          std::sqrt(2.0 * (1.0 - keep)) * noise[i];
                          o.theta[i] += root * o.momentum[i];
                        }
                      });
}

/// theta' = theta - a grad U / n + sqrt(2 b) noise.
Update langevin(double a, double b) {
  return [a, b](const Vector& gradient, const Vector& noise, Other& o) {
    for (std::size_t i = 0; i < d; ++i)
      o.theta[i] += -a * gradient[i] + std::sqrt(2.0 * b) * noise[i];
  };
}

std::string sghmc_as_sgld(const Numbers& here, const Numbers& there) {
  const double eps = there.at("step_size"), n = here.at("n");
  return paths_differ(*sghmc_of(here), n, 30, langevin(eps * n, eps * there.at("temperature")));
}

std::unique_ptr<Sampler> sgld_of(const Numbers& n) {
  return make_sgld({n.at("step_size"), n.at("temperature")}, {});
}

std::string welling_teh(const Numbers& here, const Numbers& there) {
  const double half = there.at("eps") / 2.0, n = here.at("n");
  return paths_differ(*sgld_of(here), n, 30, langevin(half * n, half));
}

std::string posteriors_sgld(const Numbers& here, const Numbers& there) {
  const double lr = there.at("lr");
  return paths_differ(*sgld_of(here), here.at("n"), 30, langevin(lr, lr * there.at("temperature")));
}

/// Of posteriors and BlackJAX, with U / n or U: theta' = theta + e m,
/// m' = m - e grad - e alpha m + sqrt(2 alpha e T) noise. xi in the place of alpha for SGNHT.
Update old_momentum_first(double e, double alpha, double temperature, double gradient_scale) {
  return [=](const Vector& gradient, const Vector& noise, Other& o) {
    for (std::size_t i = 0; i < d; ++i) {
      o.theta[i] += e * o.momentum[i];
      o.momentum[i] += -e * gradient_scale * gradient[i] - e * alpha * o.momentum[i] +
                       std::sqrt(2.0 * alpha * e * temperature) * noise[i];
    }
  };
}

std::string posteriors_sghmc(const Numbers& here, const Numbers& there) {
  const double n = here.at("n");
  return momenta_differ(
      *sghmc_of(here), n, std::sqrt(n),
      old_momentum_first(there.at("lr"), there.at("alpha"), there.at("temperature"), 1.0));
}

/// The momentum, and the thermostat: xi sqrt(n) of theirs is ours. Theirs looks at the old
/// momentum, so that its second change is compared with our first, from the same momentum.
std::string posteriors_sgnht(const Numbers& here, const Numbers& there) {
  const double n = here.at("n"), lr = there.at("lr"), temperature = there.at("temperature");
  const auto sampler =
      make_sgnht({here.at("step_size"), here.at("friction"), 1.0, here.at("temperature")}, {});
  auto p = momenta_differ(*sampler, n, std::sqrt(n),
                          old_momentum_first(lr, there.at("alpha"), temperature, 1.0));
  if (!p.empty()) return p;
  const torch::NoGradGuard no_grad;
  QuadraticPotential potential(diagonal(precisions), d, static_cast<std::int64_t>(n));
  ChainState state = sampler->init(torch::ones({1, d}, torch::kDouble), 0);
  sampler->step(key, state, potential);
  const double heat = state.momentum.square().mean().item<double>() / n;  // of r / sqrt(n)
  const double xi = there.at("alpha") + lr * (heat - temperature);
  return differs(state.extra[0].item<double>(), xi * std::sqrt(n), 1e-9, "xi");
}

std::string blackjax_sghmc(const Numbers& here, const Numbers& there) {
  const double n = here.at("n");
  return momenta_differ(
      *sghmc_of(here), n, 1.0,
      old_momentum_first(there.at("step_size"), there.at("alpha"), there.at("temperature"), n));
}

/// What the dynamics come to, with (alpha, beta) = (0, r).
std::string l2e(const Numbers& here, const Numbers& there) {
  MetaParameters phi;
  phi.step_multiplier = there.at("step_multiplier");
  phi.noise_multiplier = there.at("noise_multiplier");
  phi.friction = there.at("friction");
  phi.data_size = 0;  // n
  const L2eUpdate found = l2e_numbers(phi, static_cast<std::int64_t>(here.at("n")));
  const SghmcUpdate expected{here.at("step_size"), here.at("friction"), here.at("temperature")};
  if (auto p = differs(found.step_size / expected.step_size, 1.0, 1e-5, "eps"); !p.empty())
    return p;
  if (auto p = differs(found.friction, expected.friction, 1e-12, "C"); !p.empty()) return p;
  return differs(found.noise_scale / expected.noise_scale(), 1.0, 1e-5, "noise");
}

/// The stationary variance by iteration of the chain's covariance, and by the page's formula.
std::string variance(const Numbers& here, const Numbers& there) {
  const double eps = here.at("step_size"), c = here.at("friction"), t = here.at("temperature");
  const double p = there.at("curvature"), keep = 1.0 - eps * c, q = 2.0 * c * eps * t;
  double xx = 0.0, xr = 0.0, rr = 0.0;  // theta' = (1 - eps^2 p) theta + eps keep r + eps s n
  for (int i = 0; i < 2000; ++i) {
    const double a = 1.0 - eps * eps * p, b = eps * keep, e = -eps * p;
    const double x2 = a * a * xx + 2.0 * a * b * xr + b * b * rr + eps * eps * q;
    const double x1 = a * e * xx + (a * keep + b * e) * xr + b * keep * rr + eps * q;
    rr = e * e * xx + 2.0 * e * keep * xr + keep * keep * rr + q;
    xx = x2, xr = x1;
  }
  if (auto wrong = differs(xx, there.at("variance"), 1e-9, "variance"); !wrong.empty())
    return wrong;
  const double formula = t / p / (1.0 - eps * eps * p / (2.0 * (2.0 - eps * c)));
  return differs(formula, there.at("variance"), 1e-9, "formula");
}

using Check = std::string (*)(const Numbers&, const Numbers&);
const std::map<std::string, Check> checks = {
    {"torch-sgd", torch_sgd},
    {"torch-rmsprop", torch_rmsprop},
    {"csgmcmc-code", csgmcmc_code},
    {"bnn_hmc", bnn_hmc},
    {"sghmc-as-sgld", sghmc_as_sgld},
    {"welling-teh", welling_teh},
    {"posteriors-sghmc", posteriors_sghmc},
    {"posteriors-sgnht", posteriors_sgnht},
    {"posteriors-sgld", posteriors_sgld},
    {"blackjax-sghmc", blackjax_sghmc},
    {"l2e", l2e},
    {"variance", variance},
};

}  // namespace

class TestUnits : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void workedNumbers_data() {
    QTest::addColumn<int>("row");
    const std::vector<Row> rows = worked_numbers();
    for (std::size_t i = 0; i < rows.size(); ++i)
      QTest::addRow("%s %zu", rows[i].what.c_str(), i) << static_cast<int>(i);
  }
  void workedNumbers() {
    QFETCH(int, row);
    const Row found = worked_numbers().at(static_cast<std::size_t>(row));
    QVERIFY2(checks.contains(found.what), found.what.c_str());
    ERGO_OK(checks.at(found.what)(found.here, found.there));
  }

  void everyConversionIsOnThePage() {
    std::set<std::string> seen;
    for (const Row& row : worked_numbers()) seen.insert(row.what);
    QCOMPARE(seen.size(), checks.size());
  }
};

QTEST_GUILESS_MAIN(TestUnits)
#include "tst_units.moc"
