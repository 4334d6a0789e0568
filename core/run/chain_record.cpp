// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/chain_record.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "core/base/torch.h"

namespace ergo {
namespace {

using nlohmann::json;

Error no_record() {
  return {ExitCode::io, "A process of the job sent something that is no record of chains."};
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

json to_json(const std::optional<Divergence>& d) {
  return d ? json{{"chain", d->chain}, {"step", d->step}, {"reason", d->reason}} : json(nullptr);
}

std::optional<Divergence> end_from(const json& object) {
  if (object.is_null()) return std::nullopt;
  return Divergence{object.at("chain"), object.at("step"), object.at("reason")};
}

/// [positions, params]; nothing where there are none.
void add_positions(io::SafeTensors& all, const std::string& name,
                   const std::vector<torch::Tensor>& positions) {
  if (!positions.empty()) all.arrays.push_back(array_of(name, torch::stack(positions)));
}

void read_positions(const ArrayIndex& all, const std::string& name, std::int64_t params,
                    torch::Dtype dtype, std::vector<torch::Tensor>& positions) {
  const io::Array* array = find(all, name);
  if (!array) return;
  const torch::Tensor rows = tensor_of(*array);
  require(rows.dim() == 2 && rows.size(1) == params && rows.scalar_type() == dtype,
          "positions of another size or type");
  for (std::int64_t i = 0; i < rows.size(0); ++i) positions.push_back(rows[i].clone());
}

void add_values(io::SafeTensors& all, const std::string& name, const std::vector<float>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  if (count > 0) all.arrays.push_back(io::from_floats(name, {count}, values));
}

void read_values(const ArrayIndex& all, const std::string& name, std::vector<float>& values) {
  const io::Array* array = find(all, name);
  if (!array) return;
  require(array->shape.size() == 1 && array->dtype == "F32", "values of another size or type");
  const std::size_t before = values.size();
  values.resize(before + static_cast<std::size_t>(array->shape[0]));
  std::memcpy(values.data() + before, array->bytes.data(), array->bytes.size());
}

/// Nothing where it is empty.
void add_doubles(io::SafeTensors& all, std::string name, const std::vector<double>& numbers) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  if (count > 0) all.arrays.push_back(io::from_doubles(std::move(name), {count}, numbers));
}

/// Rows of `columns` numbers.
std::vector<double> read_doubles(const ArrayIndex& all, const std::string& name,
                                 std::size_t columns) {
  const io::Array* array = find(all, name);
  if (!array) return {};
  require(array->dtype == "F64", "numbers of another type");
  std::vector<double> numbers = array->doubles();
  require(numbers.size() % columns == 0, "half a row of numbers");
  return numbers;
}

void add_curve(io::SafeTensors& all, const std::string& name, const ChainRecord& record) {
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
  add_doubles(all, name + ".curve_steps", steps);
  add_doubles(all, name + ".costs", costs);
  add_positions(all, name + ".curve", positions);
}

void read_curve(const ArrayIndex& all, const std::string& name, const Experiment& experiment,
                ChainRecord& record) {
  const std::vector<double> steps = read_doubles(all, name + ".curve_steps", 1);
  const std::vector<double> costs = read_doubles(all, name + ".costs", 3);
  for (std::size_t i = 0; i < costs.size(); i += 3) {
    record.costs.push_back({static_cast<std::int64_t>(costs[i]),
                            static_cast<std::int64_t>(costs[i + 1]), costs[i + 2]});
  }
  std::vector<torch::Tensor> positions;
  read_positions(all, name + ".curve", experiment.posterior.layout.size(), experiment.dtype,
                 positions);
  require(positions.size() == steps.size(), "positions of a curve without their transitions");
  for (std::size_t i = 0; i < steps.size(); ++i)
    record.curve_positions.push_back({static_cast<std::int64_t>(steps[i]), positions[i]});
}

/// Step, potential, whether it collects.
void add_point(std::vector<double>& row, const TracePoint& point) {
  row.insert(row.end(), {static_cast<double>(point.step), point.potential,
                         static_cast<double>(point.collecting)});
}

TracePoint point_from(const double* row) {
  return {static_cast<std::int64_t>(row[0]), row[1], row[2] != 0.0};
}

void add_trace(io::SafeTensors& all, const std::string& name, const Trace& trace) {
  std::vector<double> rows;
  for (const TracePoint& point : trace.points) add_point(rows, point);
  add_doubles(all, name + ".trace", rows);
}

void read_trace(const ArrayIndex& all, const std::string& name, Trace& trace) {
  const std::vector<double> rows = read_doubles(all, name + ".trace", 3);
  for (std::size_t i = 0; i < rows.size(); i += 3) trace.points.push_back(point_from(&rows[i]));
}

void add_open_group(io::SafeTensors& all, const std::string& name,
                    const TraceThinner::Group& group) {
  if (group.count == 0) return;
  std::vector<double> row = {static_cast<double>(group.end), static_cast<double>(group.count)};
  for (const TracePoint& point : {group.first, group.low, group.high, group.last})
    add_point(row, point);
  add_doubles(all, name + ".open", row);
}

TraceThinner::Group read_open_group(const ArrayIndex& all, const std::string& name) {
  const std::vector<double> row = read_doubles(all, name + ".open", 14);
  if (row.empty()) return {};
  return {static_cast<std::int64_t>(row[0]),
          static_cast<std::int64_t>(row[1]),
          point_from(&row[2]),
          point_from(&row[5]),
          point_from(&row[8]),
          point_from(&row[11])};
}

}  // namespace

ArrayIndex index_of(const io::SafeTensors& archive) {
  ArrayIndex index;
  for (const io::Array& array : archive.arrays) index[array.name] = &array;
  return index;
}

const io::Array* find(const ArrayIndex& index, const std::string& name) {
  const auto it = index.find(name);
  return it == index.end() ? nullptr : it->second;
}

io::Array array_of(const std::string& name, const torch::Tensor& tensor) {
  io::Array array;
  array.name = name;
  array.dtype = tensor.scalar_type() == torch::kDouble ? "F64" : "F32";
  array.shape = tensor.sizes().vec();
  const torch::Tensor whole = tensor.contiguous();
  array.bytes.assign(static_cast<const char*>(whole.data_ptr()), whole.nbytes());
  return array;
}

torch::Tensor tensor_of(const io::Array& array) {
  require(array.dtype == "F64" || array.dtype == "F32", "a tensor of another type");
  torch::Tensor tensor =
      torch::empty(array.shape, array.dtype == "F64" ? torch::kDouble : torch::kFloat);
  require(tensor.nbytes() == array.bytes.size(), "a tensor of another size");
  std::memcpy(tensor.data_ptr(), array.bytes.data(), array.bytes.size());
  return tensor;
}

json add_head(io::SafeTensors& all, const std::string& name, const ChainRecord& record) {
  json names = json::array();
  std::vector<double> numbers = {record.seconds};
  for (const auto& [figure, value] : record.info) {
    names.push_back(figure);
    numbers.push_back(value);
  }
  add_doubles(all, name + ".numbers", numbers);
  add_open_group(all, name, record.trace_open);
  return {{"steps", record.steps},
          {"evaluations", record.evaluations},
          {"finished", record.finished},
          {"divergence", to_json(record.divergence)},
          {"halted", to_json(record.halted)},
          {"thinned", record.trace.thinned},
          {"info", names}};
}

ChainRecord read_head(const ArrayIndex& all, const std::string& name, const json& head) {
  ChainRecord record;
  record.steps = head.at("steps");
  record.evaluations = head.at("evaluations");
  record.finished = head.at("finished");
  record.divergence = end_from(head.at("divergence"));
  record.halted = end_from(head.at("halted"));
  record.trace.thinned = head.at("thinned");
  record.trace_open = read_open_group(all, name);
  const auto names = head.at("info").get<std::vector<std::string>>();
  const std::vector<double> numbers = read_doubles(all, name + ".numbers", 1);
  require(numbers.size() == names.size() + 1, "figures without their names");
  record.seconds = numbers.front();
  for (std::size_t i = 0; i < names.size(); ++i) record.info[names[i]] = numbers[i + 1];
  return record;
}

void add_lists(io::SafeTensors& all, const std::string& name, const ChainRecord& record) {
  add_positions(all, name + ".draws", record.draws);
  add_values(all, name + ".values", record.values);
  add_curve(all, name, record);
  add_positions(all, name + ".snapshots", record.snapshots);
  add_trace(all, name, record.trace);
}

void read_lists(const ArrayIndex& all, const std::string& name, const Experiment& experiment,
                ChainRecord& record) {
  const std::int64_t params = experiment.posterior.layout.size();
  read_positions(all, name + ".draws", params, experiment.dtype, record.draws);
  read_values(all, name + ".values", record.values);
  read_curve(all, name, experiment, record);
  read_positions(all, name + ".snapshots", params, torch::kFloat, record.snapshots);
  read_trace(all, name, record.trace);
}

void require_planned(const ChainRecord& record, const SamplerPlan& plan,
                     const Experiment& experiment) {
  const std::int64_t width = experiment.function_values->count();
  const auto values = static_cast<std::int64_t>(record.values.size());
  require(
      static_cast<std::int64_t>(record.draws.size()) <= plan.collection.draws &&
          values <= plan.record.draws * width && (width == 0 || values % width == 0) &&
          static_cast<std::int64_t>(record.curve_positions.size()) <= plan.curve.most_positions() &&
          record.costs.size() <= plan.curve.looks.size() && record.steps <= plan.collection.steps,
      "more than was planned");
}

std::string encode_chains(const std::vector<Chain*>& chains) {
  std::vector<ChainMark> start(chains.size());
  return encode_chains(chains, start);
}

std::string encode_chains(const std::vector<Chain*>& chains, std::vector<ChainMark>& marks) {
  io::SafeTensors all;
  json heads = json::array();
  for (std::size_t c = 0; c < chains.size(); ++c) {
    ChainRecord record = chains[c]->record(marks[c]);
    marks[c] = record.mark_from(marks[c]);
    record.snapshots.clear();
    record.trace = {};
    record.trace_open = {};
    heads.push_back(add_head(all, fmt::format("{}", c), record));
    add_lists(all, fmt::format("{}", c), record);
  }
  all.metadata["chains"] = heads.dump(-1, ' ', false, json::error_handler_t::replace);
  return io::serialise(all);
}

void fill_chains(const std::string& bytes, const std::vector<Chain*>& chains,
                 const Experiment& experiment) {
  try {
    const io::SafeTensors all = io::parse_safetensors(bytes, "A record of chains");
    const json heads = json::parse(all.metadata.at("chains"));
    require(heads.size() == chains.size(), "another number of chains");
    const ArrayIndex index = index_of(all);
    for (std::size_t c = 0; c < chains.size(); ++c) {
      const std::string name = fmt::format("{}", c);
      ChainRecord record = read_head(index, name, heads.at(c));
      read_lists(index, name, experiment, record);
      require_planned(record, experiment.samplers[static_cast<std::size_t>(chains[c]->sampler())],
                      experiment);
      chains[c]->fill(std::move(record));
    }
  } catch (const std::exception&) {
    throw no_record();
  }
}

}  // namespace ergo
