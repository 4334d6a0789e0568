// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <vector>

#include "core/samplers/l2e.h"
#include "core/samplers/sghmc.h"

/// Transitions of many chains on a CUDA device by the kernels of kernels/cuda. Their references are
/// sghmc_update_plain and l2e_update.
namespace ergo {

/// What the kernels keep beside the state of the chains: made at the first transition, never fed
/// back.
struct DeviceScratch {
  torch::Tensor keys, chains, steps;      ///< int64 [rows], [rows], [1]
  torch::Tensor pieces, spans, networks;  ///< L2E: kernels/cuda/chain_steps.h
  torch::Tensor numbers, sums, scales;
  std::int64_t piece_count = 0, span_count = 0;
};

/// True when the kernels serve these positions: CUDA, float32, contiguous, and built for CUDA.
bool runs_on_device(const torch::Tensor& position);

/// True when the kernels know the widths of this network: 32 units a layer or fewer.
bool fits_device(const L2eNetwork& network);

/// Row c draws the normals of (keys[c], chains[c]); for rows that are chains of different runs.
/// Without this call row c is chain first_chain + c of the key given to the transition.
void name_device_rows(ChainState& state, const std::vector<RngKey>& keys,
                      const std::vector<std::int64_t>& chains);

void sghmc_update_device(ChainState& state, const torch::Tensor& grad, RngKey key,
                         const SghmcUpdate& update);

/// One network and one set of numbers for each group of rows / networks.size() rows.
struct DeviceL2eRows {
  std::vector<const L2eNetwork*> networks;
  std::vector<L2eUpdate> updates;         ///< as many as networks
  std::vector<std::int64_t> data_counts;  ///< n, likewise
};
void l2e_update_device(ChainState& state, const torch::Tensor& grad, RngKey key,
                       const DeviceL2eRows& rows, const ParameterLayout& layout);

}  // namespace ergo
