// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/io/safetensors.h"
#include "core/run/chain.h"

namespace ergo {

/// Chains as they go from one process to another: the safetensors format, every bit of the draws
/// and of other numbers kept. Traces and the points of the trajectory plane stay where they were
/// made.
/// @param marks  a mark a chain, where the lists of the bytes begin; moved to where they end
std::string encode_chains(const std::vector<Chain*>& chains, std::vector<ChainMark>& marks);
/// From the start.
std::string encode_chains(const std::vector<Chain*>& chains);

/// Fills as many chains from the bytes, whose lists go on where theirs end. @throws Error{io} when
/// they are no records of such chains: another number of chains, draws of another size or type, or
/// more than planned.
void fill_chains(const std::string& bytes, const std::vector<Chain*>& chains,
                 const Experiment& experiment);

/// The arrays of an archive by their names; the archive outlives it.
using ArrayIndex = std::unordered_map<std::string_view, const io::Array*>;
ArrayIndex index_of(const io::SafeTensors& archive);
const io::Array* find(const ArrayIndex& index, const std::string& name);  ///< null: none

/// The parts of a record, of which an archive holds those of many chains, each under a name.
/// Counters and how the chain ended: the text and whole numbers, the others in the archive.
nlohmann::json add_head(io::SafeTensors& all, const std::string& name, const ChainRecord& record);
/// Its lists; nothing where all are empty.
void add_lists(io::SafeTensors& all, const std::string& name, const ChainRecord& record);

/// The other way round; lists are appended to what the record has.
/// @throws std::exception when the archive holds no such record.
ChainRecord read_head(const ArrayIndex& all, const std::string& name, const nlohmann::json& head);
void read_lists(const ArrayIndex& all, const std::string& name, const Experiment& experiment,
                ChainRecord& record);
/// @throws std::invalid_argument when it has more than a chain of the plan can have.
void require_planned(const ChainRecord& record, const SamplerPlan& plan,
                     const Experiment& experiment);

/// A tensor with its type and shape. @pre float32 or float64, on the CPU.
io::Array array_of(const std::string& name, const torch::Tensor& tensor);
torch::Tensor tensor_of(const io::Array& array);  ///< @throws std::invalid_argument, other types

}  // namespace ergo
