// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/manifest.h"

#include <spdlog/fmt/fmt.h>
#include <torch/version.h>

#include <Eigen/Core>
#include <chrono>
#include <ctime>

#include "core/base/program.h"
#include "core/base/torch.h"
#include "core/io/atomic_file.h"
#include "core/io/sha256.h"
#include "core/kernels/l2e_network.h"
#include "core/presets/files.h"

namespace ergo {
namespace {

constexpr std::size_t largest_file = std::size_t{16} << 30;  // bytes

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

nlohmann::json file_hashes(const Preset& preset) {
  nlohmann::json hashes = nlohmann::json::object();
  for (const PresetFile& file : preset_files(preset)) {
    if (file.field.starts_with("data.")) continue;
    hashes[file.field] = io::sha256_hex(io::read_file(file.path, largest_file));
  }
  return hashes;
}

nlohmann::json make_versions(const Experiment& experiment) {
  return {{"ergoscope", ERGO_VERSION},
          {"build_id", build_id()},
          {"stream_version", stream_version},
          {"libtorch", TORCH_VERSION},
          {"eigen",
           fmt::format("{}.{}.{}", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
          {"instruction_set", l2e_instruction_set()},
          {"compiler", __VERSION__},
          {"data_sha256", experiment.posterior.data->sha256},
          {"reference_hash", experiment.reference_settings.hex()}};
}

nlohmann::json make_manifest(const Experiment& experiment, const RunFacts& facts) {
  nlohmann::json manifest = make_versions(experiment);
  manifest.update({{"schema", 1},
                   {"seed", fmt::format("{}", facts.seed)},
                   {"created", utc_now()},
                   {"workers", facts.workers},
                   {"processes", facts.processes},
                   {"libtorch_threads_per_worker", 1},
                   {"files_sha256", facts.files_sha256}});
  return manifest;
}

}  // namespace ergo
