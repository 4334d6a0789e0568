// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/posteriors/train_rows.h"

#include <algorithm>
#include <numeric>

#include "core/base/torch.h"

namespace ergo {

TrainRows gather_rows(const Dataset& data, std::span<const std::int64_t> rows,
                      const torch::TensorOptions& options) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const Split& train = data.train;
  const bool wide = options.dtype() == torch::kDouble;
  TrainRows gathered;
  gathered.x = torch::empty({count, train.x.shape.size()}, wide ? torch::kDouble : torch::kFloat);
  if (wide) {
    train.x.gather(rows.data(), count, gathered.x.data_ptr<double>());
  } else {
    train.x.gather(rows.data(), count, gathered.x.data_ptr<float>());
  }
  gathered.x = gathered.x.to(options.device());
  if (!train.labels.empty()) {
    torch::Tensor labels = torch::empty({count}, torch::kLong);
    for (std::int64_t i = 0; i < count; ++i) {
      labels.data_ptr<std::int64_t>()[i] = train.labels[static_cast<std::size_t>(rows[i])];
    }
    gathered.target = labels.to(options.device());
    return gathered;
  }
  torch::Tensor target = torch::empty({count, data.targets}, torch::kDouble);
  for (std::int64_t i = 0; i < count; ++i) {
    const double* row = train.y.data() + rows[i] * data.targets;
    std::copy_n(row, data.targets, target.data_ptr<double>() + i * data.targets);
  }
  gathered.target = target.to(options);
  return gathered;
}

torch::Tensor by_chain(const torch::Tensor& target, std::int64_t chains, std::int64_t batch) {
  if (target.dim() == 1) return target.reshape({chains, batch});
  return target.reshape({chains, batch, target.size(1)});
}

std::vector<std::int64_t> all_rows(const Dataset& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.train.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

namespace {

/// A number of each block for each of its parameters, [params].
template <class Number>
torch::Tensor of_blocks(const Posterior& posterior, const torch::TensorOptions& options,
                        Number number) {
  std::vector<torch::Tensor> parts;
  const auto& blocks = posterior.layout.blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    parts.push_back(
        torch::full({ParameterLayout::size_of(blocks[b])}, number(posterior.prior[b]), options));
  }
  return torch::cat(parts);
}

}  // namespace

torch::Tensor prior_precision(const Posterior& posterior, const torch::TensorOptions& options) {
  return of_blocks(posterior, options, [](const BlockPrior& p) { return 1.0 / (p.sd * p.sd); });
}

torch::Tensor prior_mean(const Posterior& posterior, const torch::TensorOptions& options) {
  return of_blocks(posterior, options, [](const BlockPrior& p) { return p.mean; });
}

}  // namespace ergo
