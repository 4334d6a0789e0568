// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/posteriors/train_rows.h"

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
  const bool regression = data.task == Task::regression;
  torch::Tensor target = torch::empty({count}, regression ? torch::kDouble : torch::kLong);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
    if (regression)
      target.data_ptr<double>()[i] = train.y[row];
    else
      target.data_ptr<std::int64_t>()[i] = train.labels[row];
  }
  gathered.target = regression ? target.to(options) : target.to(options.device());
  return gathered;
}

std::vector<std::int64_t> all_rows(const Dataset& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.train.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

torch::Tensor prior_precision(const Posterior& posterior, const torch::TensorOptions& options) {
  std::vector<torch::Tensor> precision;
  const auto& blocks = posterior.network->layout().blocks();
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const double sd = posterior.prior_sd[b];
    precision.push_back(
        torch::full({ParameterLayout::size_of(blocks[b])}, 1.0 / (sd * sd), options));
  }
  return torch::cat(precision);
}

}  // namespace ergo
