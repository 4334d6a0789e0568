// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <array>
#include <numbers>

#include "core/base/noise.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"
#include "tests/support/plain_math.h"
#include "tests/support/potentials.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr RngKey key{31};

/// alpha = 0, beta = r: SGHMC's kinetic energy.
class MomentumKinetic final : public KineticGradient {
 public:
  void evaluate(const KineticInputs& in, torch::Tensor* alpha, torch::Tensor& beta) const override {
    if (alpha) alpha->zero_();
    beta.copy_(in.momentum);
  }
};

ParameterLayout layout_of(const std::vector<std::int64_t>& sizes) {
  ParameterLayout layout;
  for (const std::int64_t size : sizes) layout.add(fmt::format("b{}", size), {size});
  return layout;
}

const std::vector<std::int64_t> sizes = {12, 4, 20, 1};
constexpr std::int64_t params = 37;
constexpr double data_count = 24;

std::vector<double> ramp() {
  std::vector<double> p(params);
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = 1.0 + static_cast<double>(i % 7);
  return p;
}

std::vector<std::size_t> block_sizes() { return {sizes.begin(), sizes.end()}; }

}  // namespace

class TestL2e : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    file_ = std::filesystem::path(folder_.path().toStdString()) / "phi.safetensors";
  }

  void networkEqualsScalarLoops_data() {
    QTest::addColumn<int>("count");
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("second");
    for (const int n : {1, 2, 15, 16, 17, 31, 33, 64, 1000}) {
      QTest::newRow(std::to_string(n).c_str()) << n << 32 << 32;
    }
    for (const auto& [first, second] :
         {std::pair(1, 1), {8, 8}, {16, 16}, {16, 64}, {7, 33}, {64, 64}, {256, 3}, {256, 256}}) {
      QTest::addRow("9-%d-%d-2", first, second) << 33 << first << second;
    }
  }
  /// The vectorised network against loops in float64, at sizes around every vector width and with
  /// hidden layers of many widths.
  void networkEqualsScalarLoops() {
    QFETCH(int, count);
    QFETCH(int, first);
    QFETCH(int, second);
    write_phi(file_, {.seed = static_cast<std::uint64_t>(count), .first = first, .second = second});
    const PlainL2e plain = PlainL2e::read(file_);
    const L2eWeights weights = load_meta_parameters(file_).weights;
    const auto n = static_cast<std::size_t>(count);
    std::vector<std::vector<float>> rows(l2e_features);
    std::array<const float*, l2e_features> features{};
    std::array<float, l2e_features> scale{};
    for (std::size_t f = 0; f < l2e_features; ++f) {
      for (const double v : normals(100 + f, n)) rows[f].push_back(static_cast<float>(v));
      features[f] = rows[f].data();
      scale[f] = 0.5f + 0.25f * static_cast<float>(f);
    }
    std::vector<float> alpha(n, -99.0f), beta(n, -99.0f), again(n, -99.0f);
    l2e_network(weights, features, scale, count, alpha.data(), beta.data());
    l2e_network(weights, features, scale, count, nullptr, again.data());
    std::vector<double> a(n), b(n);
    for (std::size_t i = 0; i < n; ++i) {
      std::array<double, 9> x{};
      for (std::size_t f = 0; f < 9; ++f) x[f] = static_cast<double>(rows[f][i]) * scale[f];
      std::tie(a[i], b[i]) = plain.network(x.data());
    }
    ERGO_OK(vectors_differ(alpha, a, 5e-6, "A"));
    ERGO_OK(vectors_differ(beta, b, 5e-6, "B"));
    QVERIFY(again == beta);
    // A coordinate's numbers do not depend on its neighbours or place.
    for (const std::size_t i : {std::size_t{0}, n / 2, n - 1}) {
      std::array<const float*, l2e_features> one{};
      for (std::size_t f = 0; f < l2e_features; ++f) one[f] = rows[f].data() + i;
      float alone_a = 0.0f, alone_b = 0.0f;
      l2e_network(weights, one, scale, 1, &alone_a, &alone_b);
      QVERIFY(alone_a == alpha[i] && alone_b == beta[i]);
    }
  }

  void kineticsAgree_data() {
    QTest::addColumn<bool>("wide");
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("second");
    QTest::newRow("float32") << false << 32 << 32;
    QTest::newRow("float64") << true << 32 << 32;
    QTest::newRow("float64, 9-16-5-2") << true << 16 << 5;
  }
  /// Torch network and scalar loops on one state of two chains.
  void kineticsAgree() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    const torch::Dtype dtype = wide ? torch::kDouble : torch::kFloat;
    QFETCH(int, first);
    QFETCH(int, second);
    write_phi(file_, {.seed = 4, .first = first, .second = second});
    const MetaParameters phi = load_meta_parameters(file_);
    const PlainL2e plain = PlainL2e::read(file_);
    const ParameterLayout layout = layout_of(sizes);
    const torch::Tensor g = random_tensor(1, {2, params}, dtype, 0.01);
    const torch::Tensor theta = random_tensor(2, {2, params}, dtype);
    const torch::Tensor r = random_tensor(3, {2, params}, dtype, 30.0);
    const torch::Tensor m = random_tensor(4, {2, 6, params}, dtype, 0.02);
    const KineticInputs in{g, theta, r, m, layout};
    const auto way = make_network_kinetic(phi);
    {
      torch::Tensor alpha = torch::empty_like(g), beta = torch::empty_like(g);
      torch::Tensor beta_only = torch::empty_like(g);
      way->evaluate(in, &alpha, beta);
      way->evaluate(in, nullptr, beta_only);
      ERGO_OK(vectors_differ(doubles(beta_only), doubles(beta), wide ? 1e-14 : 1e-6));
      for (std::int64_t c = 0; c < 2; ++c) {
        PlainState state(doubles(theta[c]));
        state.r = doubles(r[c]);
        for (std::int64_t j = 0; j < 6; ++j) {
          state.averages[static_cast<std::size_t>(j)] = doubles(m[c][j]);
        }
        std::vector<double> a, b;
        plain.kinetic(block_sizes(), doubles(g[c]), state, a, b);
        ERGO_OK(vectors_differ(doubles(alpha[c]), a, wide ? 1e-12 : 1e-5, "alpha"));
        ERGO_OK(vectors_differ(doubles(beta[c]), b, wide ? 1e-12 : 1e-5, "beta"));
      }
    }
  }

  void stepsFollowTheirEquations_data() {
    QTest::addColumn<QString>("form");
    QTest::addColumn<bool>("wide");
    for (const char* form : {"paper", "official", "2*friction*noise_multiplier"}) {
      QTest::addRow("%s float32", form) << form << false;
      QTest::addRow("%s float64", form) << form << true;
    }
  }
  /// Whole transitions with noise, two chains, against the contract's formulas in loops.
  void stepsFollowTheirEquations() {
    QFETCH(QString, form);
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    const torch::Dtype dtype = wide ? torch::kDouble : torch::kFloat;
    write_phi(file_, {.seed = 6,
                      .noise_multiplier = 0.02,
                      .step_multiplier = 0.05,
                      .data_size = 50,
                      .noise_form = form.toStdString()});
    const PlainL2e plain = PlainL2e::read(file_);
    SamplerContext context;
    context.data_count = static_cast<std::int64_t>(data_count);
    const auto sampler = make_l2e(load_meta_parameters(file_), context);
    QuadraticPotential potential(diagonal(ramp()), layout_of(sizes), context.data_count);
    ChainState state = sampler->init(random_tensor(8, {2, params}, dtype), 5);
    std::vector<PlainState> chains = {PlainState(doubles(state.position[0])),
                                      PlainState(doubles(state.position[1]))};
    const std::vector<double> p = ramp();
    for (std::int64_t t = 1; t <= 8; ++t) {
      const TransitionInfo info = sampler->step(key, state, potential);
      ERGO_OK(differs(info.step_size, std::sqrt(0.05 / 50.0), 1e-14));
      for (std::int64_t c = 0; c < 2; ++c) {
        PlainState& chain = chains[static_cast<std::size_t>(c)];
        std::vector<double> grad = chain.theta, noise(params);
        for (std::size_t i = 0; i < grad.size(); ++i) grad[i] *= p[i];
        fill_normal(key, 5 + c, t, params, noise.data());
        plain.step(block_sizes(), data_count, grad, noise, chain);
        const double tolerance = wide ? 1e-12 : 2e-5;
        ERGO_OK(vectors_differ(doubles(state.momentum[c]), chain.r, tolerance, "r"));
        ERGO_OK(vectors_differ(doubles(state.position[c]), chain.theta, tolerance, "theta"));
        ERGO_OK(vectors_differ(doubles(state.extra[0][c][4]), chain.averages[4], tolerance, "m"));
      }
    }
    QCOMPARE(state.gradient_evaluations, std::int64_t(16));
  }

  void cosineScheduleShrinksTheSteps_data() {
    QTest::addColumn<QString>("form");
    QTest::newRow("paper") << "paper";
    QTest::newRow("official") << "official";
  }
  /// Transition t of 8 is one with step_multiplier (1 + cos(pi (t - 1) / 8)) / 2 times the file's.
  void cosineScheduleShrinksTheSteps() {
    QFETCH(QString, form);
    const torch::NoGradGuard no_grad;
    const auto plain_at = [&](double share) {
      write_phi(file_, {.seed = 6,
                        .noise_multiplier = 0.02,
                        .step_multiplier = 0.05 * share,
                        .data_size = 50,
                        .noise_form = form.toStdString()});
      return PlainL2e::read(file_);
    };
    plain_at(1.0);
    SamplerContext context;
    context.data_count = static_cast<std::int64_t>(data_count);
    context.total_steps = 8;
    MetaParameters phi = load_meta_parameters(file_);
    QVERIFY(make_l2e(phi, context)->stationary());
    phi.schedule = StepSchedule::cosine;
    const auto sampler = make_l2e(phi, context);
    QVERIFY(!sampler->stationary());
    QuadraticPotential potential(diagonal(ramp()), layout_of(sizes), context.data_count);
    ChainState state = sampler->init(random_tensor(8, {1, params}, torch::kDouble), 0);
    PlainState chain(doubles(state.position[0]));
    const std::vector<double> p = ramp();
    for (std::int64_t t = 1; t <= 8; ++t) {
      const double share =
          0.5 * (1.0 + std::cos(std::numbers::pi * static_cast<double>(t - 1) / 8.0));
      const TransitionInfo info = sampler->step(key, state, potential);
      ERGO_OK(differs(info.step_size, std::sqrt(0.05 * share / 50.0), 1e-14));
      std::vector<double> grad = chain.theta, noise(params);
      for (std::size_t i = 0; i < grad.size(); ++i) grad[i] *= p[i];
      fill_normal(key, 0, t, params, noise.data());
      plain_at(share).step(block_sizes(), data_count, grad, noise, chain);
      ERGO_OK(vectors_differ(doubles(state.momentum[0]), chain.r, 1e-12, "r"));
      ERGO_OK(vectors_differ(doubles(state.position[0]), chain.theta, 1e-12, "theta"));
    }
  }

  void equalsSghmc_data() { dtypes(); }
  /// With alpha = 0, beta = r and paper noise at multiplier 1, L2E is SGHMC.
  void equalsSghmc() {
    QFETCH(bool, wide);
    const torch::NoGradGuard no_grad;
    const torch::Dtype dtype = wide ? torch::kDouble : torch::kFloat;
    constexpr double n = 200, eps = 0.02, friction = 3.0;
    L2eUpdate update;
    update.step_size = eps;
    update.data_size = n;
    update.friction = friction;
    update.noise_scale = std::sqrt(2.0 * friction * eps);
    SamplerContext context;
    context.data_count = static_cast<std::int64_t>(n);
    const auto l2e = make_l2e(std::make_shared<MomentumKinetic>(), L2eNumbers(update), context);
    const auto sghmc = make_sghmc({eps, friction, 1.0}, context);
    QuadraticPotential potential(diagonal(ramp()), layout_of(sizes), context.data_count);
    ChainState a = l2e->init(random_tensor(8, {2, params}, dtype), 0);
    ChainState b = sghmc->init(a.position.clone(), 0);
    for (int t = 0; t < 50; ++t) {
      l2e->step(key, a, potential);
      sghmc->step(key, b, potential);
      ERGO_OK(vectors_differ(doubles(a.position), doubles(b.position), 1e-6));
    }
    QVERIFY((a.position - random_tensor(8, {2, params}, dtype)).abs().max().item<double>() > 0.1);
  }

  /// data_size = 0 means the n of the task; the override fields of a preset win over the file.
  void configOverridesTheFile() {
    write_phi(file_, {.step_multiplier = 0.5, .data_size = 50});
    SamplerContext context;
    context.data_count = 8;
    context.folders = {file_.parent_path()};
    QuadraticPotential potential(diagonal(ramp()), layout_of(sizes), 8);
    const auto step_size = [&](const L2eConfig& config) {
      const auto sampler = make_l2e(config, context);
      ChainState state = sampler->init(torch::zeros({1, params}), 0);
      return sampler->step(key, state, potential).step_size;
    };
    L2eConfig config;
    config.meta_parameters = "phi.safetensors";
    ERGO_OK(differs(step_size(config), std::sqrt(0.5 / 50.0), 1e-14));
    config.data_size = 0;
    ERGO_OK(differs(step_size(config), std::sqrt(0.5 / 8.0), 1e-14));
    config.step_multiplier = 2;
    ERGO_OK(differs(step_size(config), std::sqrt(2.0 / 8.0), 1e-14));
  }

  /// A run takes the schedule that the file was trained with unless its preset names one.
  void scheduleComesFromTheFile() {
    write_phi(file_);
    MetaParameters phi = load_meta_parameters(file_);
    QVERIFY(phi.schedule == StepSchedule::constant);
    phi.schedule = StepSchedule::cosine;
    save_meta_parameters(file_, phi);
    SamplerContext context;
    context.total_steps = 8;
    context.folders = {file_.parent_path()};
    L2eConfig config;
    config.meta_parameters = "phi.safetensors";
    QVERIFY(!make_l2e(config, context)->stationary());
    config.schedule = "constant";
    QVERIFY(make_l2e(config, context)->stationary());
  }

  void zeroNoiseMultiplierSilencesTheNoise() {
    write_phi(file_, {.noise_multiplier = 0.0});
    const torch::NoGradGuard no_grad;
    const auto sampler = make_l2e(load_meta_parameters(file_), {});
    QuadraticPotential potential(diagonal(ramp()), layout_of(sizes), 1);
    ChainState a = sampler->init(random_tensor(8, {1, params}, torch::kFloat), 0);
    ChainState b = sampler->init(a.position.clone(), 0);
    sampler->step(RngKey{1}, a, potential);
    sampler->step(RngKey{2}, b, potential);
    QVERIFY(same_bits(a.position, b.position));
  }

  void publishedNetworkHasItsKnownValues_data() {
    QTest::addColumn<double>("x");
    QTest::addColumn<double>("a");
    QTest::addColumn<double>("b");
    if (qEnvironmentVariableIsEmpty("ERGOSCOPE_OFFICIAL_PHI")) return;
    QTest::newRow("0") << 0.0 << -0.325505 << 2.147606;
    QTest::newRow("1") << 1.0 << -6.300869 << -31.175705;
    QTest::newRow("-1") << -1.0 << -1.470210 << 50.285374;
  }
  /// Values of the published meta-parameters, where ERGOSCOPE_OFFICIAL_PHI names their file.
  void publishedNetworkHasItsKnownValues() {
    if (qEnvironmentVariableIsEmpty("ERGOSCOPE_OFFICIAL_PHI")) return;
    QFETCH(double, x);
    QFETCH(double, a);
    QFETCH(double, b);
    const MetaParameters phi =
        load_meta_parameters(qEnvironmentVariable("ERGOSCOPE_OFFICIAL_PHI").toStdString());
    const auto value = static_cast<float>(x);
    std::array<const float*, l2e_features> features{};
    std::array<float, l2e_features> scale{};
    features.fill(&value);
    scale.fill(1.0f);
    float alpha = 0.0f, beta = 0.0f;
    l2e_network(phi.weights, features, scale, 1, &alpha, &beta);
    ERGO_OK(differs(alpha, a, 2e-6));
    ERGO_OK(differs(beta, b, 2e-6));
  }

 private:
  static void dtypes() {
    QTest::addColumn<bool>("wide");
    QTest::newRow("float32") << false;
    QTest::newRow("float64") << true;
  }

  QTemporaryDir folder_;
  std::filesystem::path file_;
};

QTEST_GUILESS_MAIN(TestL2e)
#include "tst_l2e.moc"
