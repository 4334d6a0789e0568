// SPDX-License-Identifier: GPL-3.0-or-later
// Prints the target table of benchmark results.
// Usage: bench_table [--json FILE] RESULTS.json...
// Exit status: 0 when every benchmark ran, whether or not targets were met; 64 wrong usage, 65
// malformed or incomplete results, 66 missing file, 70 a benchmark failed, 74 FILE not written.
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "tests/bench/table.h"

namespace {

using namespace ergo;

struct Options {
  std::string json;
  std::vector<std::string> files;
};

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json" && i + 1 < arguments.size()) {
      options.json = arguments[++i];
    } else if (arguments[i].starts_with("-")) {
      throw Error(ExitCode::usage, "Usage: bench_table [--json FILE] RESULTS.json...");
    } else {
      options.files.push_back(arguments[i]);
    }
  }
  if (options.files.empty()) throw Error(ExitCode::usage, "Name at least one file of results.");
  return options;
}

int print(const Options& options) {
  bench::Results results;
  for (const std::string& file : options.files) bench::add_results_file(results, file);
  const std::vector<bench::Row> rows = bench::evaluate(results, bench::targets());
  const std::string figures = bench::figures_text(results, bench::targets());
  std::fputs((figures + "\n" + bench::table_text(rows, results)).c_str(), stdout);
  if (!options.json.empty()) {
    io::write_file(options.json, bench::table_json(rows, results).dump(2) + "\n");
  }
  bool failed = false;
  for (const auto& [name, measured] : results.benchmarks) failed = failed || measured.failure;
  return static_cast<int>(failed ? ExitCode::internal : ExitCode::ok);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return print(parse({argv + 1, argv + argc}));
  } catch (const ergo::Error& error) {
    std::fprintf(stderr, "bench_table: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
