// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <QTest>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "core/io/atomic_file.h"
#include "core/io/file_lock.h"
#include "core/io/npz.h"
#include "core/io/result_folder.h"
#include "core/io/safetensors.h"
#include "core/io/sha256.h"
#include "core/io/sha256_blocks.h"
#include "core/io/strict_json.h"
#include "plain_support.h"
#include "tests/support/child.h"
#include "tests/support/folder_test.h"

using namespace ergo;
using namespace ergo::io;
using test::wrong_error;
namespace fs = std::filesystem;

namespace {

const std::string none;

std::string with_header(std::string header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

SafeTensors sample() {
  SafeTensors tensors;
  tensors.metadata = {{"friction", "0.1"}, {"noise_form", "paper"}};
  tensors.arrays.push_back(from_floats("a", {2, 3}, {1, 2, 3, -4, 5.5f, 6}));
  tensors.arrays.push_back(from_doubles("b", {}, {0.1}));
  tensors.arrays.push_back(from_integers("c", {2}, {-7, std::int64_t{1} << 60}));
  tensors.arrays.push_back(from_floats("empty", {0, 4}, {}));
  return tensors;
}

/// The part of a temporary file's name that stands for this machine.
std::string machine_part() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  return sha256_hex(fs::read_symlink("/proc/self/ns/pid").string() + boot).substr(0, 8);
}

std::int64_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

/// Lets no file grow beyond `bytes`, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit limit = saved_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &saved_);
    std::signal(SIGXFSZ, previous_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit saved_{};
  void (*previous_)(int) = SIG_DFL;
};

}  // namespace

class TestIo : public QObject, protected test::FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void writesReplacesAndReads() {
    const fs::path file = path_ / "result.json";
    std::string bytes(3'000'000, 'x');
    bytes[1] = '\0';
    write_file(file, bytes);
    QVERIFY(read_file(file, bytes.size()) == bytes);
    write_file(file, "new");
    QCOMPARE(read_file(file, 3), std::string("new"));
    write_file(file, "");
    QCOMPARE(read_file(file, 0), none);
    QCOMPARE(entries(path_), std::int64_t{1});
  }

  void failedWriteKeepsTheOldFile() {
    const fs::path file = path_ / "state";
    write_file(file, "old");
    const FileSizeLimit limit(4096);
    QCOMPARE(wrong_error([&] { write_file(file, std::string(10'000, 'y')); }, ExitCode::io,
                         file.string(), "too large"),
             none);
    QCOMPARE(read_file(file, 100), std::string("old"));
    QCOMPARE(entries(path_), std::int64_t{1});
  }

  void writesThroughLinks() {
    write_file(path_ / "real", "1");
    fs::create_symlink(path_ / "real", path_ / "link");
    write_file(path_ / "link", "2");
    QVERIFY(fs::is_symlink(path_ / "link"));
    QCOMPARE(read_file(path_ / "real", 10), std::string("2"));
  }

  void namesWhatCannotBeWrittenOrRead() {
    const fs::path lost = path_ / "missing" / "file";
    QCOMPARE(wrong_error([&] { write_file(lost, "x"); }, ExitCode::cannot_create, lost.string(),
                         "No such file"),
             none);
    QCOMPARE(wrong_error([&] { write_file(path_, "x"); }, ExitCode::cannot_create, path_.string(),
                         "not a regular file"),
             none);
    QCOMPARE(
        wrong_error([&] { write_file("/dev/null", "x"); }, ExitCode::cannot_create, "/dev/null"),
        none);
    QCOMPARE(wrong_error([&] { read_file(lost, 9); }, ExitCode::no_input, lost.string()), none);
    QCOMPARE(wrong_error([&] { read_file(path_, 9); }, ExitCode::io, path_.string(), "directory"),
             none);
    write_file(path_ / "ten", "0123456789");
    QCOMPARE(wrong_error([&] { read_file(path_ / "ten", 9); }, ExitCode::data, "ten", "9 bytes"),
             none);
  }

  void permissionsAreKept() {
    const fs::path file = path_ / "file";
    write_file(file, "1");
    fs::permissions(file, fs::perms::owner_all | fs::perms::group_read);
    write_file(file, "2");
    QVERIFY(fs::status(file).permissions() == (fs::perms::owner_all | fs::perms::group_read));
  }

  /// What a killed process left goes; what a living one writes stays.
  void leftoversAreRemoved() {
    const pid_t gone = test::spawn([this] {
      const fs::path beside = path_ / "file";
      const FileSizeLimit limit(4096);
      std::thread killer([] { ::raise(SIGKILL); });
      while (true) write_file(beside, std::string(4000, 'x'));
      return 0;
    });
    QCOMPARE(test::wait_for_end(gone), -SIGKILL);
    write_file(path_ / "mine", "x");
    // The kill may have come between two files: make sure that there is one.
    const std::string name = ".ergo-" + machine_part() + "-" + std::to_string(gone) + "-99.tmp";
    std::ofstream(path_ / name) << "left";
    const std::string alive =
        ".ergo-" + machine_part() + "-" + std::to_string(::getpid()) + "-99.tmp";
    std::ofstream(path_ / alive) << "being written";
    remove_leftovers(path_);
    QVERIFY(!fs::exists(path_ / name) && fs::exists(path_ / alive));
    for (const auto& entry : fs::directory_iterator(path_))
      QVERIFY(!is_temporary(entry.path()) || entry.path().filename() == alive);
  }

  void lockIsHeldByOneProcess() {
    const fs::path file = path_ / "lock";
    {
      const FileLock lock(file);
      QCOMPARE(wrong_error([&] { const FileLock second(file); }, ExitCode::cannot_create,
                           file.string(), "process " + std::to_string(::getpid())),
               none);
    }
    QVERIFY(!fs::exists(file));
    const pid_t killed = test::spawn([&] {
      const FileLock lock(file);
      ::raise(SIGKILL);
      return 0;
    });
    QCOMPARE(test::wait_for_end(killed), -SIGKILL);
    QVERIFY(fs::exists(file));
    { const FileLock lock(file); }  // a kill frees it
    std::ofstream(file) << "my own notes";
    QCOMPARE(wrong_error([&] { const FileLock lock(file); }, ExitCode::cannot_create, "no lock"),
             none);
    QCOMPARE(read_file(file, 100), std::string("my own notes"));
  }

  void resultsAreReplacedTogether() {
    const fs::path out = path_ / "out";
    {
      ResultFolder folder(out, false);
      folder.stage("a", "1");
      folder.stage("b", "2");
      folder.publish({{"n", 1}});
    }
    QCOMPARE(incomplete(out), none);
    QCOMPARE(entries(out), std::int64_t{3});
    fs::permissions(out / "a", fs::perms::owner_read | fs::perms::owner_write);
    write_file(out / "notes", "of somebody else");
    QCOMPARE(wrong_error([&] { const ResultFolder folder(out, false); }, ExitCode::cannot_create,
                         "not empty", "--force"),
             none);
    {  // no room: nothing changes
      ResultFolder folder(out, true);
      folder.stage("a", "3");
      const FileSizeLimit limit(4096);
      QCOMPARE(wrong_error([&] { folder.stage("b", std::string(9999, 'x')); }, ExitCode::io,
                           "too large"),
               none);
    }
    QCOMPARE(incomplete(out), none);
    QCOMPARE(read_file(out / "a", 9), std::string("1"));
    {
      ResultFolder folder(out, true);
      QCOMPARE(wrong_error([&] { const ResultFolder other(out, true); }, ExitCode::cannot_create,
                           "is writing here"),
               none);
      folder.stage("a", "5");
      folder.publish({{"n", 2}});
    }
    QCOMPARE(incomplete(out), none);
    QCOMPARE(read_file(out / "a", 9), std::string("5"));
    QVERIFY(fs::status(out / "a").permissions() ==
            (fs::perms::owner_read | fs::perms::owner_write));
    QCOMPARE(read_file(out / "notes", 99), std::string("of somebody else"));
    write_file(out / "a", "6");
    QVERIFY(!incomplete(out).empty());
    QCOMPARE(wrong_error([&] { const ResultFolder folder(out, false); }, ExitCode::cannot_create,
                         "incomplete", "'a'"),
             none);
  }

  /// Killed at any moment, the folder holds one whole result or none.
  void aKillLeavesOneResultOrNone() {
    const fs::path out = path_ / "out";
    ResultFolder(out, false).publish({{"n", -1}});
    int complete = 0;
    for (int round = 0; round < 60; ++round) {
      const pid_t pid = test::spawn([&] {
        for (int n = 0;; ++n) {
          ResultFolder folder(out, true);
          for (const char* name : {"a", "b", "c"})
            folder.stage(name, std::to_string(n) + std::string(2000, 'x'));
          folder.publish({{"n", n}});
        }
        return 0;
      });
      std::this_thread::sleep_for(std::chrono::microseconds(2000 + 700 * round));
      ::kill(pid, SIGKILL);
      QCOMPARE(test::wait_for_end(pid), -SIGKILL);
      if (!fs::exists(out / ResultFolder::index)) continue;
      QCOMPARE(incomplete(out), none);
      ++complete;
    }
    QVERIFY(complete > 0);
  }

  void sha256MatchesTheStandard() {
    // FIPS 180-4 examples, and the empty message.
    QCOMPARE(sha256_hex(""),
             std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    QCOMPARE(sha256_hex("abc"),
             std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
             std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    Sha256 million;
    const std::string part(999, 'a');
    for (int i = 0; i < 1001; ++i) million.update(part.data(), part.size());
    million.update("a", 1);
    QCOMPARE(million.hex(),
             std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
  }

  /// Where the processor has instructions of its own for it.
  void sha256FastAndPlainAgree() {
    std::string bytes(64 * 9, '\0');
    std::uint32_t x = 1;
    for (char& byte : bytes) byte = static_cast<char>((x = x * 1664525U + 1013904223U) >> 24);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    for (std::size_t blocks = 0; blocks <= 9; ++blocks) {
      Sha256State plain = {1, 2, 3, 4, 5, 6, 7, 0xffffffff}, fast = plain;
      sha256_blocks_plain(plain, data, blocks);
      if (!sha256_blocks_fast(fast, data, blocks)) QSKIP("the processor has no such instructions");
      QCOMPARE(fast, plain);
    }
  }

  void sha256DoesNotDependOnThePieces() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += static_cast<char>(i * 37);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Sha256 hash;
      hash.update(text.data(), cut);
      const std::string prefix = hash.hex();
      hash.update(text.data() + cut, text.size() - cut);
      QCOMPARE(prefix, sha256_hex(std::string_view(text).substr(0, cut)));
      QCOMPARE(hash.hex(), sha256_hex(text));
    }
  }

  void safetensorsRoundTrip() {
    save_safetensors(path_ / "t.safetensors", sample());
    const SafeTensors back = load_safetensors(path_ / "t.safetensors");
    QVERIFY(back.metadata == sample().metadata);
    QCOMPARE(back.arrays.size(), std::size_t{4});
    QVERIFY(back.find("a")->floats() == sample().arrays[0].floats());
    QVERIFY(back.find("a")->shape == (std::vector<std::int64_t>{2, 3}));
    QVERIFY(back.find("b")->doubles() == std::vector<double>{0.1});
    QVERIFY(back.find("b")->floats() == std::vector<float>{0.1f});
    QVERIFY(back.find("c")->integers() == (std::vector<std::int64_t>{-7, std::int64_t{1} << 60}));
    QCOMPARE(back.find("empty")->size(), std::int64_t{0});
    QVERIFY(back.find("d") == nullptr);
    QVERIFY(serialise(back) == serialise(sample()));
  }

  /// Values and their bits as IEEE 754 has them.
  void safetensorsOfHalfWidth() {
    const auto array = [](const char* dtype, std::vector<std::uint16_t> bits) {
      Array a{"a", dtype, {static_cast<std::int64_t>(bits.size())}, {}};
      a.bytes.assign(reinterpret_cast<const char*>(bits.data()), 2 * bits.size());
      return parse_safetensors(serialise({{}, {a}, {}}), "memory").arrays.at(0);
    };
    const Array half =
        array("F16", {0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8000, 0x7c00, 0x7e00});
    const std::vector<double> h = half.doubles();
    QVERIFY(h[0] == 1.0 && h[1] == -2.0 && h[2] == 0.333251953125);
    QVERIFY(h[3] == std::ldexp(1.0, -24) && h[4] == 65504.0 && std::signbit(h[5]) && h[5] == 0.0);
    QVERIFY(std::isinf(h[6]) && std::isnan(h[7]));
    QVERIFY(half.floats()[2] == 0.333251953125f);
    const std::vector<float> b = array("BF16", {0x3f80, 0xc000, 0x3eab, 0x7f80}).floats();
    QVERIFY(b[0] == 1.0f && b[1] == -2.0f && b[2] == 0.333984375f && std::isinf(b[3]));
  }

  void safetensorsOfOthers() {
    const std::string header =
        R"({"_orig_mod.module.a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
        R"("mask":{"dtype":"BOOL","shape":[4],"data_offsets":[4,8]}})";
    SafeTensors tensors = parse_safetensors(with_header(header, std::string(8, '\0')), "memory");
    QVERIFY(tensors.unreadable == std::vector<std::string>{"mask (BOOL)"});
    QCOMPARE(strip_wrappers(tensors), std::string("_orig_mod.module."));
    QVERIFY(tensors.arrays.size() == 1 && tensors.find("a"));
    QCOMPARE(strip_wrappers(tensors), std::string());
    tensors.arrays.push_back(from_floats("module.b", {1}, {0}));  // not all have it
    QCOMPARE(strip_wrappers(tensors), std::string());
    QVERIFY(tensors.find("module.b"));
  }

  void strictJson() {
    QCOMPARE(parse_strict_json(R"({"a": {"x": 1}, "b": {"x": 1e5}})", "p")["b"]["x"].get<double>(),
             1e5);
    const auto error = [](const std::string& text, const std::string& rule) {
      return wrong_error([&] { parse_strict_json(text, "p.json"); }, ExitCode::data,
                         "p.json: ", rule);
    };
    QCOMPARE(error(R"({"data": {"seed": "1", "x": 2, "seed": "2"}})",
                   "field 'data.seed' is given twice"),
             none);
    QCOMPARE(error(R"({"a": [{"b": 1}, {"c": 1, "c": 2}]})", "'a.c' is given twice"), none);
    QCOMPARE(error("// my preset\n{}", "line 1, column 1: a comment"), none);
    QCOMPARE(error("{\n  \"a\": 1, # one\n}", "line 2, column 11: a comment"), none);
    QCOMPARE(error("{\n  \"a\": 1 /* one */\n}", "line 2, column 10: a comment"), none);
    QCOMPARE(error("{\n  \"a\": }", "line 2, column 8: not valid JSON"), none);
    QCOMPARE(error("{\"a\": 1", "it ends too early"), none);
    QCOMPARE(error("", "it ends too early"), none);
  }

  /// Byte by byte as the formats have it; NumPy 2 reads such files.
  void npzOfTwoArrays() {
    const std::string bytes = npz({npy_of("a", {2}, std::vector<std::int64_t>{1, -1}),
                                   npy_of("b.c", {1, 2}, std::vector<double>{0.5, -2})});
    const auto number = [&bytes](std::size_t at, int size) {
      std::uint64_t value = 0;
      for (int i = size - 1; i >= 0; --i)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
      return value;
    };
    QVERIFY(bytes.starts_with("PK\x03\x04") && bytes.substr(30, 5) == "a.npy");
    const std::size_t size = number(18, 4);
    const std::string file = bytes.substr(35, size);
    QVERIFY(file.starts_with(std::string("\x93NUMPY\x01\x00", 8)) && size == 128 + 16);
    QCOMPARE(file.substr(10, 58),
             std::string("{'descr': '<i8', 'fortran_order': False, 'shape': (2, ), }"));
    QVERIFY(file[127] == '\n' && file[128] == 1 && file.substr(136) == std::string(8, '\xff'));
    QCOMPARE(number(14, 4), std::uint64_t{crc32(0, reinterpret_cast<const Bytef*>(file.data()),
                                                static_cast<unsigned>(file.size()))});
    const std::size_t second = 35 + size, end = bytes.size() - 22;
    QCOMPARE(bytes.substr(second, 4) + bytes.substr(second + 30, 7), std::string("PK\x03\x04"
                                                                                 "b.c.npy"));
    QCOMPARE(bytes.substr(end, 4), std::string("PK\x05\x06"));
    QCOMPARE(number(end + 10, 2), std::uint64_t{2});
    const std::size_t directory = number(end + 16, 4);
    QVERIFY(bytes.substr(directory, 4) == "PK\x01\x02" && number(directory + 42, 4) == 0);
    QCOMPARE(number(directory + 46 + 5 + 42, 4), std::uint64_t{second});
    QVERIFY_EXCEPTION_THROWN(npy_of("a", {3}, std::vector<double>{1}), std::invalid_argument);
  }

  void safetensorsAreAligned() {
    const std::string bytes = serialise(sample());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    QCOMPARE(length % 8, std::uint64_t{0});
    const SafeTensors back = parse_safetensors(bytes, "memory");
    QCOMPARE(back.arrays.back().dtype, std::string("F32"));  // 8-byte elements come first
    double first = 0.0;
    std::memcpy(&first, bytes.data() + 8 + length, 8);
    QVERIFY(first == 0.1);
  }

  void readsForeignHeaders() {
    // Keys in another order than the data, padded header, as other writers leave them.
    const std::string header = R"({"z":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"},)"
                               R"("a":{"shape":[],"dtype":"F32","data_offsets":[4,8]}}   )";
    const float values[2] = {1.5f, 2.5f};
    const SafeTensors t = parse_safetensors(
        with_header(header, std::string(reinterpret_cast<const char*>(values), 8)), "f");
    QVERIFY(t.find("z")->floats() == std::vector<float>{1.5f});
    QVERIFY(t.find("a")->floats() == std::vector<float>{2.5f});
    QVERIFY(parse_safetensors(with_header("{}", ""), "f").arrays.empty());
  }

  void truncationIsAlwaysNoticed() {
    const std::string whole = serialise(sample());
    for (std::size_t size = 0; size < whole.size(); ++size) {
      QCOMPARE(wrong_error([&] { parse_safetensors(whole.substr(0, size), "cut.safetensors"); },
                           ExitCode::data, "cut.safetensors"),
               none);
    }
    QCOMPARE(
        wrong_error([&] { parse_safetensors(whole + "x", "f"); }, ExitCode::data, "1 bytes follow"),
        none);
  }

  /// Whatever byte is damaged, the reader returns or throws Error{data}; nothing else.
  void damageNeverEscapes() {
    const std::string whole = serialise(sample());
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const int bit : {0x01, 0x20, 0x80}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ bit);
        try {
          parse_safetensors(bytes, "f");
        } catch (const Error& error) {
          QVERIFY(error.code() == ExitCode::data);
          ++refused;
        }
      }
    }
    QVERIFY(refused > 300);
  }

  /// Of a sealed file every damage is noticed, or changes nothing that is read.
  void sealedFilesAreWholeOrRefused() {
    const std::string whole = serialise_sealed(sample());
    QVERIFY(parse_safetensors(whole, "f").metadata == sample().metadata);
    int refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const int bit : {0x01, 0x04, 0x20, 0x80}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ bit);
        try {
          const SafeTensors read = parse_safetensors(bytes, "f");
          const SafeTensors same{sample().metadata, read.arrays, {}};
          QVERIFY2(serialise(same) == serialise(sample()), qPrintable(QString::number(i)));
          for (const auto& [key, value] : sample().metadata)
            QVERIFY2(read.metadata.at(key) == value, key.c_str());
        } catch (const Error& error) {
          QVERIFY(error.code() == ExitCode::data);
          ++refused;
        }
      }
    }
    QVERIFY(refused > static_cast<int>(4 * whole.size() - 100));
    std::string bytes = whole;
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    QCOMPARE(wrong_error([&] { parse_safetensors(bytes, "t.safetensors"); }, ExitCode::data,
                         "t.safetensors", "SHA-256"),
             none);
  }

  /// Many tensors without elements: the header is all there is to read. A reader that compares each
  /// with each is still at it when ctest's limit of five minutes ends it.
  void manyEmptyTensorsAreReadInLinearTime() {
    const std::string entry = R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
    std::string header = "{";
    for (int i = 0; i < 150000; ++i)
      header += (i ? ",\"" : "\"") + std::to_string(i) + "\":" + entry;
    const SafeTensors t = parse_safetensors(with_header(header + "}", ""), "f");
    QCOMPARE(t.arrays.size(), std::size_t{150000});
    QVERIFY(serialise(t).size() > header.size());
  }

  void finiteNumbers() {
    const double inf = std::numeric_limits<double>::infinity();
    require_finite(from_doubles("a", {2}, {1.0, -1e300}), "f");
    QCOMPARE(wrong_error(
                 [&] {
                   require_finite(from_doubles("a", {2}, {1.0, inf}), "f");
                 },
                 ExitCode::data, "f", "number 1", "'a'", "inf"),
             none);
    QCOMPARE(wrong_error([&] { require_finite(from_floats("a", {1}, {std::nanf("")}), "f"); },
                         ExitCode::data, "nan"),
             none);
  }

  void abuseIsRefused_data() {
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<QByteArray>("rule");
    const auto row = [](const char* name, const char* header, const char* rule) {
      QTest::newRow(name) << QByteArray(header) << QByteArray(rule);
    };
    row("no brace", R"( {"a":1})", "begin with '{'");
    row("array", "[]", "begin with '{'");
    row("not JSON", "{a}", "not JSON");
    row("open", R"({"a":{)", "not JSON");
    row("rest", R"({} {})", "not JSON");
    row("not UTF-8", "{\"\xff\":1}", "not JSON");
    row("deep", R"({"a":{"b":[[[[1]]]]}})", "nested more than 4 levels");
    row("same tensor twice",
        R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
        R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
        "'a' appears twice");
    row("same key twice", R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
        "'dtype' appears twice");
    row("metadata number", R"({"__metadata__":{"k":1}})", "metadata 'k'");
    row("metadata list", R"({"__metadata__":[]})", "__metadata__");
    row("tensor number", R"({"a":1})", "'a' is not an object");
    row("extra key", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", "4 keys");
    row("other key", R"({"a":{"dtype":"F32","shape":[2],"offsets":[0,8]}})", "data_offsets");
    row("dtype", R"({"a":{"dtype":"X16","shape":[4],"data_offsets":[0,8]}})", "X16");
    row("dtype number", R"({"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}})", "'dtype'");
    row("shape text", R"({"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}})", "'shape'");
    row("negative", R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "whole number");
    row("fraction", R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", "whole number");
    row("over 63 bits",
        R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})", "too large");
    row("product overflow",
        R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}})",
        "overflows");
    row("wrap to 8",  // 4 * (2^62 + 2) = 8 modulo 2^64
        R"({"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}})", "overflows");
    row("nine dimensions",
        R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}})",
        "9 dimensions");
    row("size", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "needs 4 bytes");
    row("reversed", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "offsets are 8");
    row("one offset", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}})", "two");
    row("hole at the start", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
        "begins at byte 4 instead of 0");
    row("hole",
        R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
        R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
        "begins at byte 4");
    row("overlap",
        R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
        R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
        "begins at byte 4 instead of 8");
    row("beyond", R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", "ends at byte 12");
    row("rest of data", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
        "4 bytes follow");
  }

  void abuseIsRefused() {
    QFETCH(QByteArray, header);
    QFETCH(QByteArray, rule);
    const std::string bytes = with_header(header.toStdString(), std::string(8, '\0'));
    QCOMPARE(wrong_error([&] { parse_safetensors(bytes, "abuse.safetensors"); }, ExitCode::data,
                         "abuse.safetensors", rule.toStdString()),
             none);
  }

  void lyingHeaderLengthIsRefused() {
    std::string bytes = with_header("{}", "");
    for (const std::uint64_t length :
         {std::uint64_t{3}, std::uint64_t{100'000'000}, std::uint64_t{100'000'001},
          std::numeric_limits<std::uint64_t>::max()}) {
      std::memcpy(bytes.data(), &length, 8);
      QCOMPARE(wrong_error([&] { parse_safetensors(bytes, "f"); }, ExitCode::data,
                           "the header claims", length > 100'000'000 ? "limit" : "are left"),
               none);
    }
  }

  void makersCheckTheirArguments() {
    QVERIFY_EXCEPTION_THROWN(from_floats("a", {2, 2}, {1, 2, 3}), std::invalid_argument);
    QVERIFY_EXCEPTION_THROWN(from_floats("a", {1}, {1}).integers(), std::invalid_argument);
    SafeTensors twice;
    twice.arrays = {from_floats("a", {1}, {1}), from_floats("a", {1}, {1})};
    QVERIFY_EXCEPTION_THROWN(serialise(twice), std::invalid_argument);
  }
};

QTEST_GUILESS_MAIN(TestIo)
#include "tst_io.moc"
