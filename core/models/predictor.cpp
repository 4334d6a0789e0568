// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/predictor.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/base/torch.h"
#include "core/kernels/scratch.h"

namespace ergo {
namespace {

constexpr std::int64_t rows_at_once = 1024;

}  // namespace

Predictor::Predictor(std::shared_ptr<const Network> network)
    : network_(std::move(network)), passes_(network_->passes_f32()) {}

void Predictor::predict(const Inputs& x, const float* theta, const Use& use) {
  for (std::int64_t first = 0; first < x.count; first += rows_at_once) {
    const std::int64_t count = std::min(rows_at_once, x.count - first);
    rows_.resize(static_cast<std::size_t>(count));
    std::iota(rows_.begin(), rows_.end(), first);
    chunk_.resize(static_cast<std::size_t>(x.shape.size() * count + row_padding));
    x.gather(rows_.data(), count, chunk_.data());
    if (!passes_) {
      plain(x, count, theta, use);
      continue;
    }
    passes_->bind(chunk_.data(), count);
    use(passes_->forward(theta));
  }
}

void Predictor::plain(const Inputs& x, std::int64_t count, const float* theta, const Use& use) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor position =
      torch::from_blob(const_cast<float*>(theta), {1, network_->layout().size()});
  const torch::Tensor inputs = torch::from_blob(chunk_.data(), {1, count, x.shape.size()});
  const torch::Tensor f = network_->forward(position, inputs)[0].t().contiguous();
  use({f.data_ptr<float>(), f.size(0), count, count});
}

}  // namespace ergo
