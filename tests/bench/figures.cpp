// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/figures.h"

#include <nlohmann/json.hpp>

namespace ergo::bench {

std::string figures_json(const std::string& benchmark, const std::vector<Figures>& repetitions) {
  nlohmann::ordered_json document{{"context", nlohmann::ordered_json::object()},
                                  {"benchmarks", nlohmann::ordered_json::array()}};
  for (const Figures& figures : repetitions) {
    nlohmann::ordered_json entry{{"name", benchmark}, {"run_type", "iteration"}};
    for (const auto& [counter, value] : figures) entry[counter] = value;
    document["benchmarks"].push_back(std::move(entry));
  }
  return document.dump(2) + "\n";
}

}  // namespace ergo::bench
