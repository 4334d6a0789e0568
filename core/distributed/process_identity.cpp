// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/process_identity.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "core/base/number.h"

namespace ergo {
namespace {

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

struct ProcessStat {
  std::string state, start;  ///< empty: no such process
};

/// proc(5): "pid (name) state ppid ...", start time is field 22. The name may hold blanks and ')'.
ProcessStat stat_of(long pid) {
  const std::string line = read_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest(line.substr(end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  constexpr std::size_t state = 0, start = 19;  // counted from field 3
  return fields.size() > start ? ProcessStat{fields[state], fields[start]} : ProcessStat{};
}

std::string this_machine() {
  char space[64] = {};
  const ssize_t length = ::readlink("/proc/self/ns/pid", space, sizeof(space) - 1);
  return read_line("/proc/sys/kernel/random/boot_id") +
         std::string(space, length > 0 ? static_cast<std::size_t>(length) : 0);
}

}  // namespace

ProcessIdentity ProcessIdentity::own() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  return {*host ? host : "?", this_machine(), ::getpid(), stat_of(::getpid()).start};
}

ProcessIdentity ProcessIdentity::parse(const std::string& text) {
  ProcessIdentity p;
  std::istringstream in(text);
  std::string pid;
  in >> p.host >> pid >> p.start >> p.machine;
  p.pid = parse_number<long>(pid).value_or(0);
  return p;
}

std::string ProcessIdentity::text() const {
  return fmt::format("{} {} {} {}", host, pid, start, machine);
}

std::string ProcessIdentity::name() const {
  return fmt::format("process {} on host {}", pid, host);
}

bool is_gone(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.start.empty() || process.machine != this_machine()) return false;
  const ProcessStat now = stat_of(process.pid);
  return now.state.empty() || now.state == "Z" || now.state == "X" || now.start != process.start;
}

}  // namespace ergo
