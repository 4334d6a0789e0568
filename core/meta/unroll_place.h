// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <torch/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/distributed/options.h"
#include "core/meta/unroll.h"

namespace ergo {

/// Where this process's unrolls run: one by one on worker threads, or on a device.
class UnrollPlace {
 public:
  /// `distributed` and `control` outlive it. @throws Error{config} naming the field `device`.
  UnrollPlace(const std::string& device, int workers, const DistributedOptions& distributed,
              const RunControl& control);

  /// Losses of make(i) for i in `part`, in its order; on a device, arms of one shape move together.
  /// NaN where the control stopped it.
  std::vector<double> losses(const std::vector<std::size_t>& part,
                             const std::function<Arm(std::size_t)>& make) const;

  /// Calls task(j) for j < count on the workers; on a device one after the other.
  void each(std::size_t count, const std::function<void(std::size_t)>& task) const;

  const torch::Device& device() const { return device_; }
  const RunControl& control() const { return control_; }

 private:
  torch::Device device_;
  int workers_;
  const DistributedOptions& distributed_;
  const RunControl& control_;
};

}  // namespace ergo
