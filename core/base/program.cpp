// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/program.h"

#include <elf.h>
#include <link.h>
#include <spdlog/fmt/fmt.h>
#include <torch/version.h>

#include <Eigen/Core>
#include <cstring>

#include "core/kernels/l2e_network.h"

namespace ergo {
namespace {

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

}  // namespace

/// The first object is the program.
std::string build_id() {
  std::string id;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE) continue;
          const auto* notes = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
          const std::string found = build_id_in(notes, segment.p_memsz);
          if (!found.empty()) *static_cast<std::string*>(out) = found;
        }
        return 1;
      },
      &id);
  return id.empty() ? "unknown" : id;
}

std::vector<Fact> program_facts() {
  return {{"program", fmt::format("version {} build {}", ERGO_VERSION, build_id().substr(0, 12))},
          {"stream version", fmt::format("{}", stream_version)},
          {"LibTorch", TORCH_VERSION},
          {"instruction set",
           fmt::format("{} ({})", l2e_instruction_set(), Eigen::SimdInstructionSetsInUse())}};
}

}  // namespace ergo
