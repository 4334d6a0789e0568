// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <set>

#include "core/base/noise.h"
#include "core/base/purpose.h"
#include "core/base/torch.h"
#include "core/data/minibatch.h"
#include "core/samplers/chain_noise.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

std::vector<float> noise(RngKey key, std::int64_t chain, std::int64_t step, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  fill_normal(key, chain, step, n, values.data());
  return values;
}

std::vector<std::int64_t> rows_at(MinibatchStream& stream, std::int64_t t) {
  const auto rows = stream.rows(t);
  return {rows.begin(), rows.end()};
}

}  // namespace

class TestRandom : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// The first n numbers do not depend on how many are asked for, nor on the type.
  void shorterIsAPrefix() {
    const std::vector<float> all = noise(RngKey{4}, 2, 9, 1100);
    for (const std::int64_t n : {1, 3, 127, 128, 129, 255, 256, 257, 1000}) {
      const std::vector<float> some = noise(RngKey{4}, 2, 9, n);
      QVERIFY(std::equal(some.begin(), some.end(), all.begin()));
    }
    std::vector<double> wide(1100);
    fill_normal(RngKey{4}, 2, 9, 1100, wide.data());
    QVERIFY(std::equal(all.begin(), all.end(), wide.begin()));
  }

  void everyArgumentMatters() {
    const std::vector<float> base = noise(RngKey{4}, 2, 9, 32);
    QVERIFY(base == noise(RngKey{4}, 2, 9, 32));
    QVERIFY(base != noise(RngKey{5}, 2, 9, 32));
    QVERIFY(base != noise(RngKey{4}, 3, 9, 32));
    QVERIFY(base != noise(RngKey{4}, 2, 10, 32));
    QVERIFY(base != noise(RngKey{4}, 2, 9 + (std::int64_t{1} << 32), 32));
  }

  /// Box and Muller's formula over Philox's words, in float64.
  void isBoxMullerOfPhilox() {
    const std::vector<float> values = noise(RngKey{4}, 2, 9, 256);
    for (std::uint32_t i = 0; i < 64; ++i) {
      const auto bits = philox4x32(RngKey{4}, 2, 9, 0, i);
      for (std::size_t k = 0; k < 2; ++k) {
        const double u = (static_cast<double>(bits[k] >> 8) + 1.0) * 0x1p-24;
        const double w = (static_cast<double>(bits[2 + k] >> 8) + 1.0) * 0x1p-24;
        const double radius = std::sqrt(-2.0 * std::log(u));
        const double angle = 2.0 * std::numbers::pi * (w - 0.5);
        ERGO_OK(differs(values[128 * k + i], radius * std::cos(angle), 5e-6));
        ERGO_OK(differs(values[128 * k + 64 + i], radius * std::sin(angle), 5e-6));
      }
    }
  }

  /// Four moments and the correlations of neighbours, chains and steps of a million normals.
  void momentsAreStandardNormal() {
    constexpr std::int64_t rows = 1000, columns = 1000;
    std::array<double, 5> sum{};
    double along = 0.0, across = 0.0;
    std::vector<float> previous(columns, 0.0f);
    for (std::int64_t step = 0; step < rows; ++step) {
      const std::vector<float> z = noise(RngKey{12}, step % 3, step, columns);
      for (std::size_t i = 0; i < z.size(); ++i) {
        const double x = z[i];
        for (int m = 1; m <= 4; ++m) sum[static_cast<std::size_t>(m)] += std::pow(x, m);
        if (i > 0) along += x * static_cast<double>(z[i - 1]);
        across += x * static_cast<double>(previous[i]);
      }
      previous = z;
    }
    const double n = rows * columns, root = std::sqrt(n);
    QVERIFY(std::abs(sum[1] / n) < 5.0 / root);
    QVERIFY(std::abs(sum[2] / n - 1.0) < 5.0 * std::sqrt(2.0) / root);
    QVERIFY(std::abs(sum[3] / n) < 5.0 * std::sqrt(15.0) / root);
    QVERIFY(std::abs(sum[4] / n - 3.0) < 5.0 * std::sqrt(96.0) / root);
    QVERIFY(std::abs(along / n) < 5.0 / root);
    QVERIFY(std::abs(across / n) < 5.0 / root);
  }

  /// Row c of a state's noise is the stream of chain first_chain + c at the coming transition.
  void chainNoiseIsTheChainsStream() {
    ChainState state;
    state.position = torch::zeros({3, 40});
    state.first_chain = 7;
    state.step = 11;
    const torch::Tensor values = chain_noise(RngKey{3}, state);
    for (std::int64_t c = 0; c < 3; ++c) {
      ERGO_OK(vectors_differ(doubles(values[c]), noise(RngKey{3}, 7 + c, 12, 40), 0.0));
    }
  }

  void purposesDoNotShareAStream() {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      for (std::uint64_t purpose = 1; purpose <= 9; ++purpose) {
        seen.insert(purpose_key(seed, static_cast<Purpose>(purpose)).value);
      }
    }
    QCOMPARE(seen.size(), std::size_t(270));
  }

  /// An epoch shows each row once; the short last batch is dropped; epochs are shuffled anew.
  void epochsAreWithoutReplacement() {
    MinibatchStream stream(purpose_key(1, Purpose::minibatch), 0, 23, 5);  // 4 batches, 3 left out
    std::vector<std::vector<std::int64_t>> epochs;
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      std::vector<std::int64_t> rows;
      for (std::int64_t t = 4 * epoch + 1; t <= 4 * epoch + 4; ++t) {
        const auto batch = rows_at(stream, t);
        QCOMPARE(batch.size(), std::size_t(5));
        rows.insert(rows.end(), batch.begin(), batch.end());
      }
      const std::set<std::int64_t> unique(rows.begin(), rows.end());
      QCOMPARE(unique.size(), std::size_t(20));
      QVERIFY(*unique.begin() >= 0 && *unique.rbegin() < 23);
      epochs.push_back(rows);
    }
    QVERIFY(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
  }

  void batchesDependOnSeedChainAndStepAlone() {
    const RngKey key = purpose_key(1, Purpose::minibatch);
    MinibatchStream forward(key, 2, 50, 7), jumping(key, 2, 50, 7), other(key, 3, 50, 7);
    MinibatchStream reseeded(purpose_key(2, Purpose::minibatch), 2, 50, 7);
    std::vector<std::vector<std::int64_t>> seen;
    for (std::int64_t t = 1; t <= 40; ++t) seen.push_back(rows_at(forward, t));
    for (const std::int64_t t : {40, 3, 17, 1, 39}) {
      QVERIFY(rows_at(jumping, t) == seen[static_cast<std::size_t>(t - 1)]);
    }
    QVERIFY(rows_at(other, 1) != seen[0]);
    QVERIFY(rows_at(reseeded, 1) != seen[0]);
  }
};

QTEST_GUILESS_MAIN(TestRandom)
#include "tst_random.moc"
