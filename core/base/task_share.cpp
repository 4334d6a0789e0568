// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/task_share.h"

#include <numeric>

namespace ergo {
namespace {

class LocalShare final : public TaskShare {
 public:
  explicit LocalShare(RunControl& control) : control_(control) {}

  Results results(std::size_t count, const Task& task, const Pulse&) override {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    Results results{task(all), false};
    results.stopped = control_.stopped();
    return results;
  }
  void together(const std::function<void()>& work) override { work(); }
  bool stopped() override { return control_.stopped(); }
  void commit(const std::function<void()>& save) override { save(); }
  bool lowest() const override { return true; }
  int processes() const override { return 1; }
  void finish() override {}

 private:
  RunControl& control_;
};

}  // namespace

std::string told_by_first(TaskShare& share, const std::function<std::string()>& tell) {
  const auto task = [&tell](const std::vector<std::size_t>& part) {
    return part.empty() ? std::vector<std::string>() : std::vector<std::string>{tell()};
  };
  return share.results(1, task, {}).bytes.front();
}

std::unique_ptr<TaskShare> make_local_share(RunControl& control) {
  return std::make_unique<LocalShare>(control);
}

}  // namespace ergo
