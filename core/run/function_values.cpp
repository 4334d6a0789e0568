// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/function_values.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <numeric>

#include "core/base/torch.h"

namespace ergo {
namespace {

constexpr std::int64_t most_points = 256;    // of the test set
constexpr std::int64_t chains_at_once = 16;  // on a device: the activations of so many

Inputs head_of(const Inputs& all, std::int64_t count) {
  Inputs head = all;
  head.count = std::min(count, all.count);
  const auto numbers = static_cast<std::size_t>(head.count * all.shape.size());
  head.values.resize(std::min(head.values.size(), numbers));
  head.bytes.resize(std::min(head.bytes.size(), numbers));
  return head;
}

}  // namespace

FunctionValues::FunctionValues(const Posterior& posterior) : network_(posterior.network) {
  if (posterior.density) {
    count_ = posterior.layout.size();
    name_ = "coordinates";
    return;
  }
  const Dataset& data = *posterior.data;
  const bool classes = data.task == Task::classification, grid = data.grid.count > 0;
  inputs_ = grid ? data.grid : head_of(data.test.x, most_points);
  name_ =
      grid ? "f on the grid"
           : fmt::format("{} at the first {} test points", classes ? "logits" : "f", inputs_.count);
  if (classes) {
    scale_.assign(static_cast<std::size_t>(data.outputs), 1.0);
    shift_.assign(scale_.size(), 0.0);
  } else {
    scale_ = data.standardisation.y_sd;
    shift_ = data.standardisation.y_mean;
  }
  count_ = inputs_.count * static_cast<std::int64_t>(scale_.size());
}

torch::Tensor FunctionValues::of(const torch::Tensor& position) const {
  const torch::NoGradGuard no_grad;
  const torch::Tensor single = position.to(torch::kFloat).contiguous();
  if (!network_) return single.to(torch::kCPU);
  return single.is_cpu() ? on_cpu(single) : on_device(single);
}

torch::Tensor FunctionValues::on_cpu(const torch::Tensor& position) const {
  torch::Tensor values = torch::empty({position.size(0), count_});
  float* out = values.data_ptr<float>();
  std::unique_ptr<Predictor> predictor = take_predictor();
  for (std::int64_t c = 0; c < position.size(0); ++c) {
    const float* theta = position.data_ptr<float>() + c * position.size(1);
    predictor->predict(inputs_, theta, [&](const OutputView<float>& f) {
      for (std::int64_t i = 0; i < f.examples; ++i) {
        for (std::size_t u = 0; u < scale_.size(); ++u) {
          const auto unit = static_cast<std::int64_t>(u);
          *out++ = static_cast<float>(static_cast<double>(f(unit, i)) * scale_[u] + shift_[u]);
        }
      }
    });
  }
  give_back(std::move(predictor));
  return values;
}

torch::Tensor FunctionValues::on_device(const torch::Tensor& position) const {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(inputs_.count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  torch::Tensor x = torch::empty({1, inputs_.count, inputs_.shape.size()});
  inputs_.gather(rows.data(), inputs_.count, x.data_ptr<float>());
  x = x.to(position.device());
  const auto units = static_cast<std::int64_t>(scale_.size());
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& chains : position.split(chains_at_once)) {
    parts.push_back(network_->forward(chains, x).slice(2, 0, units).to(torch::kCPU));
  }
  const auto of = [](const std::vector<double>& numbers) {
    return torch::tensor(numbers, torch::kDouble);
  };
  return (torch::cat(parts).to(torch::kDouble) * of(scale_) + of(shift_))
      .to(torch::kFloat)
      .reshape({position.size(0), count_})
      .contiguous();
}

std::unique_ptr<Predictor> FunctionValues::take_predictor() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Predictor>(network_);
  std::unique_ptr<Predictor> predictor = std::move(idle_.back());
  idle_.pop_back();
  return predictor;
}

void FunctionValues::give_back(std::unique_ptr<Predictor> predictor) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(predictor));
}

}  // namespace ergo
