// SPDX-License-Identifier: GPL-3.0-or-later
// Every kernel on every instruction set that this build holds and this processor has, against its
// plain version, over random shapes and inputs.
#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/kernels/l2e_network.h"
#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/passes.h"
#include "tests/support/plain_math.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr RngKey key{91};

ParameterLayout layout_of(const std::vector<std::int64_t>& sizes) {
  ParameterLayout layout;
  for (std::size_t b = 0; b < sizes.size(); ++b) layout.add(std::to_string(b), {sizes[b]});
  return layout;
}

MetaParameters random_phi(std::uint64_t seed, L2eWidths widths = {}) {
  MetaParameters phi;
  phi.weights = L2eWeights(widths);
  const std::vector<double> z = normals(seed, phi.size(), 0.3);
  phi.set_flat(std::vector<float>(z.begin(), z.end()));
  phi.alpha_multiplier = 0.7;
  phi.beta_multiplier = 0.4;
  return phi;
}

ChainState l2e_state(std::int64_t params) {
  ChainState state;
  state.position = random_tensor(2, {2, params}, torch::kFloat);
  state.momentum = random_tensor(3, {2, params}, torch::kFloat, 3.0);
  state.extra = {random_tensor(4, {2, 6, params}, torch::kFloat, 0.1)};
  state.first_chain = 4;
  state.step = 8;
  return state;
}

torch::Tensor noise_of(const ChainState& state) {
  torch::Tensor noise = torch::empty_like(state.position);
  for (std::int64_t c = 0; c < noise.size(0); ++c) {
    fill_normal(key, state.first_chain + c, state.step + 1, noise.size(1),
                noise[c].data_ptr<float>());
  }
  return noise;
}

}  // namespace

class TestKernels : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void buildHoldsSeveralInstructionSets() {
#if !defined(__AVX2__) && defined(__x86_64__)
    QVERIFY(hwy::SupportedAndGeneratedTargets().size() >= 2);
#else
    QSKIP("This build is for one processor (ERGO_NATIVE); only its instruction set is compiled.");
#endif
  }

  void normalsHaveTheSameBitsEverywhere() {
    std::vector<float> first;
    ERGO_OK(on_every_target([&first]() -> std::string {
      std::vector<float> now(100003);
      fill_normal(key, 3, (std::int64_t{1} << 33) + 5, 100003, now.data());
      if (first.empty()) first = now;
      return now == first ? "" : "other bits";
    }));
  }

  /// Relative to the float64 formula, on the words of Philox itself.
  void normalsAreAccurate() {
    std::vector<float> z(256 * 200);
    fill_normal(key, 1, 2, static_cast<std::int64_t>(z.size()), z.data());
    double worst = 0.0;
    for (std::uint32_t i = 0; i < 64 * 200; ++i) {
      const auto bits = philox4x32(key, 1, 2, 0, i);
      for (std::size_t k = 0; k < 2; ++k) {
        const double u = (static_cast<double>(bits[k] >> 8) + 1.0) * 0x1p-24;
        const double w = (static_cast<double>(bits[2 + k] >> 8) + 1.0) * 0x1p-24;
        const double radius = std::sqrt(-2.0 * std::log(u));
        const double angle = 2.0 * std::numbers::pi * (w - 0.5);
        const std::size_t at = 256 * (i / 64) + 128 * k + i % 64;
        worst =
            std::max(worst, std::abs(z[at] - radius * std::cos(angle)) / std::max(radius, 1e-3));
        worst = std::max(worst,
                         std::abs(z[at + 64] - radius * std::sin(angle)) / std::max(radius, 1e-3));
      }
    }
    QVERIFY2(worst < 3e-7, qPrintable(QString::number(worst)));
  }

  void sghmcEqualsPlainWithTheSameBitsEverywhere() {
    const torch::NoGradGuard no_grad;
    for (const std::int64_t params : {1, 7, 255, 256, 257, 3001}) {
      for (const double temperature : {0.0, 1.3}) {
        const SghmcUpdate update{0.03, 4.0, temperature};
        const torch::Tensor grad = random_tensor(7, {2, params}, torch::kFloat, 5.0);
        ChainState plain = l2e_state(params);
        sghmc_update_plain(plain, grad, temperature > 0 ? noise_of(plain) : torch::Tensor(),
                           update);
        torch::Tensor first;
        ERGO_OK(on_every_target([&]() -> std::string {
          ChainState fused = l2e_state(params);
          sghmc_update_fused(fused, grad, key, update);
          if (!first.defined()) first = fused.position.clone();
          if (!same_bits(fused.position, first)) return "other bits";
          auto p = vectors_differ(doubles(fused.momentum), doubles(plain.momentum), 1e-6, "r");
          return p.empty() ? vectors_differ(doubles(fused.position), doubles(plain.position), 1e-6,
                                            "theta")
                           : p;
        }));
      }
    }
  }

  void l2eEqualsPlain_data() {
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("second");
    for (const auto& [first, second] :
         {std::pair(32, 32), {8, 8}, {16, 16}, {64, 64}, {16, 64}, {5, 33}, {1, 1}, {256, 256}}) {
      QTest::addRow("9-%d-%d-2", first, second) << first << second;
    }
  }
  /// Spans below, at and above a tile, and on both sides of the size up to which the first
  /// layer's share is kept, which for 64 units is 1,280.
  void l2eEqualsPlain() {
    QFETCH(int, first);
    QFETCH(int, second);
    const torch::NoGradGuard no_grad;
    for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{1},
                                                   {3, 32, 1, 33},
                                                   {50, 50, 2500, 50, 50, 1},
                                                   {1280, 1281, 2560, 2561, 5000}}) {
      const ParameterLayout layout = layout_of(sizes);
      const MetaParameters phi = random_phi(17, {first, second});
      const auto kinetic = make_network_kinetic(phi);
      const FusedL2e ready(phi);
      for (const double noise_scale : {0.0, 0.2}) {
        const L2eUpdate update{0.02, 40.0, 3.0, noise_scale};
        const torch::Tensor grad = random_tensor(9, {2, layout.size()}, torch::kFloat, 20.0);
        ChainState plain = l2e_state(layout.size());
        l2e_update(plain, grad, noise_scale > 0 ? noise_of(plain) : torch::Tensor(), *kinetic,
                   update, 40, layout);
        ERGO_OK(on_every_target([&]() -> std::string {
          ChainState fused = l2e_state(layout.size());
          l2e_update_fused(fused, grad, key, ready, update, 40, layout);
          for (const auto& [a, b, name] :
               {std::tuple(fused.momentum, plain.momentum, "r"),
                std::tuple(fused.position, plain.position, "theta"),
                std::tuple(fused.extra[0], plain.extra[0], "averages")}) {
            if (auto p = vectors_differ(doubles(a), doubles(b), 1e-5, name); !p.empty()) return p;
          }
          return {};
        }));
      }
    }
  }

  void passesEqualAutograd_data() {
    QTest::addColumn<QString>("activation");
    QTest::addColumn<int>("classes");
    for (const char* activation : {"tanh", "relu", "silu"}) {
      QTest::addRow("%s regression", activation) << activation << 0;
      QTest::addRow("%s classes", activation) << activation << 5;
    }
  }
  void passesEqualAutograd() {
    QFETCH(QString, activation);
    QFETCH(int, classes);
    for (const std::vector<std::int64_t>& hidden :
         {std::vector<std::int64_t>{}, {1}, {33}, {17, 40}, {6, 5, 4, 7}}) {
      for (const std::int64_t inputs : {1, 3, 70}) {
        const auto data = small_data(inputs, classes, 90);
        const Posterior posterior = small_posterior(data, hidden, activation.toStdString());
        for (const std::int64_t batch : {1, 16, 37}) {
          for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
            ERGO_OK(on_every_target([&] { return passes_differ(posterior, dtype, batch, 90); }));
          }
        }
      }
    }
  }

  /// A network that overflowed must say so: no activation may turn NaN into a number.
  void notANumberIsSeen() {
    for (const char* activation : {"tanh", "relu", "silu"}) {
      const Posterior posterior = small_posterior(small_data(2, 0, 9), {4}, activation);
      const auto potential = make_fused_potential(posterior, torch::kFloat);
      potential->bind_all();
      torch::Tensor theta = torch::zeros({1, posterior.layout.size()});
      theta[0][0] = std::numeric_limits<float>::quiet_NaN();
      ERGO_OK(on_every_target([&]() -> std::string {
        return std::isnan(potential->evaluate(theta).potential[0].item<float>()) ? "" : activation;
      }));
    }
  }
};

QTEST_GUILESS_MAIN(TestKernels)
#include "tst_kernels.moc"
