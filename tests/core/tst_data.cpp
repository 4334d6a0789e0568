// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "core/base/rng.h"
#include "core/data/sources.h"
#include "plain_support.h"
#include "tests/support/data_config.h"
#include "tests/support/folder_test.h"

using namespace ergo;
using test::data_from;
using test::mean_of;
using test::near;
using test::sd_of;
using test::wrong_error;
namespace fs = std::filesystem;

namespace {

const std::string none;

}  // namespace

class TestData : public QObject, protected test::FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  /// Known answers of Random123 (its file kat_vectors, philox4x32 with 10 rounds).
  void philoxKnownAnswers() {
    using Words = std::array<std::uint32_t, 4>;
    QVERIFY(philox4x32(RngKey{0}, 0, 0, 0, 0) ==
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    const std::uint32_t ones = 0xffffffff;
    QVERIFY(philox4x32(RngKey{~std::uint64_t{0}}, ones, ones, ones, ones) ==
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    QVERIFY(philox4x32(RngKey{0x299f31d0a4093822}, 0x243f6a88, 0x85a308d3, 0x13198a2e,
                       0x03707344) == (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  }

  void keysDiffer() {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      for (std::uint64_t n = 0; n < 50; ++n) {
        seen.insert(RngKey::from_seed(seed).fold_in(n).value);
        seen.insert(RngKey::from_seed(seed).fold_in(n << 32 | 1).value);
      }
    }
    QCOMPARE(seen.size(), std::size_t{50 * 99});  // n = 1 and n = 0 << 32 | 1 are the same number
    QVERIFY(RngKey::from_seed(7) == RngKey::from_seed(7));
  }

  void scalarStreamHasTheRightMoments() {
    QVERIFY(uniform01(0) > 0.0 && uniform01(0xffffffff) < 1.0);
    ScalarStream stream(RngKey::from_seed(11));
    constexpr int count = 200'000;
    double sum = 0, square = 0, fourth = 0, uniform = 0;
    std::array<int, 7> faces{};
    for (int i = 0; i < count; ++i) {
      const double z = stream.normal();
      sum += z, square += z * z, fourth += z * z * z * z;
      uniform += stream.uniform(2.0, 4.0);
      ++faces[stream.integer(7)];
    }
    // Five standard errors each.
    QVERIFY(std::abs(sum / count) < 5 / std::sqrt(count));
    QVERIFY(std::abs(square / count - 1.0) < 5 * std::sqrt(2.0 / count));
    QVERIFY(std::abs(fourth / count - 3.0) < 5 * std::sqrt(96.0 / count));
    QVERIFY(std::abs(uniform / count - 3.0) < 5 * std::sqrt(1.0 / 3.0 / count));
    for (const int face : faces) {
      QVERIFY(std::abs(face - count / 7.0) < 5 * std::sqrt(count * 6.0 / 49.0));
    }
  }

  void configFieldsAreConsistent() {
    DataConfig config;
    int count = 0;
    std::set<std::string> names;
    config.visit([&](const char* name, auto& member, const FieldInfo& info) {
      ++count;
      names.insert(name);
      QVERIFY2(!info.doc.empty(), name);
      using T = std::decay_t<decltype(member)>;
      if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>) {
        const auto value = static_cast<double>(member);
        QVERIFY2(value >= info.min && value <= info.max, name);
      }
      if constexpr (std::is_same_v<T, std::string>) {
        const auto& list = info.choices;
        QVERIFY2(list.empty() || std::find(list.begin(), list.end(), member) != list.end(), name);
      }
    });
    QCOMPARE(static_cast<int>(names.size()), count);
    QVERIFY(names.count("source") == 1 && names.count("normalise") == 1);
    QVERIFY(problems(fields_of(config), to_json(config), "data.").empty());
    config = read_config<DataConfig>({{"source", "csv"}, {"seed", "9"}}, "data.", "test");
    QVERIFY(config.source == "csv" && config.seed == "9" && config.grid_points == 200);
  }

  /// The table of sources is the list of choices of data.source.
  void sourcesAreTheChoices() {
    std::set<std::string> ids;
    for (const DataSource& source : data_sources()) {
      ids.insert(source.id);
      QVERIFY2(!source.label.empty() && !source.doc.empty() && source.make, source.id.c_str());
    }
    QCOMPARE(ids.size(), data_sources().size());
    for (const Field& field : fields_of(DataConfig{})) {
      if (field.name != "source") continue;
      QVERIFY(std::set<std::string>(field.info.choices.begin(), field.info.choices.end()) == ids);
    }
  }

  void foong() {
    DataConfig config = data_from("foong");
    config.standardise = false;
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.task == Task::regression);
    QCOMPARE(d.train.size(), std::int64_t{100});
    QCOMPARE(d.inputs, std::int64_t{1});
    const auto left = std::count_if(d.train.x.values.begin(), d.train.x.values.end(),
                                    [](double x) { return x > -1.0 && x < -0.7; });
    const auto right = std::count_if(d.train.x.values.begin(), d.train.x.values.end(),
                                     [](double x) { return x > 0.5 && x < 1.0; });
    QCOMPARE(left, std::ptrdiff_t{50});
    QCOMPARE(right, std::ptrdiff_t{50});
    std::vector<double> noise;
    for (std::size_t i = 0; i < d.test.y.size(); ++i) {
      noise.push_back(d.test.y[i] - std::cos(4 * d.test.x.values[i] + 0.8));
    }
    QVERIFY(std::abs(mean_of(noise)) < 5 * 0.1 / std::sqrt(500.0));
    QVERIFY(std::abs(sd_of(noise) - 0.1) < 5 * 0.1 / std::sqrt(1000.0));
    const auto in_gap = std::count_if(d.test.x.values.begin(), d.test.x.values.end(),
                                      [](double x) { return x > -0.7 && x < 0.5; });
    QVERIFY(std::abs(in_gap / 500.0 - 0.6) < 5 * std::sqrt(0.24 / 500.0));
    QCOMPARE(d.curve.grid_x.size(), std::size_t{200});
    QVERIFY(near(d.curve.true_y[3], std::cos(4 * d.curve.grid_x[3] + 0.8), 1e-14));
    QVERIFY(near(d.curve.noise_sd, 0.1, 1e-15));
    QVERIFY(d.grid.values == d.curve.grid_x);
  }

  void splitsAreIndependentAndReproducible() {
    for (const char* source : {"foong", "gap", "sine"}) {
      DataConfig config = data_from(source);
      const Dataset first = make_dataset(config, path_), second = make_dataset(config, path_);
      QCOMPARE(first.sha256, second.sha256);
      QCOMPARE(first.sha256.size(), std::size_t{64});
      config.validation_size = 17;  // must change nothing else
      const Dataset other = make_dataset(config, path_);
      QVERIFY(other.train.y == first.train.y && other.test.y == first.test.y);
      QCOMPARE(other.validation.size(), std::int64_t{17});
      QVERIFY(other.validation.x.values[0] == first.validation.x.values[0]);
      QVERIFY(other.sha256 != first.sha256);
      QVERIFY(first.validation.x.values[0] != first.test.x.values[0]);
      config.seed = "18446744073709551615";
      QVERIFY(make_dataset(config, path_).train.y != first.train.y);
    }
  }

  void standardisationIsUndoneExactly() {
    DataConfig config = data_from("foong");
    const Dataset d = make_dataset(config, path_);
    config.standardise = false;
    const Dataset raw = make_dataset(config, path_);
    QVERIFY(near(mean_of(d.train.y), 0.0, 1e-12) && near(sd_of(d.train.y), 1.0, 1e-12));
    QVERIFY(near(mean_of(d.train.x.values), 0.0, 1e-12) &&
            near(sd_of(d.train.x.values), 1.0, 1e-12));
    const Standardisation& s = d.standardisation;
    for (std::size_t i = 0; i < d.test.y.size(); ++i) {
      QVERIFY(near(d.test.y[i] * s.y_sd[0] + s.y_mean[0], raw.test.y[i], 1e-13));
      QVERIFY(near(d.test.x.values[i] * s.x_sd[0] + s.x_mean[0], raw.test.x.values[i], 1e-13));
    }
    QVERIFY(d.curve.train_y == raw.train.y);  // the curve stays in original units
    QVERIFY(near(d.grid.values[0] * s.x_sd[0] + s.x_mean[0], d.curve.grid_x[0], 1e-13));
    QVERIFY(raw.standardisation.x_mean.empty() && raw.standardisation.y_sd[0] == 1.0);
  }

  void gap() {
    DataConfig config = data_from("gap");
    config.standardise = false;
    const Dataset d = make_dataset(config, path_);
    QCOMPARE(d.train.size(), std::int64_t{120});
    QCOMPARE(d.inputs, std::int64_t{2});
    const auto& x = d.curve.train_x;
    QVERIFY(x[0] == -10.0 && x[39] == -6.0 && x[40] == 6.0 && x[79] == 10.0 && x[119] == 18.0);
    QVERIFY(near(x[1] - x[0], 4.0 / 39.0, 1e-12));
    QVERIFY(d.curve.grid_x.front() == -14.0 && d.curve.grid_x.back() == 22.0);
    const Standardisation& s = d.standardisation;
    for (std::size_t i = 0; i < x.size(); ++i) {
      QVERIFY(near(d.train.x.values[2 * i] * s.x_sd[0] + s.x_mean[0], x[i], 1e-12));
      QVERIFY(near(d.train.x.values[2 * i + 1] * s.x_sd[1] + s.x_mean[1], x[i] * x[i], 1e-12));
    }
    QVERIFY(s.y_sd[0] == 1.0);
    // The truth is random, the stream of the noise is not: 0.03 z - 0.01 z tells the 0.01.
    config.noise_sd = 0.03;
    const Dataset noisier = make_dataset(config, path_);
    std::vector<double> noise;
    for (std::size_t i = 0; i < d.test.y.size(); ++i)
      noise.push_back(noisier.test.y[i] - d.test.y[i]);
    QVERIFY(std::abs(sd_of(noise) - 0.02) < 5 * 0.02 / std::sqrt(1000.0));
    const auto [low, high] = std::minmax_element(d.curve.true_y.begin(), d.curve.true_y.end());
    QVERIFY(*high > *low && std::abs(*high) < 100.0);
  }

  /// A ReLU network is piecewise linear in [x, x^2]: third differences vanish almost everywhere.
  void gapTruthIsPiecewiseQuadratic() {
    DataConfig config = data_from("gap");
    config.grid_points = 1801;
    const std::vector<double> y = make_dataset(config, path_).curve.true_y;
    int kinks = 0;
    for (std::size_t i = 3; i < y.size(); ++i) {
      if (std::abs(y[i] - 3 * y[i - 1] + 3 * y[i - 2] - y[i - 3]) > 1e-10) ++kinks;
    }
    QVERIFY2(kinks <= 3 * 2 * 30, qPrintable(QString::number(kinks)));
  }

  void sine() {
    DataConfig config = data_from("sine");
    config.standardise = false;
    config.amplitude = 2.0, config.frequency = 0.5, config.phase = 0.25;
    config.gap_min = 0.1, config.gap_max = 0.6;
    config.noise_sd = 0.05, config.train_size = 400, config.grid_min = -2, config.grid_max = 3;
    config.grid_points = 6;
    const Dataset d = make_dataset(config, path_);
    QCOMPARE(d.train.size(), std::int64_t{400});
    for (const double x : d.train.x.values) {
      QVERIFY(x > -1.0 && x < 1.0 && !(x > 0.1 && x < 0.6));
    }
    const auto right = std::count_if(d.train.x.values.begin(), d.train.x.values.end(),
                                     [](double x) { return x >= 0.6; });
    QVERIFY(std::abs(right / 400.0 - 0.4 / 1.5) < 5 * std::sqrt(0.2 / 400.0));
    const std::vector<double> grid = {-2, -1, 0, 1, 2, 3};
    QVERIFY(d.curve.grid_x == grid);
    QVERIFY(near(d.curve.true_y[3], 2.0 * std::sin(std::numbers::pi + 0.25), 1e-14));
  }

  void configErrors() {
    DataConfig config = data_from("sine");
    config.gap_min = -1, config.gap_max = 1;
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.gap_min"),
             none);
    config = data_from("moons");
    QCOMPARE(
        wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.source", "moons"),
        none);
    for (const char* seed : {"", "-1", "1.5", "18446744073709551616", "1x"}) {
      config = data_from("foong");
      config.seed = seed;
      QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.seed",
                           std::string("'") + seed + "'"),
               none);
    }
    config = data_from("foong");
    config.grid_min = 2, config.grid_max = 1;
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.grid_min"),
             none);
  }
};

QTEST_GUILESS_MAIN(TestData)
#include "tst_data.moc"
