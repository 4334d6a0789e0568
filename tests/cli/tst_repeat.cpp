// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>

#include "tests/cli/program_fixture.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

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
    for (const bool plainest : {true, false}) {  // and what suits this machine
      Program program({"run", preset, "--json"}, [plainest] {
        if (plainest) ::setenv("ATEN_CPU_CAPABILITY", "default", 1);
      });
      const int end = program.end();
      QVERIFY2(end == 0, program.err.c_str());
      json hashes;
      const json result = json::parse(program.out);
      for (const json& s : result["samplers"]) hashes[s["id"]] = s["draws_sha256"];
      if (expected.is_null()) expected = hashes;
      QVERIFY2(hashes == expected, json::diff(expected, hashes).dump().c_str());
    }
  }
};

QTEST_GUILESS_MAIN(TestRepeat)
#include "tst_repeat.moc"
