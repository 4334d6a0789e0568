// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/losses.h"
#include "core/likelihoods/predictive.h"
#include "core/models/passes.h"

namespace ergo {

struct Split;

/// A block of parameters that belongs to the likelihood. It lies behind the network's blocks of a
/// position; prior N(mean, sd^2), every chain starts at the mean.
struct OwnBlock {
  std::string name;
  std::vector<std::int64_t> shape;
  double prior_mean = 0.0, prior_sd = 1.0;
};

/// What the fused loss of one chain reads and writes.
template <class T>
struct FusedLoss {
  LossArrays<T> arrays;       ///< outputs of the bound examples; delta is filled
  std::int64_t examples = 0;  ///< b
  const T* y = nullptr;       ///< regression: target t of example i is y[t * y_stride + i]
  std::int64_t y_stride = 0;
  std::span<const std::int32_t> labels;  ///< classification: [b]
  const T* own = nullptr;                ///< the likelihood's parameters
  T* own_grad = nullptr;                 ///< dU/d own, written whole
  double scale = 1.0, count = 1.0;       ///< n / b and n
  T* scratch = nullptr;                  ///< [stride], aligned
};

/// What the batched loss of many chains returns.
struct BatchedLoss {
  torch::Tensor nll;    ///< [chains], without `normaliser`
  torch::Tensor delta;  ///< d nll / d outputs, [chains, batch, outputs]
  torch::Tensor own;    ///< d nll / d own, [chains, own]; undefined without own parameters
};

/// p(y | f(x), own): what a network's outputs say about the targets. Made for one data set, whose
/// units it knows. Immutable; shared by all threads. n data, b of them bound, natural logarithms.
class Likelihood {
 public:
  virtual ~Likelihood() = default;
  virtual std::string id() const = 0;
  virtual std::int64_t outputs() const = 0;  ///< outputs that a network needs
  virtual std::vector<OwnBlock> own_blocks() const { return {}; }

  /// -log p summed over the batch, [chains], nats, constants included; differentiable, any dtype
  /// and device. The reference of the two that follow.
  /// @param f [chains, batch, outputs]  @param target [chains, batch, targets], standardised, or
  /// labels [chains, batch] (int64)  @param own [chains, own]
  virtual torch::Tensor nll(const torch::Tensor& f, const torch::Tensor& target,
                            const torch::Tensor& own) const = 0;

  /// True where the closed forms below exist; else potentials take automatic differentiation.
  virtual bool has_closed_form() const { return false; }
  /// (n / b) sum -log p of one chain, nats, constants included; fills delta and own_grad.
  virtual double fused_nll(const FusedLoss<float>&) const { return 0.0; }
  virtual double fused_nll(const FusedLoss<double>&) const { return 0.0; }
  /// Numbers that may differ between rows of a population, [k]; empty where there are none.
  virtual std::vector<double> row_numbers() const { return {}; }
  /// The part of -log p of one datum that depends on no output and no own parameter, nats.
  virtual double normaliser() const { return 0.0; }
  /// @param numbers row_numbers() of each row, [rows, k]  @param weight of each bound example (n /
  /// b, or 0), [rows, batch]. rows is 1 or the number of chains.
  virtual BatchedLoss batched_nll(const torch::Tensor& f, const torch::Tensor& target,
                                  const torch::Tensor& own, const torch::Tensor& numbers,
                                  const torch::Tensor& weight) const;

  /// Collects what draws predict on a split. It refers to `split`, which outlives it.
  virtual std::unique_ptr<Predictive> predictive(const Split& split) const = 0;
  /// Appends the latent f of each example and the sd of its noise, original units, for the curve of
  /// a 1-D regression; nothing where there is no curve.
  virtual void add_curve(const OutputView<float>&, const float* /*own*/, CurveDraws&) const {}
};

}  // namespace ergo
