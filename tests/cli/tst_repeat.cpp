// SPDX-License-Identifier: GPL-3.0-or-later
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/cli/program_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

constexpr int no_namespace = 199;  // exit status of a child that cannot hide a file

/// In a namespace of its own the process finds a socket where /proc/cpuinfo was: nobody can read
/// it.
void hide_processor(const std::string& socket) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(socket.c_str(), "/proc/cpuinfo", nullptr, MS_BIND, nullptr) != 0)
    ::_exit(no_namespace);
}

std::string make_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::close(fd);
  return path;
}

}  // namespace

/// What a repetition of a run does not have to match.
class TestRepeat : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  /// LibTorch chooses its own instruction set, which no manifest names.
  void drawsDoNotDependOnTheOneOfLibTorch() {
    const Workspace work;
    write_phi(work.path() / "phi.safetensors");
    json document = all_samplers();
    document["model"]["hidden"] = {20, 20};
    document["gradient_evaluations"] = 400;
    document["samplers"][4]["steps"] = 60;
    const std::string preset = work.preset(document);
    json expected;
    for (const char* capability : {"default", "avx2", "avx512"}) {
      Program program({"run", preset, "--json"},
                      [capability] { ::setenv("ATEN_CPU_CAPABILITY", capability, 1); });
      const int end = program.end();
      QVERIFY2(end == 0, program.err.c_str());
      json hashes;
      for (const json& s : json::parse(program.out)["samplers"])
        hashes[s["id"]] = s["draws_sha256"];
      if (expected.is_null()) expected = hashes;
      QVERIFY2(hashes == expected, json::diff(expected, hashes).dump().c_str());
    }
  }

  /// As in a container or a sandbox.
  void runsWithoutKnowingTheProcessor() {
    const Workspace work;
    const std::string socket = make_socket(work.file("s"));
    Program program({"run", work.preset(small_regression()), "--json"},
                    [&socket] { hide_processor(socket); });
    const int end = program.end();
    if (end == no_namespace) QSKIP("this system allows no namespaces");
    QVERIFY2(end == 0, program.err.c_str());
    QVERIFY(json::parse(program.out)["reason"] == "completed");
  }
};

QTEST_GUILESS_MAIN(TestRepeat)
#include "tst_repeat.moc"
