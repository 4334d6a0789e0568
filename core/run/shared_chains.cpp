// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/shared_chains.h"

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
  SharedChains(const Experiment& experiment, const std::vector<ChainGroup*>& groups, int workers,
               RunControl& control)
      : experiment_(experiment),
        groups_(groups),
        workers_(workers),
        control_(control),
        own_(groups.size()) {}

  void move(TaskShare& share) {
    const TaskShare::Pulse pulse{[this] { return progress(); },
                                 [this](const std::string& text) { hear(text); }};
    const auto task = [this](const std::vector<std::size_t>& part) { return move_part(part); };
    const TaskShare::Results all = share.results(groups_.size(), task, pulse);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (!own_[i]) fill_chains(all.bytes[i], groups_[i]->chains(), experiment_);
    }
  }

 private:
  std::vector<std::string> move_part(const std::vector<std::size_t>& part) {
    std::vector<ChainGroup*> groups;
    for (const std::size_t i : part) {
      groups.push_back(groups_[i]);
      own_[i] = true;
    }
    Scheduler(groups, static_cast<int>(experiment_.samplers.size()), control_).run(workers_);
    std::vector<std::string> records;
    for (const ChainGroup* group : groups) records.push_back(encode_chains(group->chains()));
    return records;
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

  const Experiment& experiment_;
  const std::vector<ChainGroup*>& groups_;
  int workers_;
  RunControl& control_;
  std::vector<std::atomic<bool>> own_;  ///< set by the thread that moves them
};

}  // namespace

void move_together(TaskShare& share, const Experiment& experiment,
                   const std::vector<ChainGroup*>& groups, int workers, RunControl& control) {
  SharedChains(experiment, groups, workers, control).move(share);
}

}  // namespace ergo
