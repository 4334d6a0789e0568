// SPDX-License-Identifier: GPL-3.0-or-later
// The only file that knows Gloo.
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "core/base/torch.h"
#include "core/distributed/exchange.h"

namespace ergo {
namespace {

class GlooExchange final : public Exchange {
 public:
  GlooExchange(const JobStore& store, const std::string& address, const DistributedOptions& o)
      : Exchange(store, o) {
    auto group = std::async(std::launch::async, [&] {
      // Gloo writes to the socket of a process that has just died without asking for an error
      // instead of SIGPIPE, which would end this process too: its threads inherit this mask.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      auto gloo = c10d::ProcessGroupGloo::Options::create(timeout_of(o));
      gloo->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(address)};
      gloo->threads = 1;
      return c10::make_intrusive<c10d::ProcessGroupGloo>(store.c10d, o.rank, o.processes, gloo);
    });
    Patience patience(o);
    while (group.wait_for(std::chrono::seconds(1)) != std::future_status::ready)
      patience.tell("the connections of the others");
    group_ = group.get();
    mark();
    missing();  // Gloo left the store its own time-out; c10d sets it anew with every value read
  }

 private:
  /// Gloo wants equal sizes: first the lengths, then the bytes, padded to the longest.
  std::vector<std::string> gather(const std::string& mine) override {
    mark();
    const auto size = static_cast<std::int64_t>(mine.size());
    const std::vector<torch::Tensor> sizes = gather(torch::full({1}, size, torch::kLong));
    std::vector<std::int64_t> lengths;
    for (const torch::Tensor& n : sizes) lengths.push_back(n.item<std::int64_t>());
    torch::Tensor padded =
        torch::zeros({*std::max_element(lengths.begin(), lengths.end())}, torch::kByte);
    std::memcpy(padded.data_ptr<std::uint8_t>(), mine.data(), mine.size());
    std::vector<std::string> all;
    for (const torch::Tensor& bytes : gather(padded)) {
      all.emplace_back(reinterpret_cast<const char*>(bytes.data_ptr<std::uint8_t>()),
                       static_cast<std::size_t>(lengths[all.size()]));
    }
    return all;
  }

  std::vector<torch::Tensor> gather(const torch::Tensor& mine) {
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int i = 0; i < options_.processes; ++i) all[0].push_back(torch::zeros_like(mine));
    std::vector<torch::Tensor> own = {mine};
    group_->allgather(all, own)->wait();
    return all[0];
  }

  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<Exchange> make_gloo_exchange(const JobStore& store, const std::string& address,
                                             const DistributedOptions& options) {
  return std::make_unique<GlooExchange>(store, address, options);
}

}  // namespace ergo
