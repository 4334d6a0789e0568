// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/shared_chains.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "core/run/chain_record.h"
#include "core/run/scheduler.h"

namespace ergo {
namespace {

using nlohmann::json;

class SharedChains {
 public:
  SharedChains(TaskShare& share, const Experiment& experiment,
               const std::vector<ChainGroup*>& groups, int workers, RunControl& control)
      : share_(share),
        experiment_(experiment),
        groups_(groups),
        workers_(workers),
        control_(control),
        own_(groups.size()) {
    begin_where_the_first_stands();
    for (ChainGroup* group : groups_) {
      std::vector<ChainMark> marks(group->chains().size());
      encode_chains(group->chains(), marks);
      marks_.push_back(std::move(marks));
    }
  }

  /// @return false once all have finished or some process was stopped: the same in all of them.
  bool move() {
    const TaskShare::Pulse pulse{[this] { return progress(); },
                                 [this](const std::string& text) { hear(text); }};
    const auto task = [this](const std::vector<std::size_t>& part) { return move_part(part); };
    const TaskShare::Results all = share_.results(groups_.size(), task, pulse);
    bool finished = true;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (!own_[i]) take_progress(all.bytes[i], *groups_[i], experiment_);
      finished = finished && groups_[i]->finished();
    }
    return !finished && !all.stopped;
  }

 private:
  void begin_where_the_first_stands() {
    const auto tell = [this] {
      json list = json::array();
      for (ChainGroup* group : groups_) {
        std::vector<ChainMark> marks(group->chains().size());
        list.push_back(encode_progress(*group, marks));
      }
      std::string bytes;
      json::to_cbor(list, bytes);
      return bytes;
    };
    const json list = json::from_cbor(told_by_first(share_, tell));
    for (std::size_t i = 0; i < groups_.size() && !share_.lowest(); ++i)
      take_progress(list.at(i), *groups_[i], experiment_);
  }

  std::vector<std::string> move_part(const std::vector<std::size_t>& part) {
    std::vector<ChainGroup*> groups;
    for (const std::size_t i : part) {
      groups.push_back(groups_[i]);
      own_[i] = true;
    }
    Scheduler(groups, static_cast<int>(experiment_.samplers.size()), control_)
        .run(workers_, experiment_.config.checkpoint_seconds);
    std::vector<std::string> bytes;
    for (const std::size_t i : part) bytes.push_back(encode_progress(*groups_[i], marks_[i]));
    return bytes;
  }

  /// [[group, [[fraction, seconds] of each chain]], ...]
  std::string progress() const {
    json list = json::array();
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (!own_[i]) continue;
      json chains = json::array();
      for (const Chain* chain : groups_[i]->chains())
        chains.push_back({chain->fraction(), chain->seconds()});
      list.push_back({i, chains});
    }
    return list.dump();
  }

  /// Only shown: what cannot be read is left out.
  void hear(const std::string& text) {
    try {
      for (const json& entry : json::parse(text)) {
        const auto group = entry.at(0).get<std::size_t>();
        if (group >= groups_.size() || own_[group]) continue;
        const auto& chains = groups_[group]->chains();
        for (std::size_t c = 0; c < chains.size(); ++c) {
          const double fraction = entry.at(1).at(c).at(0).get<double>();
          chains[c]->show(std::clamp(fraction, 0.0, 1.0), entry.at(1).at(c).at(1).get<double>());
        }
      }
    } catch (const json::exception&) {
      return;
    }
  }

  TaskShare& share_;
  const Experiment& experiment_;
  const std::vector<ChainGroup*>& groups_;
  int workers_;
  RunControl& control_;
  std::vector<std::vector<ChainMark>> marks_;  ///< by group: what the others know of own chains
  std::vector<std::atomic<bool>> own_;         ///< set by the thread that moves them
};

}  // namespace

std::string encode_progress(ChainGroup& group, std::vector<ChainMark>& marks) {
  std::string bytes;
  json::to_cbor(json{encode_chains(group.chains(), marks), encode_state(group)}, bytes);
  return bytes;
}

void take_progress(const std::string& bytes, ChainGroup& group, const Experiment& experiment) {
  try {
    const json both = json::from_cbor(bytes);
    fill_chains(both.at(0), group.chains(), experiment);
    restore_state(both.at(1), group);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ExitCode::io,
                fmt::format("A process of the job sent no progress of chains: {}.", error.what()));
  }
}

void move_together(TaskShare& share, const Experiment& experiment,
                   const std::vector<ChainGroup*>& groups, int workers, RunControl& control,
                   Checkpointer* checkpointer) {
  SharedChains chains(share, experiment, groups, workers, control);
  const auto checkpoint = [&](void (Checkpointer::*make)()) {
    share.commit([&] {
      if (checkpointer) (checkpointer->*make)();
    });
  };
  checkpoint(&Checkpointer::begin);
  while (chains.move()) checkpoint(&Checkpointer::make);
  checkpoint(&Checkpointer::finish);
}

}  // namespace ergo
