// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

/// What c10d does not tell: why nobody answers, and which of this machine's addresses to use.
/// Addresses are as the system prints them: 127.0.0.1, fe80::1%eth0.
namespace ergo {

struct Reached {
  std::string own;      ///< this machine's address on the way there; empty: not reached
  std::string failure;  ///< why
};

/// Connects to host:port and hangs up; waits 2 s for each of its addresses.
/// @throws Error{usage} for a host that no name server knows.
Reached reach(const std::string& host, std::uint16_t port);

/// Whether this process could listen on it.
bool is_free(std::uint16_t port);

/// The address of this machine that others reach, by its routes; loopback when there are none.
std::string outward_address();

/// @throws Error{usage} naming the interfaces that are up and have an internet address.
std::string interface_address(const std::string& interface);

bool is_loopback(const std::string& address);

}  // namespace ergo
