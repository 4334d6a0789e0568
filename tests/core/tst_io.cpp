// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>

#include <QTest>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <limits>

#include "core/io/atomic_file.h"
#include "core/io/safetensors.h"
#include "core/io/sha256.h"
#include "plain_support.h"
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
    row("deep", R"({"a":{"b":[[[[1]]]]}})", "nested too deeply");
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
    row("dtype", R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})", "BF16");
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
