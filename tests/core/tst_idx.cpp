// SPDX-License-Identifier: GPL-3.0-or-later
#include <zlib.h>

#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/data/idx.h"
#include "core/io/atomic_file.h"
#include "plain_support.h"

using namespace ergo;
using test::mean_of;
using test::near;
using test::sd_of;
using test::wrong_error;
namespace fs = std::filesystem;

namespace {

const std::string none;

DataConfig config_of(const std::string& source) {
  DataConfig config;
  config.source = source;
  return config;
}

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& elements) {
  std::string bytes = big_endian(0x0800 + static_cast<std::uint32_t>(shape.size()));
  for (const std::uint32_t extent : shape) bytes += big_endian(extent);
  return bytes + elements;
}

void write_gz(const fs::path& path, const std::string& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  QVERIFY(file != nullptr);
  QCOMPARE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
           static_cast<int>(bytes.size()));
  QCOMPARE(gzclose(file), Z_OK);
}

/// Without fsync: hundreds of damaged files would take seconds.
void put(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  QVERIFY(file.good());
}

std::vector<double> gathered(const Inputs& x) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(x.count));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<double> out(static_cast<std::size_t>(x.count * x.width));
  x.gather(rows.data(), x.count, out.data());
  return out;
}

}  // namespace

class TestIdx : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    QVERIFY(folder_->isValid());
    path_ = fs::path(folder_->path().toStdString());
  }

  void idxDataset() {
    DataConfig config = write_images(6, 3);
    config.validation_size = 2;
    config.normalise = false;
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.task == Task::classification);
    QCOMPARE(d.train.size(), std::int64_t{4});
    QCOMPARE(d.validation.size(), std::int64_t{2});
    QCOMPARE(d.test.size(), std::int64_t{3});
    QCOMPARE(d.inputs, std::int64_t{4});
    QCOMPARE(d.outputs, std::int64_t{10});
    QVERIFY(d.train.labels == (std::vector<std::int32_t>{0, 1, 2, 3}));
    QVERIFY(d.validation.labels == (std::vector<std::int32_t>{4, 5}));  // the last rows
    QCOMPARE(d.class_names[9], std::string("9"));
    const std::int64_t rows[2] = {1, 0};
    float pixels[8];
    d.validation.x.gather(rows, 2, pixels);
    QVERIFY(near(pixels[0], 20 * 10.0 / 255.0, 1e-6));  // row 5 of the file begins at byte 20
    QVERIFY(near(pixels[7], 19 * 10.0 / 255.0, 1e-6));
  }

  void idxNormalisesByTrainingPixels() {
    DataConfig config = write_images(6, 3);
    config.validation_size = 2;
    const Dataset d = make_dataset(config, path_);
    const auto x = gathered(d.train.x);
    QVERIFY(near(mean_of(x), 0.0, 1e-12) && near(sd_of(x), 1.0, 1e-12));
    const Standardisation& s = d.standardisation;
    QVERIFY(near(gathered(d.test.x)[3] * s.x_sd[0] + s.x_mean[0], 30.0 / 255.0, 1e-12));
    config.train_size = 3, config.test_size = 1;
    const Dataset less = make_dataset(config, path_);
    QCOMPARE(less.train.size(), std::int64_t{3});
    QVERIFY(less.validation.x.bytes == d.validation.x.bytes);
    QCOMPARE(less.test.size(), std::int64_t{1});
  }

  void idxCompressedEqualsPlain() {
    DataConfig config = write_images(6, 3);
    const Dataset plain = make_dataset(config, path_);
    for (std::string* name :
         {&config.train_images, &config.train_labels, &config.test_images, &config.test_labels}) {
      write_gz(path_ / (*name + ".gz"), io::read_file(path_ / *name, 10'000));
      *name += ".gz";
    }
    QCOMPARE(make_dataset(config, path_).sha256, plain.sha256);
  }

  void fashionClassNames() {
    fs::create_directory(path_ / "Fashion-MNIST");
    DataConfig config = write_images(6, 3);
    for (std::string* name :
         {&config.train_images, &config.train_labels, &config.test_images, &config.test_labels}) {
      fs::rename(path_ / *name, path_ / "Fashion-MNIST" / *name);
      *name = "Fashion-MNIST/" + *name;
    }
    QCOMPARE(make_dataset(config, path_).class_names[9], std::string("Ankle boot"));
  }

  void idxDamage() {
    const fs::path file = path_ / "images";
    const auto error = [&](const std::string& a, const std::string& b) {
      return wrong_error([&] { read_idx(file); }, ExitCode::data, file.string(), a, b);
    };
    const std::string whole = idx_bytes({2, 3, 1}, "abcdef");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      put(file, whole.substr(0, size));
      QCOMPARE(size < 16 ? error("header is incomplete", "")
                         : error("expected 6 bytes", "found " + std::to_string(size - 16)),
               none);
    }
    io::write_file(file, whole + "g");
    QCOMPARE(error("expected 6 bytes", "found more"), none);
    io::write_file(file, big_endian(0x00000d03) + whole);
    QCOMPARE(error("magic", "0x00000d03"), none);
    io::write_file(file, big_endian(0x00000805) + whole);
    QCOMPARE(error("magic", "0x00000805"), none);
    io::write_file(file, idx_bytes({0xffffffff, 0xffffffff, 2}, ""));
    QCOMPARE(error("more than", "bytes"), none);
    io::write_file(file, idx_bytes({4'000'000'000}, "ab"));  // allocates nothing of that size
    QCOMPARE(error("expected 4000000000 bytes", "found 2"), none);
    QCOMPARE(wrong_error([&] { read_idx(path_ / "lost"); }, ExitCode::no_input, "lost"), none);
  }

  void idxCompressedDamage() {
    const fs::path file = path_ / "images.gz";
    // Far more than the header announces: reading stops after one byte too many.
    write_gz(file, idx_bytes({2}, std::string(50'000'000, '\0')));
    QCOMPARE(wrong_error([&] { read_idx(file); }, ExitCode::data, "expected 2 bytes", "found more"),
             none);
    std::string noise;
    ScalarStream stream(RngKey::from_seed(1));
    for (int i = 0; i < 300; ++i) noise += static_cast<char>(stream.integer(256));
    write_gz(file, idx_bytes({300}, noise));
    const std::string whole = io::read_file(file, 10'000);
    for (std::size_t size = 1; size < whole.size(); ++size) {
      put(file, whole.substr(0, size));
      QCOMPARE(wrong_error([&] { read_idx(file); }, ExitCode::data, file.string()), none);
    }
    std::string flipped = whole;
    flipped[100] = static_cast<char>(flipped[100] ^ 1);
    io::write_file(file, flipped);
    QCOMPARE(wrong_error([&] { read_idx(file); }, ExitCode::data, "damaged"), none);
  }

  void idxDatasetErrors() {
    DataConfig config = write_images(6, 3);
    const auto error = [&](ExitCode code, const std::string& a, const std::string& b) {
      return wrong_error([&] { make_dataset(config, path_); }, code, a, b);
    };
    config.classes = 5;
    QCOMPARE(error(ExitCode::data, "train-labels: expected labels below 5", "found 5 in row 6"),
             none);
    config.classes = 10;
    config.validation_size = 6;
    QCOMPARE(error(ExitCode::config, "data.train_size", "0 rows"), none);
    config.validation_size = 0;
    config.test_size = 4;
    QCOMPARE(error(ExitCode::config, "data.test_size is 4", "3 rows"), none);
    config.test_size = 0;
    config.test_labels = "train-labels";
    QCOMPARE(error(ExitCode::data, "expected 3 labels", "found 6"), none);
    config.test_labels = "test-images";
    QCOMPARE(error(ExitCode::data, "one dimension", "found 3"), none);
    config.test_labels = "";
    QCOMPARE(error(ExitCode::config, "data.test_labels", "empty"), none);
    config.test_labels = "test-labels";
    config.test_images = "test-labels";
    QCOMPARE(error(ExitCode::data, "expected images", "[3]"), none);
    io::write_file(path_ / "wide", idx_bytes({3, 5}, std::string(15, 'x')));
    config.test_images = "wide";
    QCOMPARE(error(ExitCode::data, "wide: expected images of 4 pixels", "found 5"), none);
  }

 private:
  /// 2 x 2 images whose pixels count 0, 10, 20, ... (below 256) and labels 0, 1, 2, ...
  DataConfig write_images(int train, int test) {
    const auto write = [this](const std::string& kind, int count) {
      std::string pixels, labels;
      for (int i = 0; i < 4 * count; ++i) pixels += static_cast<char>(10 * i);
      for (int i = 0; i < count; ++i) labels += static_cast<char>(i);
      const auto rows = static_cast<std::uint32_t>(count);
      io::write_file(path_ / (kind + "-images"), idx_bytes({rows, 2, 2}, pixels));
      io::write_file(path_ / (kind + "-labels"), idx_bytes({rows}, labels));
    };
    write("train", train);
    write("test", test);
    DataConfig config = config_of("idx");
    config.train_images = "train-images", config.train_labels = "train-labels";
    config.test_images = "test-images", config.test_labels = "test-labels";
    return config;
  }

  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestIdx)
#include "tst_idx.moc"
