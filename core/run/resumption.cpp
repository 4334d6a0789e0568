// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/resumption.h"

#include <spdlog/fmt/fmt.h>

#include <stdexcept>
#include <utility>

#include "core/base/torch.h"
#include "core/run/chain_record.h"

namespace ergo {
namespace {

using nlohmann::json;

std::string chain_name(std::size_t group, std::size_t chain) {
  return fmt::format("{}.{}", group, chain);
}

torch::Tensor required(const ArrayIndex& index, const std::string& name) {
  const io::Array* array = find(index, name);
  if (!array) throw std::invalid_argument(fmt::format("tensor '{}' is missing", name));
  return tensor_of(*array);
}

GroupState read_state(const ArrayIndex& index, std::size_t group, const json& object) {
  GroupState state;
  state.step = object.at("step");
  state.evaluations = object.at("evaluations");
  const std::int64_t extra = object.at("extra");
  if (extra < 0) return state;
  state.position = required(index, fmt::format("{}.position", group));
  state.momentum = required(index, fmt::format("{}.momentum", group));
  for (std::int64_t i = 0; i < extra; ++i)
    state.extra.push_back(required(index, fmt::format("{}.extra.{}", group, i)));
  return state;
}

/// The records of all chains, those of a group one after the other.
class Records {
 public:
  Records(const json& groups, const ArrayIndex& state) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const json& heads = groups[g].at("chains");
      for (std::size_t c = 0; c < heads.size(); ++c) {
        names_.push_back(chain_name(g, c));
        records_.push_back(read_head(state, names_.back(), heads[c]));
      }
    }
  }
  void append(const std::string& bytes, const std::string& source, const Experiment& experiment) {
    const io::SafeTensors archive = io::parse_safetensors(bytes, source);
    const ArrayIndex index = index_of(archive);
    for (std::size_t i = 0; i < records_.size(); ++i)
      read_lists(index, names_[i], experiment, records_[i]);
  }
  ChainRecord& operator[](std::size_t i) { return records_[i]; }
  std::size_t size() const { return records_.size(); }

 private:
  std::vector<std::string> names_;
  std::vector<ChainRecord> records_;
};

void fill(ChainGroup& group, Records& records, const Experiment& experiment,
          std::vector<ChainMark>& marks) {
  for (Chain* chain : group.chains()) {
    ChainRecord& record = records[marks.size()];
    require_planned(record, experiment.samplers[static_cast<std::size_t>(chain->sampler())],
                    experiment);
    marks.push_back(record.mark_from({}));
    chain->fill(std::move(record));
  }
}

Resumption taken_over(const RunCheckpoints& checkpoints, const Experiment& experiment,
                      const std::vector<ChainGroup*>& groups, const json& progress) {
  const json& all = progress.at("groups");
  const io::SafeTensors archive =
      io::parse_safetensors(checkpoints.read("state.safetensors"), "state.safetensors");
  const ArrayIndex state = index_of(archive);
  Records records(all, state);
  Resumption taken{{}, progress.at("wall_seconds"), progress.at("resumed"), 0, {}};
  for (const std::string& name : checkpoints.lists()) {
    records.append(checkpoints.read(name), name, experiment);
    ++taken.lists;
  }
  std::size_t chains = 0;
  for (const ChainGroup* group : groups) chains += group->chains().size();
  if (all.size() != groups.size() || records.size() != chains)
    throw std::invalid_argument("another number of chains");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    fill(*groups[g], records, experiment, taken.marks);
    groups[g]->restore(read_state(state, g, all[g]));
  }
  return taken;
}

void require_equal(const json& stored, const json& here, const char* what, const char* remedy,
                   const std::filesystem::path& folder) {
  if (stored == here) return;
  throw Error(ExitCode::config,
              fmt::format("The run in {} was begun with {} {}, but here it is {}; {}.",
                          folder.string(), what, stored.dump(), here.dump(), remedy));
}

void require_facts(const json& stored, const json& here, const std::filesystem::path& folder) {
  constexpr const char* same_program = "resume with the program that began it";
  constexpr const char* same_machine =
      "resume on a machine with the same instructions, or begin anew in another folder";
  constexpr const char* same_files = "put the old content back, or begin anew in another folder";
  const json &then = stored.at("versions"), &now = here.at("versions");
  const auto compare = [&](const char* key, const char* what, const char* remedy) {
    require_equal(then.at(key), now.at(key), what, remedy, folder);
  };
  compare("stream_version", "stream version", same_program);
  compare("instruction_set", "instruction set", same_machine);
  compare("data_sha256", "data of SHA-256", same_files);
  require_equal(stored.at("files_sha256"), here.at("files_sha256"), "files of SHA-256", same_files,
                folder);
}

}  // namespace

void GroupsProgress::add(const GroupState& group, const std::vector<ChainRecord>& chains,
                         const std::vector<ChainMark>& begins) {
  const std::size_t number = groups.size();
  json heads = json::array();
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const std::string name = chain_name(number, c);
    heads.push_back(add_head(state, name, chains[c]));
    add_lists(lists, name, chains[c]);
    marks.push_back(chains[c].mark_from(begins[c]));
    trace_points.push_back(chains[c].trace.points.size());
  }
  const bool moving = group.position.defined();
  groups.push_back({{"step", group.step},
                    {"evaluations", group.evaluations},
                    {"extra", moving ? static_cast<std::int64_t>(group.extra.size()) : -1},
                    {"chains", heads}});
  if (!moving) return;
  state.arrays.push_back(array_of(fmt::format("{}.position", number), group.position));
  state.arrays.push_back(array_of(fmt::format("{}.momentum", number), group.momentum));
  for (std::size_t i = 0; i < group.extra.size(); ++i)
    state.arrays.push_back(array_of(fmt::format("{}.extra.{}", number, i), group.extra[i]));
}

Resumption resume(const RunCheckpoints& checkpoints, const Experiment& experiment,
                  const std::vector<ChainGroup*>& groups, const json& facts) {
  Resumption taken;
  const json progress = checkpoints.progress();
  try {
    if (!progress.is_null()) {
      require_facts(progress.at("facts"), facts, checkpoints.folder());
      taken = taken_over(checkpoints, experiment, groups, progress);
      ++taken.resumed;
      const json &then = progress["facts"]["versions"], &now = facts.at("versions");
      if (then.at("build_id") != now.at("build_id")) {
        taken.warnings.push_back(
            "The run was begun by another build of this program; the draws may differ by rounding "
            "from those of either alone.");
      }
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ExitCode::data,
                fmt::format("{}: the checkpoint is none of this run: {}; begin anew with --force.",
                            checkpoints.folder().string(), error.what()));
  }
  const std::vector<std::string> damaged = checkpoints.damaged();
  taken.warnings.insert(taken.warnings.end(), damaged.begin(), damaged.end());
  return taken;
}

std::string encode_state(ChainGroup& group) {
  GroupsProgress progress;
  progress.add(group.state(), {}, {});
  progress.state.metadata["group"] = progress.groups.at(0).dump();
  return io::serialise(progress.state);
}

void restore_state(const std::string& bytes, ChainGroup& group) {
  const io::SafeTensors archive = io::parse_safetensors(bytes, "The state of chains");
  group.restore(read_state(index_of(archive), 0, json::parse(archive.metadata.at("group"))));
}

}  // namespace ergo
