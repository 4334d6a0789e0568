// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/own_work.h"

#include <utility>

#include "core/base/error.h"

namespace ergo {

void OwnWork::add(const std::vector<std::size_t>& indices, const TaskShare::Task& task) {
  task_ = &task;
  claims_.insert(indices.begin(), indices.end());
  queue_.insert(queue_.end(), indices.begin(), indices.end());
}

bool OwnWork::wait(std::chrono::milliseconds patience) {
  if (!running_.valid() && !queue_.empty()) start();
  if (running_.valid() && running_.wait_for(patience) == std::future_status::ready) collect();
  return !running_.valid() && queue_.empty();
}

void OwnWork::start() {
  batch_ = std::exchange(queue_, {});
  running_ = std::async(std::launch::async, [this] {
    options_.enter("work");
    return (*task_)(batch_);
  });
}

void OwnWork::collect() {
  std::vector<std::string> results;
  failure_.attempt([&] {
    results = running_.get();
    if (results.size() == batch_.size()) return;
    throw Error(ExitCode::internal,
                "A task returned another number of results than it was asked for.");
  });
  if (failure_.state == PeerMessage::State::failed) {
    queue_.clear();  // this ends the job
    return;
  }
  // After a stop nobody knows which of them are whole.
  auto& to = control_.stopped() ? cut_ : done_;
  for (std::size_t j = 0; j < batch_.size(); ++j) to[batch_[j]] = std::move(results[j]);
}

PeerMessage OwnWork::message() const {
  PeerMessage message = failure_;
  if (message.state == PeerMessage::State::failed) return message;
  if (control_.stopped()) message.state = stop_state(control_);
  message.values = done_;
  message.values.insert(cut_.begin(), cut_.end());
  return message;
}

void OwnWork::clear() {
  if (running_.valid()) running_.wait();
  running_ = {};
  task_ = nullptr;
  claims_.clear();
  queue_.clear();
  batch_.clear();
  done_.clear();
  cut_.clear();
  failure_ = {};
}

}  // namespace ergo
