// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/task_share.h"

#include <cstring>
#include <numeric>

#include "core/base/error.h"

namespace ergo {
namespace {

std::string bytes_of(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

std::vector<double> numbers_in(const std::string& bytes) {
  if (bytes.size() % sizeof(double) != 0)
    throw Error(ExitCode::internal, "A process of the job sent no numbers.");
  std::vector<double> values(bytes.size() / sizeof(double));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

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

std::optional<std::vector<std::vector<double>>> TaskShare::lists(std::size_t count,
                                                                 const ListTask& task) {
  const auto as_bytes = [&task](const std::vector<std::size_t>& part) {
    std::vector<std::string> list;
    for (const std::vector<double>& values : task(part)) list.push_back(bytes_of(values));
    return list;
  };
  const Results all = results(count, as_bytes, {});
  if (all.stopped) return std::nullopt;
  std::vector<std::vector<double>> lists;
  for (const std::string& bytes : all.bytes) lists.push_back(numbers_in(bytes));
  return lists;
}

std::optional<std::vector<double>> TaskShare::values(std::size_t count, const NumberTask& task) {
  const auto all = lists(count, [&task](const std::vector<std::size_t>& part) {
    std::vector<std::vector<double>> list;
    for (const double value : task(part)) list.push_back({value});
    return list;
  });
  if (!all) return std::nullopt;
  std::vector<double> values;
  for (const std::vector<double>& list : *all) {
    if (list.size() != 1) throw Error(ExitCode::internal, "A process of the job sent no number.");
    values.push_back(list.front());
  }
  return values;
}

std::unique_ptr<TaskShare> make_local_share(RunControl& control) {
  return std::make_unique<LocalShare>(control);
}

}  // namespace ergo
