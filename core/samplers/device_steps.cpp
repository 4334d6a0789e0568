// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/device_steps.h"

#include <cstring>
#include <stdexcept>

#include "core/base/torch.h"

#ifdef ERGO_CUDA
#include <c10/cuda/CUDAStream.h>

#include "core/kernels/cuda/chain_steps.h"
#endif

namespace ergo {

#ifdef ERGO_CUDA
namespace {

torch::Tensor on_device(const std::vector<std::int64_t>& values, const torch::Tensor& like) {
  return torch::tensor(values, torch::kLong).to(like.device());
}

template <class T>
torch::Tensor bytes_on_device(const std::vector<T>& values, const torch::Tensor& like) {
  const auto count = static_cast<std::int64_t>(values.size() * sizeof(T));
  torch::Tensor bytes = torch::empty({count}, torch::kUInt8);
  std::memcpy(bytes.data_ptr(), values.data(), values.size() * sizeof(T));
  return bytes.to(like.device());
}

DeviceScratch& scratch_of(ChainState& state, RngKey key) {
  if (!state.device || !state.device->keys.defined()) {
    std::vector<std::int64_t> chains;
    for (std::int64_t c = 0; c < state.position.size(0); ++c)
      chains.push_back(state.first_chain + c);
    name_device_rows(state, std::vector<RngKey>(chains.size(), key), chains);
  }
  return *state.device;
}

cuda::Rows rows_of(const ChainState& state) {
  const DeviceScratch& d = *state.device;
  return {state.position.size(0), state.position.size(1), d.keys.data_ptr<std::int64_t>(),
          d.chains.data_ptr<std::int64_t>(), d.steps.data_ptr<std::int64_t>()};
}

cuda::Stream stream_of(const ChainState& state) {
  return c10::cuda::getCurrentCUDAStream(state.position.device().index()).stream();
}

cuda::L2eRowNumbers numbers_of(const L2eUpdate& update, std::int64_t data_count) {
  return {static_cast<float>(1.0 / static_cast<double>(data_count)),
          static_cast<float>(update.step_size), static_cast<float>(update.data_size),
          static_cast<float>(update.friction), static_cast<float>(update.noise_scale)};
}

void plan_l2e(DeviceScratch& d, const ChainState& state, const DeviceL2eRows& rows,
              const ParameterLayout& layout) {
  std::vector<L2eSpan> list;
  for (const BlockInfo& block : layout.blocks())
    list.push_back({block.offset, ParameterLayout::size_of(block)});
  std::vector<cuda::Piece> pieces;
  std::vector<cuda::SpanPieces> spans;
  cuda::cut(list, pieces, spans);
  std::vector<float> networks;
  for (const L2eNetwork* network : rows.networks) {
    const std::vector<float> numbers = network->filled_up(cuda::l2e_device_widths);
    networks.insert(networks.end(), numbers.begin(), numbers.end());
  }
  const std::int64_t count = state.position.size(0);
  const auto per_network = static_cast<std::size_t>(count) / rows.networks.size();
  std::vector<cuda::L2eRowNumbers> numbers;
  for (std::size_t c = 0; c < static_cast<std::size_t>(count); ++c) {
    numbers.push_back(numbers_of(rows.updates[c / per_network], rows.data_counts[c / per_network]));
  }
  d.pieces = bytes_on_device(pieces, state.position);
  d.spans = bytes_on_device(spans, state.position);
  d.networks = bytes_on_device(networks, state.position);
  d.numbers = bytes_on_device(numbers, state.position);
  d.piece_count = static_cast<std::int64_t>(pieces.size());
  d.span_count = static_cast<std::int64_t>(spans.size());
  d.sums = torch::empty({count, d.piece_count, l2e_features}, state.position.options());
  d.scales = torch::empty({count, d.span_count, l2e_features}, state.position.options());
}

}  // namespace

bool fits_device(const L2eNetwork& network) {
  return network.hidden.first <= cuda::l2e_device_widths.first &&
         network.hidden.second <= cuda::l2e_device_widths.second;
}

bool runs_on_device(const torch::Tensor& position) {
  return position.is_cuda() && position.scalar_type() == torch::kFloat && position.is_contiguous();
}

void name_device_rows(ChainState& state, const std::vector<RngKey>& keys,
                      const std::vector<std::int64_t>& chains) {
  if (!state.device) state.device = std::make_shared<DeviceScratch>();
  std::vector<std::int64_t> bits;
  for (const RngKey& key : keys) bits.push_back(static_cast<std::int64_t>(key.value));
  state.device->keys = on_device(bits, state.position);
  state.device->chains = on_device(chains, state.position);
  state.device->steps = on_device({state.step}, state.position);
}

void sghmc_update_device(ChainState& state, const torch::Tensor& grad, RngKey key,
                         const SghmcUpdate& update) {
  DeviceScratch& d = scratch_of(state, key);
  const cuda::Stream stream = stream_of(state);
  cuda::sghmc_step({static_cast<float>(update.step_size), static_cast<float>(update.friction),
                    static_cast<float>(update.noise_scale())},
                   rows_of(state), grad.data_ptr<float>(), state.position.data_ptr<float>(),
                   state.momentum.data_ptr<float>(), stream);
  cuda::next_step(d.steps.data_ptr<std::int64_t>(), stream);
}

void l2e_update_device(ChainState& state, const torch::Tensor& grad, RngKey key,
                       const DeviceL2eRows& rows, const ParameterLayout& layout) {
  DeviceScratch& d = scratch_of(state, key);
  if (!d.pieces.defined()) plan_l2e(d, state, rows, layout);
  const cuda::L2ePlan plan{reinterpret_cast<const cuda::Piece*>(d.pieces.data_ptr()),
                           reinterpret_cast<const cuda::SpanPieces*>(d.spans.data_ptr()),
                           d.piece_count,
                           d.span_count,
                           reinterpret_cast<const float*>(d.networks.data_ptr()),
                           state.position.size(0) / static_cast<std::int64_t>(rows.networks.size()),
                           d.sums.data_ptr<float>(),
                           d.scales.data_ptr<float>()};
  const cuda::Stream stream = stream_of(state);
  cuda::l2e_step(plan, reinterpret_cast<const cuda::L2eRowNumbers*>(d.numbers.data_ptr()),
                 rows_of(state), grad.data_ptr<float>(), state.position.data_ptr<float>(),
                 state.momentum.data_ptr<float>(), state.extra[0].data_ptr<float>(), stream);
  cuda::next_step(d.steps.data_ptr<std::int64_t>(), stream);
}

#else

bool fits_device(const L2eNetwork&) { return false; }
bool runs_on_device(const torch::Tensor&) { return false; }

namespace {
[[noreturn]] void not_built() { throw std::logic_error("this program was built without CUDA"); }
}  // namespace

void name_device_rows(ChainState&, const std::vector<RngKey>&, const std::vector<std::int64_t>&) {
  not_built();
}
void sghmc_update_device(ChainState&, const torch::Tensor&, RngKey, const SghmcUpdate&) {
  not_built();
}
void l2e_update_device(ChainState&, const torch::Tensor&, RngKey, const DeviceL2eRows&,
                       const ParameterLayout&) {
  not_built();
}

#endif

}  // namespace ergo
