// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chain_record.h"

#include <spdlog/fmt/fmt.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/base/torch.h"
#include "core/io/safetensors.h"

namespace ergo {
namespace {

using nlohmann::json;

Error no_record() {
  return {ExitCode::io, "A process of the job sent something that is no record of chains."};
}

std::string draws_name(std::size_t chain) { return fmt::format("{}.draws", chain); }
std::string values_name(std::size_t chain) { return fmt::format("{}.values", chain); }
std::string curve_name(std::size_t chain) { return fmt::format("{}.curve", chain); }
std::string steps_name(std::size_t chain) { return fmt::format("{}.curve_steps", chain); }
std::string costs_name(std::size_t chain) { return fmt::format("{}.costs", chain); }
std::string numbers_name(std::size_t chain) { return fmt::format("{}.numbers", chain); }

json to_json(const std::optional<Divergence>& d) {
  return d ? json{{"chain", d->chain}, {"step", d->step}, {"reason", d->reason}} : json(nullptr);
}

std::optional<Divergence> end_from(const json& object) {
  if (object.is_null()) return std::nullopt;
  return Divergence{object.at("chain"), object.at("step"), object.at("reason")};
}

/// [draws, params] of float32 or float64 elements.
io::Array array_of(const std::string& name, const std::vector<torch::Tensor>& draws) {
  io::Array array;
  array.name = name;
  array.dtype = draws.front().scalar_type() == torch::kDouble ? "F64" : "F32";
  array.shape = {static_cast<std::int64_t>(draws.size()), draws.front().numel()};
  for (const torch::Tensor& draw : draws) {
    const torch::Tensor whole = draw.contiguous();
    array.bytes.append(static_cast<const char*>(whole.data_ptr()), whole.nbytes());
  }
  return array;
}

std::vector<torch::Tensor> draws_from(const io::Array& array, const Experiment& experiment) {
  const std::int64_t params = experiment.posterior.layout.size();
  const char* dtype = experiment.dtype == torch::kDouble ? "F64" : "F32";
  if (array.shape.size() != 2 || array.shape[1] != params || array.dtype != dtype)
    throw no_record();
  std::vector<torch::Tensor> draws;
  const std::size_t row = static_cast<std::size_t>(params) * torch::elementSize(experiment.dtype);
  for (std::int64_t d = 0; d < array.shape[0]; ++d) {
    draws.push_back(torch::empty({params}, experiment.dtype));
    std::memcpy(draws.back().data_ptr(), array.bytes.data() + static_cast<std::size_t>(d) * row,
                row);
  }
  return draws;
}

std::vector<float> values_from(const io::Array& array, const Experiment& experiment) {
  const std::int64_t width = experiment.function_values->count();
  if (array.shape.size() != 1 || array.dtype != "F32" || width == 0 || array.shape[0] % width != 0)
    throw no_record();
  std::vector<float> values(static_cast<std::size_t>(array.shape[0]));
  std::memcpy(values.data(), array.bytes.data(), values.size() * sizeof(float));
  return values;
}

/// Nothing where it is empty.
void add_doubles(io::SafeTensors& all, std::string name, const std::vector<double>& numbers) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  if (count > 0) all.arrays.push_back(io::from_doubles(std::move(name), {count}, numbers));
}

std::vector<double> read_doubles(const io::SafeTensors& all, const std::string& name) {
  const io::Array* array = all.find(name);
  if (array && array->dtype != "F64") throw no_record();
  return array ? array->doubles() : std::vector<double>();
}

void add_curve(io::SafeTensors& all, std::size_t chain, const ChainRecord& record) {
  std::vector<torch::Tensor> positions;
  std::vector<double> steps, costs;
  for (const CurvePosition& place : record.curve_positions) {
    positions.push_back(place.position);
    steps.push_back(static_cast<double>(place.step));
  }
  for (const ChainCost& cost : record.costs) {
    costs.insert(costs.end(), {static_cast<double>(cost.step),
                               static_cast<double>(cost.evaluations), cost.seconds});
  }
  add_doubles(all, steps_name(chain), steps);
  add_doubles(all, costs_name(chain), costs);
  if (!positions.empty()) all.arrays.push_back(array_of(curve_name(chain), positions));
}

void read_curve(const io::SafeTensors& all, std::size_t chain, const Experiment& experiment,
                ChainRecord& record) {
  const std::vector<double> steps = read_doubles(all, steps_name(chain));
  const std::vector<double> costs = read_doubles(all, costs_name(chain));
  if (costs.size() % 3 != 0) throw no_record();
  for (std::size_t i = 0; i < costs.size(); i += 3) {
    record.costs.push_back({static_cast<std::int64_t>(costs[i]),
                            static_cast<std::int64_t>(costs[i + 1]), costs[i + 2]});
  }
  const io::Array* array = all.find(curve_name(chain));
  const auto positions = array ? draws_from(*array, experiment) : std::vector<torch::Tensor>();
  if (positions.size() != steps.size()) throw no_record();
  for (std::size_t i = 0; i < steps.size(); ++i)
    record.curve_positions.push_back({static_cast<std::int64_t>(steps[i]), positions[i]});
}

/// The parts that are text or whole numbers; the others are an array, which keeps NaN.
json head_of(const ChainRecord& record) {
  json names = json::array();
  for (const auto& [name, value] : record.info) names.push_back(name);
  return {{"steps", record.steps},
          {"evaluations", record.evaluations},
          {"finished", record.finished},
          {"divergence", to_json(record.divergence)},
          {"halted", to_json(record.halted)},
          {"info", names}};
}

ChainRecord record_from(const json& head, const std::vector<double>& numbers) {
  ChainRecord record;
  record.steps = head.at("steps");
  record.evaluations = head.at("evaluations");
  record.finished = head.at("finished");
  record.divergence = end_from(head.at("divergence"));
  record.halted = end_from(head.at("halted"));
  const auto names = head.at("info").get<std::vector<std::string>>();
  if (numbers.size() != names.size() + 1) throw no_record();
  record.seconds = numbers.front();
  for (std::size_t i = 0; i < names.size(); ++i) record.info[names[i]] = numbers[i + 1];
  return record;
}

ChainRecord read_record(const io::SafeTensors& all, const json& head, std::size_t chain,
                        const Experiment& experiment) {
  const io::Array* numbers = all.find(numbers_name(chain));
  if (!numbers || numbers->dtype != "F64") throw no_record();
  ChainRecord record = record_from(head, numbers->doubles());
  if (const io::Array* draws = all.find(draws_name(chain)))
    record.draws = draws_from(*draws, experiment);
  if (const io::Array* values = all.find(values_name(chain)))
    record.values = values_from(*values, experiment);
  read_curve(all, chain, experiment, record);
  return record;
}

}  // namespace

std::string encode_chains(const std::vector<Chain*>& chains) {
  io::SafeTensors all;
  json heads = json::array();
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const ChainRecord record = chains[c]->record();
    heads.push_back(head_of(record));
    std::vector<double> numbers = {record.seconds};
    for (const auto& [name, value] : record.info) numbers.push_back(value);
    const auto count = static_cast<std::int64_t>(numbers.size());
    all.arrays.push_back(io::from_doubles(numbers_name(c), {count}, numbers));
    if (!record.draws.empty()) all.arrays.push_back(array_of(draws_name(c), record.draws));
    add_curve(all, c, record);
    const auto values = static_cast<std::int64_t>(record.values.size());
    if (values > 0) all.arrays.push_back(io::from_floats(values_name(c), {values}, record.values));
  }
  all.metadata["chains"] = heads.dump(-1, ' ', false, json::error_handler_t::replace);
  return io::serialise(all);
}

void fill_chains(const std::string& bytes, const std::vector<Chain*>& chains,
                 const Experiment& experiment) {
  try {
    const io::SafeTensors all = io::parse_safetensors(bytes, "A record of chains");
    const json heads = json::parse(all.metadata.at("chains"));
    if (heads.size() != chains.size()) throw no_record();
    for (std::size_t c = 0; c < chains.size(); ++c) {
      ChainRecord record = read_record(all, heads.at(c), c, experiment);
      const auto& plan = experiment.samplers[static_cast<std::size_t>(chains[c]->sampler())];
      const std::int64_t values = plan.record.draws * experiment.function_values->count();
      if (static_cast<std::int64_t>(record.draws.size()) > plan.collection.draws ||
          static_cast<std::int64_t>(record.values.size()) > values ||
          static_cast<std::int64_t>(record.curve_positions.size()) > plan.curve.most_positions() ||
          record.costs.size() > plan.curve.looks.size()) {
        throw no_record();
      }
      chains[c]->fill(std::move(record));
    }
  } catch (const json::exception&) {
    throw no_record();
  } catch (const std::out_of_range&) {
    throw no_record();
  } catch (const Error&) {
    throw no_record();
  }
}

}  // namespace ergo
