// SPDX-License-Identifier: GPL-3.0-or-later
// The only file that knows c10d.
#include <signal.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstring>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/distributed/exchange.h"

namespace ergo {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::int64_t largest = 64 << 20;  // bytes of one member; ours are at most 16 MiB

/// c10d's Store over the shared folder: Gloo leaves its addresses there. Only what Gloo uses.
class FolderStore final : public c10d::Store {
 public:
  explicit FolderStore(ExchangeGroup group)
      : c10d::Store(group.timeout), group_(std::move(group)) {}

  c10::intrusive_ptr<c10d::Store> clone() {  // virtual in LibTorch 2 only
    return c10::make_intrusive<FolderStore>(group_);
  }
  void set(const std::string& key, const Bytes& value) override {
    group_.folder->put(name(key), {reinterpret_cast<const char*>(value.data()), value.size()});
  }
  Bytes get(const std::string& key) override {
    wait({key});
    const std::string value = group_.folder->get(name(key)).value_or("");
    return {value.begin(), value.end()};
  }
  bool check(const std::vector<std::string>& keys) override {
    return std::all_of(keys.begin(), keys.end(),
                       [this](const std::string& key) { return group_.folder->has(name(key)); });
  }
  void wait(const std::vector<std::string>& keys) override {
    wait_for(group_, fmt::format("the address {}", fmt::join(keys, ", ")),
             [&] { return check(keys); });
  }
  void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds&) override {
    wait(keys);
  }
  bool deleteKey(const std::string& key) override {
    group_.folder->remove(name(key));
    return true;
  }
  std::int64_t add(const std::string&, std::int64_t) override { unused("add"); }
  std::int64_t getNumKeys() override { unused("getNumKeys"); }

 private:
  [[noreturn]] static void unused(const char* what) {
    throw std::logic_error(fmt::format("FolderStore has no {}", what));
  }
  /// Keys are "0/1" and the like; a file name takes no slash.
  std::string name(std::string key) const {
    std::replace(key.begin(), key.end(), '/', '-');
    return fmt::format("gloo.{}.{}", group_.epoch, key);
  }
  ExchangeGroup group_;
};

/// Gloo writes to the socket of a process that has just died without asking for an error instead
/// of SIGPIPE, which would end this process too. While this lives the signal is blocked for the
/// calling thread and for those it starts, which keep it so for good.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before_);
  }
  ~NoPipeSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t before_{};
};

class GlooExchange final : public Exchange {
 public:
  explicit GlooExchange(const ExchangeGroup& group) {
    const NoPipeSignal no_signal;  // Gloo's threads start here
    const auto& members = group.members;
    position_ =
        static_cast<int>(std::find(members.begin(), members.end(), group.rank) - members.begin());
    size_ = static_cast<int>(members.size());
    auto options = c10d::ProcessGroupGloo::Options::create(group.timeout);
    options->devices = {c10d::ProcessGroupGloo::createDeviceForInterface(group.interface)};
    options->threads = 1;
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<FolderStore>(group),
                                                         position_, size_, options);
  }

  /// Two rounds, because Gloo wants equal sizes: the lengths, then the bytes padded to the longest.
  std::vector<std::string> all_gather(const std::string& mine) override {
    const auto length = static_cast<std::int64_t>(mine.size());
    const std::vector<torch::Tensor> lengths = gather(torch::full({1}, length, torch::kLong));
    std::int64_t longest = 1;
    for (const torch::Tensor& n : lengths) longest = std::max(longest, n.item<std::int64_t>());
    if (longest > largest) throw PeerLost("a message is too long");
    torch::Tensor padded = torch::zeros({longest}, torch::kByte);
    std::memcpy(padded.data_ptr<std::uint8_t>(), mine.data(), mine.size());
    std::vector<std::string> all;
    for (const torch::Tensor& bytes : gather(padded)) {
      const auto size = static_cast<std::size_t>(
          std::clamp<std::int64_t>(lengths[all.size()].item<std::int64_t>(), 0, longest));
      all.emplace_back(reinterpret_cast<const char*>(bytes.data_ptr<std::uint8_t>()), size);
    }
    return all;
  }

 private:
  std::vector<torch::Tensor> gather(const torch::Tensor& mine) {
    std::vector<std::vector<torch::Tensor>> all(1);
    for (int i = 0; i < size_; ++i) all[0].push_back(torch::zeros_like(mine));
    std::vector<torch::Tensor> own = {mine};
    try {
      group_->allgather(all, own)->wait();
    } catch (const std::exception& error) {  // gloo::IoException and others; the text says which
      throw PeerLost(error.what());
    }
    return all[0];
  }

  int position_ = 0, size_ = 1;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<Exchange> make_gloo_exchange(const ExchangeGroup& group) {
  try {
    return std::make_unique<GlooExchange>(group);
  } catch (const Error&) {
    throw;  // of the folder
  } catch (const std::exception& error) {
    throw PeerLost(error.what());
  }
}

}  // namespace ergo
