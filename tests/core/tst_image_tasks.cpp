// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/torch.h"
#include "core/data/image_set.h"
#include "core/io/atomic_file.h"
#include "core/io/safetensors.h"
#include "core/meta/image_family.h"
#include "core/meta/meta.h"
#include "core/meta/unroll.h"
#include "core/presets/store.h"
#include "core/samplers/sghmc.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

using Bytes = std::vector<std::uint8_t>;

ImageSet one_image(std::int64_t height, std::int64_t width, Bytes pixels) {
  return {"one", 1, height, width, std::move(pixels), {0}};
}

std::string field_of(const fs::path& file, const std::string& key) {
  const auto metadata = io::load_safetensors(file).metadata;
  const auto it = metadata.find(key);
  return it == metadata.end() ? std::string("missing") : it->second;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::string text = io::read_file(file, limit);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

class TestImageTasks : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_image_set(path_ / "seen", 1, 60, 8);
    write_image_set(path_ / "unseen", 2, 30, 4);
  }

  /// Mean pooling, a side that does not divide, and a larger one, each by hand.
  void sidesAreMeansOverAreas() {
    const Bytes four = {0, 4, 8, 12, 2, 6, 10, 15, 1, 1, 255, 255, 1, 2, 255, 254};
    QVERIFY(resized(one_image(4, 4, four), 2).pixels == (Bytes{3, 11, 1, 255}));
    // 3 -> 2: an output pixel covers 1.5 x 1.5 inputs, weights 4/9, 2/9, 2/9, 1/9.
    const Bytes three = {9, 18, 27, 36, 45, 54, 63, 72, 81};
    // (4*9 + 2*18 + 2*36 + 45) / 9 = 21; the others by symmetry.
    QVERIFY(resized(one_image(3, 3, three), 2).pixels == (Bytes{21, 33, 57, 69}));
    QVERIFY(resized(one_image(2, 1, {10, 30}), 2).pixels == (Bytes{10, 10, 30, 30}));
    const ImageSet same = one_image(4, 4, four);
    QVERIFY(resized(same, 4).pixels == four);
  }

  void setsAreRead() {
    const ImageSet set = load_image_set("images.sets", path_ / "seen");
    QCOMPARE(set.count, std::int64_t(60));
    QCOMPARE(set.height * set.width, std::int64_t(64));
    QVERIFY(set.name == "seen" && set.labels[4] == 1);
    QVERIFY(hash_of(set) == hash_of(load_image_set("images.sets", path_ / "seen/")));
    ImageSet other = set;
    other.labels[7] ^= 1;
    QVERIFY(hash_of(other) != hash_of(set));
    ERGO_OK(wrong_error([&] { load_image_set("images.sets", path_ / "none"); }, ExitCode::no_input,
                        "'images.sets'", "none", "images-idx3-ubyte.gz"));
    write_text(path_ / "seen/labels-idx1-ubyte", idx_bytes({59}, std::string(59, '\0')));
    ERGO_OK(wrong_error([&] { load_image_set("images.sets", path_ / "seen"); }, ExitCode::data,
                        "59 labels", "60 images"));
    write_text(path_ / "seen/labels-idx1-ubyte", idx_bytes({60, 1}, std::string(60, '\0')));
    ERGO_OK(wrong_error([&] { load_image_set("images.sets", path_ / "seen"); }, ExitCode::data,
                        "shape [60, 1]", "shape [n]"));
  }

  /// Sizes, sides and networks within their ranges, each set as often as its weight says; no image
  /// of the meta-loss is a training image.
  void tasksHaveTheirShape() {
    ImageFamilyConfig config = small_family();
    config.sets = "seen:3, unseen";
    const auto family = make_image_family(config, "images", {path_});
    std::map<std::string, int> drawn;
    std::set<std::int64_t> sides, sizes;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const MetaTask task = family->task(RngKey::from_seed(3).fold_in(i));
      const Dataset& data = *task.posterior.data;
      ++drawn[data.name];
      sides.insert(data.train.x.shape.width);
      sizes.insert(data.train.size());
      QVERIFY(data.train.size() >= 12 && data.train.size() <= (data.name == "seen" ? 30 : 22));
      QCOMPARE(data.test.size(), std::int64_t(8));
      QCOMPARE(task.batch, std::int64_t(5));
      QCOMPARE(data.outputs, std::int64_t(3));
      const std::int64_t width = task.posterior.layout.blocks()[1].shape[0];
      QVERIFY(width >= 2 && width <= 4);
    }
    QVERIFY((sides == std::set<std::int64_t>{2, 4}));
    QVERIFY(sizes.size() > 10);
    // 150 +- 6.1 of 200 by the weights.
    QVERIFY2(drawn["seen"] > 119 && drawn["seen"] < 181, std::to_string(drawn["seen"]).c_str());
  }

  /// Each kind as often as its weight says, with widths and depths of its own.
  void networksAreOfTheirKinds() {
    ImageFamilyConfig config = small_family();
    config.networks = "mlp, conv:3";
    config.conv_widths = {2, 5};
    config.conv_depth_max = 2;
    const auto family = make_image_family(config, "images", {path_});
    std::set<std::pair<std::int64_t, std::size_t>> shapes;  // filters, blocks
    int convolutions = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const MetaTask task = family->task(RngKey::from_seed(9).fold_in(i));
      const auto& blocks = task.posterior.layout.blocks();
      if (blocks.front().name != "convs.0.weight") continue;
      ++convolutions;
      shapes.insert({blocks.front().shape[0], blocks.size()});
    }
    // 150 +- 6.1 of 200; a weight and a bias of one or two convolutions and of two linear layers.
    QVERIFY2(convolutions > 119 && convolutions < 181, std::to_string(convolutions).c_str());
    QVERIFY(
        (shapes == std::set<std::pair<std::int64_t, std::size_t>>{{2, 6}, {2, 8}, {5, 6}, {5, 8}}));
  }

  void lossImagesAreOthers() {
    ImageFamilyConfig config = small_family();
    config.sides = {8};
    const auto family = make_image_family(config, "images", {path_});
    const ImageSet set = load_image_set("", path_ / "seen");
    for (std::uint64_t i = 0; i < 20; ++i) {
      const MetaTask task = family->task(RngKey::from_seed(4).fold_in(i));
      std::set<Bytes> seen;
      for (const Split* split : {&task.posterior.data->train, &task.posterior.data->test}) {
        for (std::int64_t r = 0; r < split->size(); ++r) {
          const auto first = split->x.bytes.begin() + r * 64;
          const Bytes image(first, first + 64);
          QVERIFY(seen.insert(image).second);  // random images are all different
          const auto at = std::search(set.pixels.begin(), set.pixels.end(), first, first + 64);
          const auto row = static_cast<std::size_t>((at - set.pixels.begin()) / 64);
          QCOMPARE(split->labels[static_cast<std::size_t>(r)],
                   static_cast<std::int32_t>(set.labels[row]));
        }
      }
    }
  }

  /// Inputs have mean 0 and sd 1 over all training pixels.
  void inputsAreStandardised() {
    const auto family = make_image_family(small_family(), "images", {path_});
    const MetaTask task = family->task(RngKey::from_seed(5));
    const Inputs& x = task.posterior.data->train.x;
    double mean = 0.0, square = 0.0;
    const auto count = static_cast<double>(x.bytes.size());
    for (const std::uint8_t b : x.bytes) {
      const double value = b * x.scale[0] + x.shift[0];
      mean += value / count;
      square += value * value / count;
    }
    QVERIFY(std::abs(mean) < 1e-9 && std::abs(square - 1.0) < 1e-9);
    QCOMPARE(task.posterior.data->test.x.scale, x.scale);
  }

  void tasksAreDeterministic() {
    const auto one = make_image_family(small_family(), "images", {path_});
    const auto two = make_image_family(small_family(), "images", {path_});
    const RngKey key = RngKey::from_seed(6);
    const MetaTask a = one->task(key), b = two->task(key), c = one->task(key.fold_in(1));
    QVERIFY(a.posterior.data->train.x.bytes == b.posterior.data->train.x.bytes);
    QVERIFY(a.posterior.data->test.labels == b.posterior.data->test.labels);
    QVERIFY(a.posterior.data->train.x.bytes != c.posterior.data->train.x.bytes);
  }

  /// With every label drawn anew two of three are wrong; each task's share is uniform.
  void labelNoise() {
    ImageFamilyConfig config = small_family();
    const auto clean = make_image_family(config, "images", {path_});
    config.label_noise = 1.0;
    const auto noisy = make_image_family(config, "images", {path_});
    double wrong = 0.0, all = 0.0;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const RngKey key = RngKey::from_seed(7).fold_in(i);
      const MetaTask a = clean->task(key), b = noisy->task(key);
      const auto &x = a.posterior.data->train.labels, &y = b.posterior.data->train.labels;
      for (std::size_t r = 0; r < x.size(); ++r) wrong += x[r] != y[r] ? 1.0 : 0.0;
      all += static_cast<double>(x.size());
      QVERIFY(a.posterior.data->test.labels == b.posterior.data->test.labels);
    }
    // Mean 1/2 x 2/3; sd of a task's share is .19, of the mean of 200 .014.
    QVERIFY2(std::abs(wrong / all - 1.0 / 3.0) < 0.06, std::to_string(wrong / all).c_str());
  }

  /// A chain sees the minibatches of its key: an epoch holds every row but the rest once.
  void chainsSeeMinibatches() {
    const auto family = make_image_family(small_family(), "images", {path_});
    const MetaTask task = family->task(RngKey::from_seed(8));
    class Recorder final : public Potential {
     public:
      void bind(std::span<const std::int64_t> rows, std::int64_t batch) override {
        QCOMPARE(static_cast<std::int64_t>(rows.size()), batch);
        seen.insert(seen.end(), rows.begin(), rows.end());
      }
      void bind_all() override { ++whole; }
      const Evaluation& evaluate(const torch::Tensor&) override { return none_; }
      std::int64_t data_count() const override { return 0; }
      const ParameterLayout& layout() const override { return layout_; }
      std::vector<std::int64_t> seen;
      int whole = 0;

     private:
      Evaluation none_;
      ParameterLayout layout_;
    } recorder;
    TaskBatches batches(task, RngKey{1});
    const std::int64_t epoch = task.posterior.data_count() / task.batch;
    for (std::int64_t t = 1; t <= epoch; ++t) batches.bind(recorder, t);
    QCOMPARE(recorder.whole, 0);
    const std::set<std::int64_t> rows(recorder.seen.begin(), recorder.seen.end());
    QCOMPARE(static_cast<std::int64_t>(rows.size()), epoch * task.batch);
    MetaTask full = task;
    full.batch = 0;
    TaskBatches all(full, RngKey{1});
    for (std::int64_t t = 1; t <= 3; ++t) all.bind(recorder, t);
    QCOMPARE(recorder.whole, 1);
  }

  /// SGHMC at temperature 0 learns what the labels say: the pixels' brightness tells the classes.
  void unrollsLearn() {
    const auto family = make_image_family(small_family(), "images", {path_});
    const RunControl control;
    const torch::NoGradGuard no_grad;
    double loss = 0.0;
    for (std::uint64_t i = 0; i < 5; ++i) {
      const MetaTask task = family->task(RngKey::from_seed(9).fold_in(i));
      SamplerContext context{&task.posterior.layout, 600, 300, task.posterior.data_count(), {}};
      const auto sampler = make_sghmc({0.03, 5.0, 0.0}, context);
      loss += unroll(*sampler, task, {600, 300, 4}, RngKey{1}, control) / 5.0;
    }
    QVERIFY2(loss < 0.75, std::to_string(loss).c_str());  // guessing: log 3 = 1.10
  }

  void trainingsAreRepeatable_data() {
    QTest::addColumn<QString>("trainer");
    for (const char* trainer : {"es", "truncated_backprop"})
      QTest::newRow(trainer) << QString::fromLatin1(trainer);
  }
  void trainingsAreRepeatable() {
    QFETCH(QString, trainer);
    json change = {{"trainer", trainer.toStdString()}};
    if (trainer != "es") change["truncated_backprop"] = {{"window", 4}};
    const MetaResult one = train("a.safetensors", change, 1);
    const MetaResult two = train("b.safetensors", change, 2);
    QVERIFY(one.reason == "completed" && one.phi_sha256 == two.phi_sha256);
    for (const char* suffix : {"", ".state.safetensors", ".log.csv", ".scores.csv"}) {
      QVERIFY2(io::read_file(path_ / ("a.safetensors" + std::string(suffix)), limit) ==
                   io::read_file(path_ / ("b.safetensors" + std::string(suffix)), limit),
               suffix);
    }
  }

  void resumeEqualsAnUninterruptedRun() {
    train("whole.safetensors", json::object(), 1);
    for (const int stop_after : {1, 3}) {
      RunControl control;
      const auto sink = [&](const RunEvent& event) {
        const auto* it = std::get_if<MetaIteration>(&event);
        if (it && it->iteration == stop_after) control.stop();
      };
      fs::remove(path_ / "part.safetensors");
      MetaOptions options;
      options.out = path_ / "part.safetensors";
      options.workers = 1;
      const Preset preset = save_and_load(path_, "m.json", small_image_meta());
      QCOMPARE(meta_train(preset, options, sink, control).iterations, std::int64_t{stop_after});
      options.resume = path_ / "part.safetensors.state.safetensors";
      RunControl more;
      meta_train(preset, options, {}, more);
      for (const char* suffix : {"", ".state.safetensors", ".log.csv", ".scores.csv"}) {
        QVERIFY2(io::read_file(path_ / ("part.safetensors" + std::string(suffix)), limit) ==
                     io::read_file(path_ / ("whole.safetensors" + std::string(suffix)), limit),
                 suffix);
      }
    }
  }

  /// What is kept is the iteration with the lowest transfer score: the mean over the budgets of the
  /// lower of the two values' scores.
  void transferChooses() {
    std::map<int, MetaIteration> told;
    const MetaResult result =
        train("a.safetensors", json::object(), 1, [&told](const RunEvent& event) {
          const auto* m = std::get_if<MetaIteration>(&event);
          if (m && std::isfinite(m->score)) told[static_cast<int>(m->iteration)] = *m;
        });
    const std::vector<std::string> rows = lines_of(path_ / "a.safetensors.scores.csv");
    QVERIFY(rows[0] == "iteration,family,steps,value,score,standard_error,diverged");
    std::map<int, std::map<int, double>> best;
    int training = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const QStringList cells = QString::fromStdString(rows[i]).split(',');
      QCOMPARE(cells.size(), 7);
      QVERIFY(cells[5].toDouble() > 0.0);
      if (cells[1] == "training") {
        ++training;
        continue;
      }
      auto& lowest = best[cells[0].toInt()];
      const auto [it, fresh] = lowest.emplace(cells[2].toInt(), cells[4].toDouble());
      if (!fresh) it->second = std::min(it->second, cells[4].toDouble());
    }
    QCOMPARE(training, 4);  // iterations 0, 2, 4, 6
    QCOMPARE(best.size(), std::size_t(3));
    QCOMPARE(rows.size(), std::size_t(1 + 4 + 3 * 4));
    std::pair<double, int> lowest{1e9, 0};
    for (const auto& [iteration, by_budget] : best) {
      lowest = std::min(lowest, {(by_budget.at(30) + by_budget.at(60)) / 2.0, iteration});
      const MetaIteration& event = told.at(iteration);
      ERGO_OK(differs(event.transfer, (by_budget.at(30) + by_budget.at(60)) / 2.0, 1e-12));
      QVERIFY(event.score_error > 0.0 && event.transfer_error > 0.0);
    }
    ERGO_OK(differs(result.best_score, lowest.first, 1e-12));
    const fs::path file = path_ / "a.safetensors";
    QVERIFY(field_of(file, "best_iteration") == std::to_string(lowest.second));
    QVERIFY(field_of(file, "family") == "images: seen");
    QVERIFY(field_of(file, "transfer_family") == "images: unseen");
    QVERIFY(field_of(file, "datasets_sha256") ==
            "seen:" + hash_of(load_image_set("", path_ / "seen")) +
                ",unseen:" + hash_of(load_image_set("", path_ / "unseen")));
    ERGO_OK(differs(std::stod(field_of(file, "transfer_score")), lowest.first, 1e-12));
    QVERIFY(std::stod(field_of(file, "score_standard_error")) > 0.0);
  }

  void badFamilies() {
    const auto images = [this](json change) {
      return [this, change] { train("a.safetensors", {{"images", change}}, 1); };
    };
    const auto with = [this](json change) {
      return [this, change] { train("a.safetensors", change, 1); };
    };
    ERGO_OK(wrong_error(images({{"sets", "none"}}), ExitCode::no_input, "'images.sets'", "none"));
    ERGO_OK(wrong_error(images({{"sets", ""}}), ExitCode::config, "'images.sets' is ''"));
    ERGO_OK(wrong_error(images({{"sets", "seen:0"}}), ExitCode::config, "'seen:0'", "weight > 0"));
    ERGO_OK(wrong_error(images({{"classes", 2}}), ExitCode::config, "'images.classes' is 2", "> 2",
                        "'seen'"));
    ERGO_OK(wrong_error(images({{"loss_images", 50}}), ExitCode::config,
                        "'images.images_min' is 12", "<= 10", "'seen'"));
    ERGO_OK(wrong_error(images({{"sides", json::array()}}), ExitCode::config, "'images.sides'"));
    ERGO_OK(wrong_error(images({{"activations", "relu,sin"}}), ExitCode::config,
                        "'images.activations' is 'relu,sin'", "silu"));
    ERGO_OK(wrong_error(images({{"networks", "mlp, lstm"}}), ExitCode::config,
                        "'images.networks' is 'mlp, lstm'", "conv_residual"));
    ERGO_OK(wrong_error(images({{"networks", "conv:0"}}), ExitCode::config, "weight > 0"));
    ERGO_OK(wrong_error(images({{"conv_widths", json::array()}}), ExitCode::config,
                        "'images.conv_widths'"));
    ERGO_OK(wrong_error(images({{"conv_depth_min", 4}}), ExitCode::config,
                        "'images.conv_depth_min' is 4", "'images.conv_depth_max' = 3"));
    ERGO_OK(wrong_error(images({{"width_min", 5}}), ExitCode::config, "'images.width_min' is 5",
                        "'images.width_max' = 4"));
    ERGO_OK(wrong_error(with({{"transfer", {{"every", 3}}}}), ExitCode::config,
                        "'transfer.every' is 3", "'validate_every' = 2"));
    ERGO_OK(wrong_error(with({{"transfer", {{"field", "warmth"}}}}), ExitCode::config,
                        "'transfer.field' is 'warmth'", "dynamics"));
    ERGO_OK(wrong_error(with({{"transfer", {{"values", json::array()}}}}), ExitCode::config,
                        "'transfer.values'"));
    ERGO_OK(wrong_error(with({{"transfer", {{"sets", "gone"}}}}), ExitCode::no_input,
                        "'transfer.sets'", "gone"));
    ERGO_OK(wrong_error(with({{"tasks", "sounds"}}), ExitCode::config, "'tasks'", "images"));
    ERGO_OK(wrong_error(with({{"device", "cuda:0"}}), ExitCode::config, "'device' is 'cuda:0'",
                        "image tasks"));
    QVERIFY(!fs::exists(path_ / "a.safetensors"));
  }

  /// The sets that the shipped preset names are there, and none of them is Fashion-MNIST, whose
  /// hashes these are (the Debian package dataset-fashion-mnist; train, then test).
  void shippedSetsAreNotFashionMnist() {
    const std::set<std::string> fashion = {
        "1b7c23c658169733528b93b3a3bdea81ea210a1161ff4f2276f1c0109079a057",
        "16f4e76ef93ed38c64319f5b7c3bba4b9e07a1e447a0f467e27a91ff30a18716"};
    const std::string used =
        field_of(preset_folder() / "meta/l2e-images.safetensors", "datasets_sha256");
    for (const char* name : {"mnist-10k", "kmnist-10k", "digits-8x8"}) {
      const ImageSet set = load_image_set("", preset_folder() / "data" / name);
      QVERIFY(!fashion.contains(hash_of(set)));
      QVERIFY(used.find(name + (":" + hash_of(set))) != std::string::npos);
      QVERIFY(fs::exists(preset_folder() / "data" / name / "LICENSE.md"));
    }
    QCOMPARE(std::count(used.begin(), used.end(), ':'), std::ptrdiff_t(3));
    for (const std::string& hash : fashion) QVERIFY(used.find(hash) == std::string::npos);
  }

 private:
  static ImageFamilyConfig small_family() {
    ImageFamilyConfig config;
    config.sets = "seen";
    config.sides = {4, 2};
    config.images_min = 12;
    config.images_max = 30;
    config.loss_images = 8;
    config.classes = 3;
    config.batch_size = 5;
    config.width_min = 2;
    config.width_max = 4;
    config.activations = "silu";
    return config;
  }

  MetaResult train(const std::string& out, const json& change, int workers,
                   const EventSink& sink = {}) {
    json document = small_image_meta();
    document.merge_patch(change);
    MetaOptions options;
    options.out = path_ / out;
    options.workers = workers;
    RunControl control;
    return meta_train(save_and_load(path_, "m.json", document), options, sink, control);
  }
};

QTEST_GUILESS_MAIN(TestImageTasks)
#include "tst_image_tasks.moc"
