// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/meta/unroll_place.h"

#include "core/base/device.h"
#include "core/base/parallel.h"
#include "core/meta/population_unroll.h"

namespace ergo {

UnrollPlace::UnrollPlace(const std::string& device, int workers,
                         const DistributedOptions& distributed, const RunControl& control)
    : device_(require_device(device, "device")),
      workers_(worker_count(workers, false)),
      distributed_(distributed),
      control_(control) {}

std::vector<double> UnrollPlace::losses(const std::vector<std::size_t>& part,
                                        const std::function<Arm(std::size_t)>& make) const {
  if (!device_.is_cpu()) {
    distributed_.enter("unroll");
    std::vector<Arm> arms;
    for (const std::size_t i : part) arms.push_back(make(i));
    return unroll_population(arms, device_, control_);
  }
  std::vector<double> losses(part.size());
  each(part.size(), [&](std::size_t j) { losses[j] = unroll(make(part[j]), control_); });
  return losses;
}

void UnrollPlace::each(std::size_t count, const std::function<void(std::size_t)>& task) const {
  parallel_for(count, device_.is_cpu() ? workers_ : 1, [&](std::size_t j) {
    distributed_.enter("unroll");
    task(j);
  });
}

}  // namespace ergo
