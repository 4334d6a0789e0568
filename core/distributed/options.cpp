// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/options.h"

#include <elf.h>
#include <ifaddrs.h>
#include <link.h>
#include <net/if.h>
#include <spdlog/fmt/fmt.h>
#include <torch/version.h>

#include <Eigen/Core>
#include <cstring>
#include <set>

#include "core/base/error.h"
#include "core/kernels/l2e_network.h"
#include "core/run/manifest.h"

namespace ergo {
namespace {

#ifdef ERGO_GLOO
constexpr bool has_gloo = true;
#else
constexpr bool has_gloo = false;
#endif
constexpr int most_processes = 4096;
constexpr double longest_timeout = 1e6;  // seconds

/// Interfaces that are up and have an internet address.
std::set<std::string> interfaces() {
  std::set<std::string> names;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return names;
  for (const ifaddrs* it = list; it; it = it->ifa_next) {
    const bool internet =
        it->ifa_addr && (it->ifa_addr->sa_family == AF_INET || it->ifa_addr->sa_family == AF_INET6);
    if (internet && (it->ifa_flags & IFF_UP) != 0) names.insert(it->ifa_name);
  }
  ::freeifaddrs(list);
  return names;
}

[[noreturn]] void refuse(const std::string& sentence) { throw Error(ExitCode::usage, sentence); }

void check_interface(const std::string& name) {
  const std::set<std::string> known = interfaces();
  if (known.contains(name)) return;
  const std::string list = fmt::format("{}", fmt::join(known, ", "));
  if (name.empty()) {
    refuse(
        fmt::format("Several processes need --interface, the network interface that they talk "
                    "over: {}.",
                    list));
  }
  refuse(fmt::format("Option --interface is '{}', but this machine has {}.", name, list));
}

/// Hexadecimal digits of the note NT_GNU_BUILD_ID among the notes of a segment; empty: none.
std::string build_id_in(const char* notes, std::size_t size) {
  const auto padded = [](std::size_t n) { return (n + 3) / 4 * 4; };
  for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= size;) {
    ElfW(Nhdr) head;
    std::memcpy(&head, notes + at, sizeof(head));
    const std::size_t name = at + sizeof(head), id = name + padded(head.n_namesz);
    at = id + padded(head.n_descsz);
    if (at > size || head.n_type != NT_GNU_BUILD_ID || std::strncmp(notes + name, "GNU", 4) != 0)
      continue;
    std::string digits;
    for (std::size_t i = 0; i < head.n_descsz; ++i) {
      digits += fmt::format("{:02x}", static_cast<unsigned char>(notes[id + i]));
    }
    return digits;
  }
  return {};
}

/// What the linker made of the program's whole content; the first object is the program.
std::string build_id() {
  std::string id;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE) continue;
          const auto* notes = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
          const std::string found = build_id_in(notes, segment.p_memsz);
          if (!found.empty()) *static_cast<std::string*>(out) = found.substr(0, 12);
        }
        return 1;
      },
      &id);
  return id.empty() ? "unknown" : id;
}

}  // namespace

std::vector<Fact> program_facts() {
  return {{"program", fmt::format("version {} build {}", ERGO_VERSION, build_id())},
          {"stream version", fmt::format("{}", stream_version)},
          {"LibTorch", TORCH_VERSION},
          {"instruction set",
           fmt::format("{} ({})", l2e_instruction_set(), Eigen::SimdInstructionSetsInUse())}};
}

std::string exchange_kind(const DistributedOptions& options) {
  const std::string kind =
      options.exchange.empty() ? (has_gloo ? "gloo" : "folder") : options.exchange;
  if (kind == "folder" || (kind == "gloo" && has_gloo)) return kind;
  if (kind == "gloo") {
    refuse("Option --exchange is 'gloo', but this build has no Gloo; use 'folder'.");
  }
  refuse(fmt::format("Option --exchange is '{}', but must be gloo or folder.", kind));
}

void check_options(const DistributedOptions& o) {
  if (o.processes < 1 || o.processes > most_processes) {
    refuse(
        fmt::format("Option --processes is {}, but must be 1 to {}.", o.processes, most_processes));
  }
  if (o.rank < 0 || o.rank >= o.processes) {
    refuse(fmt::format("Option --rank is {}, but must be below the {} processes.", o.rank,
                       o.processes));
  }
  if (!(o.peer_timeout > 0.0) || o.peer_timeout > longest_timeout) {
    refuse(fmt::format("Option --peer-timeout is {}, but must be above 0 and at most {} seconds.",
                       o.peer_timeout, longest_timeout));
  }
  if (exchange_kind(o) == "gloo") check_interface(o.interface);
}

}  // namespace ergo
