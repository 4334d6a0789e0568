// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QTemporaryDir>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "tests/support/check.h"
#include "tests/support/presets.h"

namespace ergo::test {

struct Outcome {
  int status = -1;
  std::string out, err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }

  /// Empty when the program ended with `expected` and its error text holds every fragment.
  template <class... Fragments>
  std::string differs_from(ExitCode expected, Fragments... fragments) const {
    if (status != static_cast<int>(expected)) {
      return fmt::format("status {}: {}", status, err);
    }
    const bool complete = ((err.find(std::string_view(fragments)) != err.npos) && ...);
    return complete ? std::string() : fmt::format("text: {}", err);
  }
};

/// The command line without a process: the same parsing, commands and exit statuses.
inline Outcome command(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  cli::Session session{.out = out, .err = err, .control = {}};
  Outcome outcome;
  outcome.status = cli::main(arguments, session);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

/// A folder of its own for every test function.
class Workspace {
 public:
  Workspace() : path_(folder_.path().toStdString()) {}
  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string preset(const nlohmann::json& document) const {
    write_text(path_ / "p.json", document.dump(1));
    return file("p.json");
  }
  std::string text(const std::string& name, const std::string& content) const {
    write_text(path_ / name, content);
    return file(name);
  }

 private:
  QTemporaryDir folder_;
  std::filesystem::path path_;
};

}  // namespace ergo::test
