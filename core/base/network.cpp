// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/network.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <system_error>

#include "core/base/error.h"

namespace ergo {
namespace {

constexpr int patience = 2000;  // milliseconds

class Socket {
 public:
  Socket(int family, int type) : fd_(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string text_of(const sockaddr* address, socklen_t size) {
  char text[NI_MAXHOST] = {};
  ::getnameinfo(address, size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  return text;
}

socklen_t size_of(const sockaddr* address) {
  return address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::string own_address(const Socket& socket) {
  sockaddr_storage storage{};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof(storage);
  return ::getsockname(socket.fd(), address, &size) == 0 ? text_of(address, size) : std::string();
}

/// @return 0, or the error number.
int connect(const Socket& socket, const addrinfo& to) {
  if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{socket.fd(), POLLOUT, 0};
  if (::poll(&wait, 1, patience) == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Reached reach(const std::string& host, std::uint16_t port, int type) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* list = nullptr;
  const int unknown = ::getaddrinfo(host.c_str(), fmt::format("{}", port).c_str(), &hints, &list);
  if (unknown == EAI_NONAME) {
    throw Error(ExitCode::usage,
                fmt::format("Host '{}' of --rendezvous is not known on this machine.", host));
  }
  if (unknown != 0) return {{}, ::gai_strerror(unknown)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  int error = 0;
  for (const addrinfo* to = list; to; to = to->ai_next) {
    const Socket socket(to->ai_family, to->ai_socktype);
    error = connect(socket, *to);
    if (error == 0) return {own_address(socket), {}};
  }
  return {{}, std::generic_category().message(error)};
}

std::map<std::string, std::string> interfaces() {
  std::map<std::string, std::string> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* it = list; it; it = it->ifa_next) {
    const sockaddr* a = it->ifa_addr;
    const bool internet = a && (a->sa_family == AF_INET || a->sa_family == AF_INET6);
    if (internet && (it->ifa_flags & IFF_UP) != 0)
      found.try_emplace(it->ifa_name, text_of(a, size_of(a)));  // IPv4 comes first
  }
  return found;
}

}  // namespace

Reached reach(const std::string& host, std::uint16_t port) {
  return reach(host, port, SOCK_STREAM);
}

bool is_free(std::uint16_t port) {
  const Socket socket(AF_INET6, SOCK_STREAM);
  const int yes = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  const bool bound =
      ::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0 &&
      ::listen(socket.fd(), 1) == 0;
  return bound || (errno != EADDRINUSE && errno != EACCES);  // others: c10d says what it thinks
}

std::string outward_address() {
  // TEST-NET-1 (RFC 5737) is nobody's; a datagram socket sends nothing by connecting.
  const Reached outside = reach("192.0.2.1", 9, SOCK_DGRAM);
  return outside.own.empty() ? "127.0.0.1" : outside.own;
}

std::string interface_address(const std::string& interface) {
  const auto known = interfaces();
  if (const auto it = known.find(interface); it != known.end()) return it->second;
  std::string names;
  for (const auto& [name, address] : known) names += (names.empty() ? "" : ", ") + name;
  throw Error(ExitCode::usage, fmt::format("Option --interface is '{}', but this machine has {}.",
                                           interface, names));
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

}  // namespace ergo
