// SPDX-License-Identifier: GPL-3.0-or-later
// The engine on a CUDA device against the CPU. Skipped, with the reason, where there is none.

#include "core/base/device.h"
#include "core/base/noise.h"
#include "core/base/torch.h"
#include "core/meta/families.h"
#include "core/meta/population_unroll.h"
#include "core/run/experiment.h"
#include "core/run/run.h"
#include "core/samplers/device_steps.h"
#include "core/samplers/l2e_learned.h"
#include "tests/support/folder_test.h"
#include "tests/support/potentials.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

constexpr RngKey key{77};

ChainState state_of(std::int64_t params, const torch::Device& device) {
  ChainState state;
  state.position = random_tensor(2, {2, params}, torch::kFloat).to(device);
  state.momentum = random_tensor(3, {2, params}, torch::kFloat, 3.0).to(device);
  state.extra = {random_tensor(4, {2, 6, params}, torch::kFloat, 0.1).to(device)};
  state.first_chain = 4;
  state.step = 8;
  return state;
}

std::string states_differ(const ChainState& a, const ChainState& b, double tolerance) {
  if (auto p =
          vectors_differ(doubles(a.momentum.cpu()), doubles(b.momentum), tolerance, "momentum");
      !p.empty())
    return p;
  return vectors_differ(doubles(a.position.cpu()), doubles(b.position), tolerance, "position");
}

}  // namespace

class TestCuda : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    if (!built_with_cuda())
      QSKIP("CUDA was not built: this LibTorch has no CUDA, or nvcc is not installed.");
    if (devices().size() < 2) QSKIP("This machine has no CUDA device.");
  }
  void init() {
    renew_folder();
    change_ = json::object();
    write_phi(path_ / "phi.safetensors");
  }

  void sghmcHasTheBitsOfTheCpu() {
    const torch::NoGradGuard no_grad;
    const SghmcUpdate update{0.03, 4.0, 1.3};
    const torch::Tensor grad = random_tensor(7, {2, 3001}, torch::kFloat, 5.0);
    ChainState gpu = state_of(3001, torch::kCUDA), cpu = state_of(3001, torch::kCPU);
    for (int i = 0; i < 3; ++i) {
      sghmc_update_device(gpu, grad.cuda(), key, update);
      sghmc_update_fused(cpu, grad, key, update);
      ++gpu.step, ++cpu.step;
    }
    QVERIFY(same_bits(gpu.momentum.cpu(), cpu.momentum));
    QVERIFY(same_bits(gpu.position.cpu(), cpu.position));
  }

  void l2eEqualsTheCpu() {
    const torch::NoGradGuard no_grad;
    ParameterLayout layout;
    for (const std::int64_t size : {256, 1, 600, 2144})
      layout.add("b" + std::to_string(size), {size});
    MetaParameters phi;
    const std::vector<double> z = normals(9, phi.size(), 0.3);
    phi.set_flat(std::vector<float>(z.begin(), z.end()));
    const FusedL2e fused(phi);
    const L2eUpdate update{0.05, 100.0, 3.0, 0.2};
    const torch::Tensor grad = random_tensor(7, {2, 3001}, torch::kFloat, 5.0);
    ChainState gpu = state_of(3001, torch::kCUDA), cpu = state_of(3001, torch::kCPU);
    for (int i = 0; i < 3; ++i) {
      l2e_update_device(gpu, grad.cuda(), key, {{&fused.network}, {update}, {100}}, layout);
      l2e_update_fused(cpu, grad, key, fused, update, 100, layout);
      ++gpu.step, ++cpu.step;
    }
    ERGO_OK(states_differ(gpu, cpu, 1e-5));
  }

  void potentialEqualsTheCpu_data() {
    QTest::addColumn<int>("classes");
    QTest::newRow("regression") << 0;
    QTest::newRow("classification") << 3;
  }
  void potentialEqualsTheCpu() {
    QFETCH(int, classes);
    const Posterior posterior = small_posterior(small_data(3, classes), {7, 5}, "silu");
    const auto options = torch::TensorOptions(torch::kFloat);
    const auto gpu = make_batched_potential(posterior, options.device(torch::kCUDA));
    const auto cpu = make_fused_potential(posterior, torch::kFloat);
    const torch::Tensor theta = random_tensor(5, {2, posterior.layout.size()}, torch::kFloat, 0.5);
    const std::vector<std::int64_t> rows = {3, 1, 4, 9, 0, 7};
    for (auto* potential : {gpu.get(), cpu.get()}) potential->bind(rows, 3);
    const Evaluation& e = gpu->evaluate(theta.cuda());
    const torch::Tensor u = e.potential.cpu(), grad = e.grad.cpu();
    const Evaluation& expected = cpu->evaluate(theta);
    ERGO_OK(vectors_differ(doubles(u), doubles(expected.potential), 1e-5, "U"));
    ERGO_OK(vectors_differ(doubles(grad), doubles(expected.grad), 1e-4, "grad"));
  }

  /// Short runs, before rounding has grown; and the same bits twice. With autograd nothing is
  /// captured.
  void runsAsOnTheCpu_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("change");
    for (const char* id : {"sghmc", "csgmcmc", "deep_ensemble", "l2e", "hmc"}) {
      QTest::addRow("%s", id) << id << "{}";
      QTest::addRow("%s, all data", id) << id << R"({"batch_size": 0})";
      QTest::addRow("%s, float64", id) << id << R"({"dtype": "float64"})";
      QTest::addRow("%s, autograd", id) << id << R"({"gradient": "autograd"})";
    }
  }
  void runsAsOnTheCpu() {
    QFETCH(QString, id);
    QFETCH(QString, change);
    change_ = json::parse(change.toStdString());
    const RunResult cpu = run_on("cpu", id.toStdString()), gpu = run_on("cuda", id.toStdString());
    const RunResult again = run_on("cuda:0", id.toStdString());
    QVERIFY(gpu.device == "cuda:0");
    QVERIFY(gpu.reason == "completed");
    QCOMPARE(gpu.samplers[0].draws, cpu.samplers[0].draws);
    QCOMPARE(gpu.samplers[0].gradient_evaluations, cpu.samplers[0].gradient_evaluations);
    QVERIFY(gpu.samplers[0].draws_sha256 == again.samplers[0].draws_sha256);
    ERGO_OK(vectors_differ(*gpu.samplers[0].positions, *cpu.samplers[0].positions, 1e-2, "draws"));
  }

  /// Arms of two network shapes, on the device and one by one on the CPU.
  void aPopulationUnrollsAsOnTheCpu() {
    const RunControl control;
    std::vector<Arm> arms;
    std::vector<double> alone;
    for (std::uint64_t i = 0; i < 6; ++i) {
      FamilyConfig family;
      family.width_min = family.width_max = i % 2 == 0 ? 6 : 9;
      family.points_min = 8, family.points_max = 30;
      Arm arm;
      arm.key = RngKey{99}.fold_in(i);
      arm.task = std::make_shared<const MetaTask>(make_task(family, arm.key));
      L2eDynamicsConfig dynamics;
      dynamics.step_multiplier = 0.002;
      arm.sampler = make_learned_l2e(dynamics);
      const std::vector<double> z = normals(i, arm.sampler->size(), 0.1);
      arm.phi = std::vector<float>(z.begin(), z.end());
      arm.plan = {20 + static_cast<std::int64_t>(i), 8, 4};
      alone.push_back(unroll(arm, control));
      arms.push_back(std::move(arm));
    }
    ERGO_OK(vectors_differ(unroll_population(arms, torch::kCUDA, control), alone, 1e-3, "losses"));
  }

  void theDeviceIsTold() {
    RecordingSink recording;
    RunControl control;
    run(preset_on("cuda", "sghmc"), {}, recording.sink(), control);
    bool told = false;
    for (const auto& message : recording.all<LogMessage>())
      told = told || message.text.starts_with("Device cuda:0: ");
    QVERIFY(told);
  }

  /// Memory that others hold: the run ends with a reason and without a crash.
  void fullDeviceEndsTheRun() {
    std::vector<torch::Tensor> held;
    for (std::int64_t bytes = with_free_memory("cuda:0").free_bytes; bytes > (1 << 12);
         bytes /= 2) {
      try {
        held.push_back(
            torch::empty({bytes}, torch::TensorOptions(torch::kUInt8).device(torch::kCUDA)));
      } catch (const c10::Error&) {
      }
    }
    change_ = {{"model", {{"hidden", {2048, 2048}}}}};  // far more than the pieces that are left
    const RunResult result = run_on("cuda", "l2e");
    QVERIFY(result.cut_short());
    QVERIFY(result.reason == "stopped");
    QVERIFY(!result.warnings.empty());
  }

 private:
  Preset preset_on(const std::string& device, const std::string& id) {
    json document = small_regression();
    document["device"] = device;
    document["batch_size"] = 6;
    document["draws"] = 4;
    const json all = all_samplers();  // a loop over a part of a temporary would outlive it
    for (const json& section : all["samplers"]) {
      if (section["id"] == id) document["samplers"] = json::array({section});
    }
    if (id != "hmc") document["samplers"][0]["chains"] = 4;
    document.merge_patch(change_);
    return save_and_load(path_, "cuda.json", document);
  }

  RunResult run_on(const std::string& device, const std::string& id) {
    RunControl control;
    return run(preset_on(device, id), {}, {}, control);
  }

  json change_ = json::object();
};

QTEST_APPLESS_MAIN(TestCuda)
#include "tst_cuda.moc"
