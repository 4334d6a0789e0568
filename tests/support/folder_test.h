// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QTemporaryDir>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace ergo::test {

/// Base of tests that write files: a folder of their own, empty after each renew_folder().
class FolderTest {
 protected:
  /// For init(): each test function finds an empty folder, whatever those before it left.
  void renew_folder() {
    folder_ = std::make_unique<QTemporaryDir>();
    if (!folder_->isValid()) throw std::runtime_error(folder_->errorString().toStdString());
    path_ = folder_->path().toStdString();
  }

  std::filesystem::path path_;

 private:
  std::unique_ptr<QTemporaryDir> folder_;
};

}  // namespace ergo::test
