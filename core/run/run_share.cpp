// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/run_share.h"

#include <spdlog/fmt/fmt.h>

#include "core/io/atomic_file.h"
#include "core/io/sha256.h"
#include "core/presets/files.h"

namespace ergo {
namespace {

constexpr std::size_t largest_file = std::size_t{16} << 30;  // bytes

std::string digits(const std::string& bytes) { return io::sha256_hex(bytes).substr(0, 12); }

std::vector<Fact> facts_of(const Preset& preset, const std::vector<std::uint64_t>& seeds) {
  std::vector<Fact> facts = program_facts();
  facts.push_back({"preset", fmt::format("'{}' ({})", preset.id, digits(preset.document.dump()))});
  facts.push_back({seeds.size() == 1 ? "seed" : "seeds", fmt::format("{}", fmt::join(seeds, " "))});
  std::string files;
  for (const PresetFile& file : preset_files(preset)) {
    files += fmt::format("{}{} ({})", files.empty() ? "" : ", ", file.field,
                         digits(io::read_file(file.path, largest_file)));
  }
  facts.push_back({"files", files.empty() ? "none" : files});
  return facts;
}

}  // namespace

std::unique_ptr<TaskShare> make_run_share(const Preset& preset,
                                          const std::vector<std::uint64_t>& seeds,
                                          const DistributedOptions& options, RunControl& control) {
  if (!options.on()) return make_local_share(control);
  return make_peer_share(options, facts_of(preset, seeds), control);
}

}  // namespace ergo
