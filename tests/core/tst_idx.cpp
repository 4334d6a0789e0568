// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>
#include <zlib.h>

#include <QTest>
#include <bit>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/data/idx.h"
#include "core/data/sources.h"
#include "core/io/atomic_file.h"
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

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& elements,
                      std::uint32_t type = 0x08) {
  std::string bytes = big_endian(type << 8 | static_cast<std::uint32_t>(shape.size()));
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
  std::vector<double> out(static_cast<std::size_t>(x.count * x.shape.size()));
  x.gather(rows.data(), x.count, out.data());
  return out;
}

}  // namespace

class TestIdx : public QObject, protected test::FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

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

  /// [n, channels, h, w]: every channel has its own mean and sd.
  void idxChannels() {
    DataConfig config = write_images(2, 2);
    std::string pixels;
    for (int i = 0; i < 2 * 3 * 2 * 2; ++i) pixels += static_cast<char>(i * i % 251);
    for (const char* name : {"train-images", "test-images"}) {
      io::write_file(path_ / name, idx_bytes({2, 3, 2, 2}, pixels));
    }
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.train.x.shape == (InputShape{3, 2, 2}) && d.inputs == 12);
    QVERIFY(d.standardisation.x_mean.size() == 3 && d.standardisation.x_sd.size() == 3);
    const auto x = gathered(d.train.x);
    for (int c = 0; c < 3; ++c) {
      std::vector<double> channel;
      for (int row = 0; row < 2; ++row) {
        for (int i = 0; i < 4; ++i) {
          const int at = 12 * row + 4 * c + i;
          channel.push_back(x[at]);
          const double pixel = static_cast<unsigned char>(pixels[at]) / 255.0;
          QVERIFY(
              near(x[at] * d.standardisation.x_sd[c] + d.standardisation.x_mean[c], pixel, 1e-12));
        }
      }
      QVERIFY(near(mean_of(channel), 0.0, 1e-12) && near(sd_of(channel), 1.0, 1e-12));
    }
    io::write_file(path_ / "test-images", idx_bytes({2, 12}, pixels));
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::data,
                         "test-images: byte images of shape [1, 1, 12]", "[3, 2, 2]"),
             none);
  }

  void idxFloatImages() {
    DataConfig config = write_images(2, 2);
    std::string pixels;
    for (int i = 0; i < 8; ++i) pixels += big_endian(std::bit_cast<std::uint32_t>(0.25f * i - 1));
    for (const char* name : {"train-images", "test-images"}) {
      io::write_file(path_ / name, idx_bytes({2, 2, 2}, pixels, 0x0d));
    }
    config.normalise = false;
    const auto plain = gathered(make_dataset(config, path_).train.x);
    QVERIFY(plain[0] == -1.0 && plain[7] == 0.75);
    config.normalise = true;
    const auto x = gathered(make_dataset(config, path_).train.x);
    QVERIFY(near(mean_of(x), 0.0, 1e-12) && near(sd_of(x), 1.0, 1e-12));
    pixels.replace(20, 4, big_endian(0x7f800000));  // infinity
    io::write_file(path_ / "test-images", idx_bytes({2, 2, 2}, pixels, 0x0d));
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::data, "test-images",
                         "row 2 holds inf"),
             none);
  }

  /// QMNIST: int32 labels [n, 8], the class first. EMNIST letters: labels from 1.
  void idxLabels() {
    DataConfig config = write_images(3, 3);
    const auto write = [this](const std::vector<int>& labels, std::uint32_t columns) {
      std::string bytes;
      for (const int label : labels) bytes += big_endian(static_cast<std::uint32_t>(label));
      const auto rows = static_cast<std::uint32_t>(labels.size()) / columns;
      const std::string idx =
          columns == 1 ? idx_bytes({rows}, bytes, 0x0c) : idx_bytes({rows, columns}, bytes, 0x0c);
      for (const char* name : {"train-labels", "test-labels"}) io::write_file(path_ / name, idx);
    };
    using Labels = std::vector<std::int32_t>;
    write({7, 1000, 0, 1000, 3, 1000}, 2);
    QVERIFY(make_dataset(config, path_).train.labels == (Labels{7, 0, 3}));
    config.classes = 3;
    write({3, 1, 2}, 1);
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.train.labels == (Labels{2, 0, 1}) && d.test.labels == d.train.labels);
    QCOMPARE(d.notes.size(), std::size_t{1});
    QVERIFY(d.notes[0].find("begin at 1") != std::string::npos);
    write({0, 1, 2}, 1);
    QVERIFY(make_dataset(config, path_).notes.empty());
    const auto error = [&](const std::string& a, const std::string& b) {
      return wrong_error([&] { make_dataset(config, path_); }, ExitCode::data, a, b);
    };
    write({1, 2, 4}, 1);
    QCOMPARE(error("row 3 is 4", "they begin at 1 and end at 4, as with data.classes=4"), none);
    write({0, -1, 2}, 1);
    QCOMPARE(error("row 2 is -1", "labels count from 0"), none);
  }

  /// Without test files the last rows of the training files are the test points, the ones before
  /// them the validation points.
  void idxTestRowsOfTheTrainingFiles() {
    DataConfig config = write_images(6, 3);
    config.test_images = config.test_labels = "";
    config.validation_size = 1;
    config.test_size = 2;
    config.normalise = false;
    const Dataset d = make_dataset(config, path_);
    QVERIFY(d.train.labels == (std::vector<std::int32_t>{0, 1, 2}));
    QVERIFY(d.validation.labels == (std::vector<std::int32_t>{3}));
    QVERIFY(d.test.labels == (std::vector<std::int32_t>{4, 5}));
    const std::vector<double> pixels = gathered(d.test.x);
    QCOMPARE(pixels.size(), std::size_t(8));
    QVERIFY(near(pixels[0], 16 * 10.0 / 255.0, 1e-12));
    for (const int size : {0, 6}) {
      config.test_size = size;
      QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config,
                           "'data.test_size' is " + std::to_string(size), "1 to 5"),
               none);
    }
  }

  void idxOtherFiles() {
    const auto error = [&](const std::string& bytes, const std::string& rule) {
      io::write_file(path_ / "f.gz", bytes);
      return wrong_error([&] { read_idx(path_ / "f.gz"); }, ExitCode::data, "f.gz", rule);
    };
    QCOMPARE(error("<!DOCTYPE html>", "a web page ('<!DO...'), but must be IDX"), none);
    QCOMPARE(error("\x93NUMPY\x01", "a NumPy file"), none);
    QCOMPARE(error("label,pixel", "text ('labe...')"), none);
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

  /// By the field, whatever the path says.
  void classNames() {
    DataConfig config = write_images(6, 3);
    fs::create_directory(path_ / "fashion");
    for (std::string* name :
         {&config.train_images, &config.train_labels, &config.test_images, &config.test_labels}) {
      fs::rename(path_ / *name, path_ / "fashion" / *name);
      *name = "fashion/" + *name;
    }
    QCOMPARE(make_dataset(config, path_).class_names[9], std::string("9"));
    config.class_names = "a,b/c, d e,f,g,h,i,j,k,l";
    const auto names = make_dataset(config, path_).class_names;
    QVERIFY(names.size() == 10 && names[1] == "b/c" && names[2] == "d e");
    config.class_names = "a,b";
    QCOMPARE(wrong_error([&] { make_dataset(config, path_); }, ExitCode::config, "data.class_names",
                         "has 2 names, but must have 10"),
             none);
  }

  void idxDamage() {
    const fs::path file = path_ / "images";
    const auto error = [&](const std::string& a, const std::string& b) {
      return wrong_error([&] { read_idx(file); }, ExitCode::data, file.string(), a, b);
    };
    const std::string whole = idx_bytes({2, 3, 1}, "abcdef");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      put(file, whole.substr(0, size));
      QCOMPARE(size < 16
                   ? error("header is incomplete", "")
                   : error("announces 6", "data have " + std::to_string(size - 16) + " bytes"),
               none);
    }
    io::write_file(file, whole + "g");
    QCOMPARE(error("more data follow", "6 bytes"), none);
    io::write_file(file, big_endian(0x00000a03) + whole);
    QCOMPARE(error("magic", "0x00000a03"), none);
    io::write_file(file, big_endian(0x00000805) + whole);
    QCOMPARE(error("magic", "0x00000805"), none);
    io::write_file(file, idx_bytes({0xffffffff, 0xffffffff, 2}, ""));
    QCOMPARE(error("more than", "bytes"), none);
    io::write_file(file, idx_bytes({4'000'000'000}, "ab"));  // allocates nothing of that size
    QCOMPARE(error("announces 4000000000", "data have 2 bytes"), none);
    QCOMPARE(wrong_error([&] { read_idx(path_ / "lost"); }, ExitCode::no_input, "lost"), none);
  }

  void idxCompressedDamage() {
    const fs::path file = path_ / "images.gz";
    // Far more than the header announces: reading stops after one byte too many.
    write_gz(file, idx_bytes({2}, std::string(50'000'000, '\0')));
    QCOMPARE(wrong_error([&] { read_idx(file); }, ExitCode::data, "more data follow", "2 bytes"),
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

  /// A megabyte that says it is a gigabyte is not believed, a pipe not waited for.
  void idxOutOfProportion() {
    const fs::path file = path_ / "bomb.gz";
    const gzFile gz = gzopen(file.c_str(), "wb9");
    const std::string head = idx_bytes({1 << 30}, "");
    gzwrite(gz, head.data(), static_cast<unsigned>(head.size()));
    const std::string zeros(1 << 22, '\0');
    for (int i = 0; i < 20; ++i) gzwrite(gz, zeros.data(), static_cast<unsigned>(zeros.size()));
    gzclose(gz);
    QCOMPARE(wrong_error([&] { read_idx(file); }, ExitCode::data, "bomb.gz", "64 times"), none);
    const fs::path pipe = path_ / "pipe";
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    QCOMPARE(wrong_error([&] { read_idx(pipe); }, ExitCode::io, "a pipe"), none);
  }

  void idxDatasetErrors() {
    DataConfig config = write_images(6, 3);
    const auto error = [&](ExitCode code, const std::string& a, const std::string& b) {
      return wrong_error([&] { make_dataset(config, path_); }, code, a, b);
    };
    config.classes = 5;
    QCOMPARE(error(ExitCode::data, "train-labels: the label of row 6 is 5, but must be 0 to 4",
                   "data.classes=6"),
             none);
    config.classes = 10;
    config.validation_size = 6;
    QCOMPARE(error(ExitCode::config, "data.train_size", "0 rows"), none);
    config.validation_size = 0;
    config.test_size = 4;
    QCOMPARE(error(ExitCode::config, "'data.test_size' is 4", "3 rows"), none);
    config.test_size = 0;
    config.test_labels = "train-labels";
    QCOMPARE(error(ExitCode::data, "6 labels, but", "has 3 images"), none);
    config.test_labels = "test-images";
    QCOMPARE(error(ExitCode::data, "labels must be", "[3, 2, 2]"), none);
    config.test_labels = "";
    QCOMPARE(error(ExitCode::config, "data.test_labels", "empty"), none);
    config.test_labels = "test-labels";
    config.test_images = "test-labels";
    QCOMPARE(error(ExitCode::data, "but must be images", "[3]"), none);
    io::write_file(path_ / "wide", idx_bytes({3, 5}, std::string(15, 'x')));
    config.test_images = "wide";
    QCOMPARE(error(ExitCode::data, "wide: byte images of shape [1, 1, 5]", "[1, 2, 2]"), none);
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
    DataConfig config = data_from("idx");
    config.train_images = "train-images", config.train_labels = "train-labels";
    config.test_images = "test-images", config.test_labels = "test-labels";
    return config;
  }
};

QTEST_GUILESS_MAIN(TestIdx)
#include "tst_idx.moc"
