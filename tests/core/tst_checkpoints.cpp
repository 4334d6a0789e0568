// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>
#include <sys/stat.h>

#include <QTest>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/io/atomic_file.h"
#include "core/io/checkpoint_folder.h"
#include "core/io/result_folder.h"
#include "tests/core/plain_support.h"
#include "tests/support/folder_test.h"

using namespace ergo;
using namespace ergo::io;
using namespace ergo::test;
namespace fs = std::filesystem;

namespace {

/// While it lives no file can grow beyond so many bytes, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit few{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &few);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

void damage(const fs::path& file) { std::ofstream(file, std::ios::app) << "x"; }

std::uint64_t inode(const fs::path& file) {
  struct stat about {};
  return ::stat(file.c_str(), &about) == 0 ? about.st_ino : 0;
}

}  // namespace

class TestCheckpoints : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    path_ /= "checkpoint";
  }

  void theNewestCounts() {
    QVERIFY(!CheckpointFolder::used(path_));
    QVERIFY(!CheckpointFolder(path_).newest());
    CheckpointFolder folder(path_);
    for (int i = 1; i <= 5; ++i) folder.write({{"state", std::to_string(i)}});
    QVERIFY(CheckpointFolder::used(path_));
    QCOMPARE(names(), (std::vector<std::string>{"00000003", "00000004", "00000005"}));
    const auto found = CheckpointFolder(path_).newest();
    QVERIFY(found->read("state") == "5" && found->damaged.empty());
  }

  /// Files below draws/ are written once and belong to all later ones.
  void listsLast() {
    CheckpointFolder folder(path_);
    folder.write({{"state", "1"}, {"draws/1", "a"}});
    folder.write({{"state", "2"}});
    const std::uint64_t first = inode(path_ / "00000001/draws/1");
    CheckpointFolder later(path_);
    QVERIFY(later.newest()->read("draws/1") == "a");
    later.write({{"state", "3"}, {"draws/2", "b"}});
    const auto found = CheckpointFolder(path_).newest();
    QVERIFY(found->read("state") == "3" && found->files.size() == 3);
    QVERIFY(found->read("draws/1") == "a" && found->read("draws/2") == "b");
    QCOMPARE(inode(path_ / "00000003/draws/1"), first);
  }

  void damagedOnesAreLeftOut() {
    CheckpointFolder folder(path_);
    for (int i = 1; i <= 3; ++i) folder.write({{"state", std::to_string(i)}});
    damage(path_ / "00000003/state");
    damage(path_ / "00000002/COMMIT");
    CheckpointFolder later(path_);
    const auto found = later.newest();
    QVERIFY(found->read("state") == "1");
    QCOMPARE(found->damaged.size(), std::size_t{2});
    QVERIFY(found->damaged[0].find("00000003") != std::string::npos);
    QVERIFY(found->damaged[1].find("COMMIT") != std::string::npos);
    later.write({{"state", "4"}});
    QVERIFY(CheckpointFolder(path_).newest()->read("state") == "4");
    for (const std::string& name : names()) fs::remove(path_ / name / "state");
    QCOMPARE(wrong_error([&] { CheckpointFolder(path_).newest(); }, ExitCode::data, "00000004",
                         "--force"),
             std::string());
  }

  /// Until the first checkpoint of new work is whole, those of the old stay.
  void newWorkReplacesOld() {
    CheckpointFolder old(path_);
    old.write({{"state", "1"}, {"draws/1", "a"}});
    old.write({{"state", "2"}});
    CheckpointFolder folder(path_);
    {
      const FullDisk full(1);
      QCOMPARE(wrong_error(
                   [&] {
                     folder.write({{"state", "much"}});
                   },
                   ExitCode::io, "state"),
               std::string());
    }
    QVERIFY(CheckpointFolder(path_).newest()->read("state") == "2");
    folder.write({{"state", "new"}});
    QCOMPARE(names(), (std::vector<std::string>{"00000003"}));
    QCOMPARE(CheckpointFolder(path_).newest()->files.size(), std::size_t{1});
  }

  void aFullDiskLeavesTheLastOne() {
    {
      CheckpointFolder folder(path_);
      const FullDisk full(1);
      QCOMPARE(wrong_error(
                   [&] {
                     folder.write({{"state", "much"}});
                   },
                   ExitCode::io, "state"),
               std::string());
      QVERIFY(!fs::exists(path_));
    }
    CheckpointFolder folder(path_);
    folder.write({{"state", "1"}, {"draws/1", "a"}});
    {
      const FullDisk full(1);
      QCOMPARE(wrong_error(
                   [&] {
                     folder.write({{"state", "much"}});
                   },
                   ExitCode::io, "state"),
               std::string());
    }
    QCOMPARE(names(), (std::vector<std::string>{"00000001"}));
    folder.write({{"state", "2"}});
    QVERIFY(CheckpointFolder(path_).newest()->read("draws/1") == "a");
  }

  void namesStayInside() {
    CheckpointFolder folder(path_);
    folder.write({{"state", "1"}});
    write_file(path_.parent_path() / "other", "1");
    std::string list = read_file(path_ / "00000001/COMMIT", 1 << 20);
    list.replace(list.find("\"state\""), 7, "\"../../other\"");
    write_file(path_ / "00000001/COMMIT", list);
    QCOMPARE(wrong_error([&] { CheckpointFolder(path_).newest(); }, ExitCode::data, "../../other"),
             std::string());
  }

  void clearing() {
    CheckpointFolder folder(path_);
    folder.write({{"state", "1"}});
    folder.write({{"state", "2"}, {"draws/1", "a"}});
    write_file(path_ / "notes", "of somebody else");
    fs::create_directory(path_ / "7");
    folder.clear();
    QCOMPARE(names(), (std::vector<std::string>{"7", "notes"}));
    fs::remove_all(path_ / "notes");
    fs::remove_all(path_ / "7");
    folder.clear();
    QVERIFY(!fs::exists(path_));
  }

  /// A folder with an interrupted run is no free one; what a kill left before the first is none.
  void resultFoldersKnowThem() {
    const fs::path out = path_.parent_path();
    fs::create_directories(path_ / ".new/draws");
    { const ResultFolder free(out, false); }
    CheckpointFolder(path_).write({{"state", "1"}});
    QCOMPARE(wrong_error([&] { const ResultFolder full(out, false); }, ExitCode::cannot_create,
                         "interrupted run", "--resume", "--force"),
             std::string());
    { const ResultFolder forced(out, true); }
    QVERIFY(CheckpointFolder::used(path_));
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& entry : fs::directory_iterator(path_))
      list.push_back(entry.path().filename().string());
    std::sort(list.begin(), list.end());
    return list;
  }
};

QTEST_GUILESS_MAIN(TestCheckpoints)
#include "tst_checkpoints.moc"
