// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <filesystem>

#include "core/io/safetensors.h"
#include "core/run/run.h"
#include "tests/support/check.h"
#include "tests/support/plain_math.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

/// A whole run in float64, every transition kept, against loops written from the formulas alone.
namespace {

constexpr std::int64_t steps = 100;

PlainMlp network() { return {{1, 5, 4, 1}, "tanh"}; }

json replay_document(const json& sampler) {
  json document = small_regression();
  document["gradient_evaluations"] = steps;
  document["draws"] = steps;
  document["burn_in_fraction"] = 0.0;
  document["dtype"] = "float64";
  document["initial_positions"] = "start.safetensors";
  document["model"] = {{"hidden", {5, 4}}, {"activation", "tanh"}};
  document["samplers"] = json::array({sampler});
  return document;
}

Vector start_position() { return normals(71, network().size(), 0.5); }

void write_start(const fs::path& file) {
  const Vector start = start_position();
  io::SafeTensors archive;
  const PlainMlp net = network();
  auto at = start.begin();
  const auto put = [&](const std::string& name, std::vector<std::int64_t> shape, std::size_t size) {
    const auto count = static_cast<std::ptrdiff_t>(size);
    archive.arrays.push_back(io::from_doubles(name, std::move(shape), {at, at + count}));
    at += count;
  };
  const auto sizes = net.block_sizes();
  for (std::size_t l = 0; l < net.layers(); ++l) {
    const std::string layer = fmt::format("layers.{}", l);
    put(layer + ".weight", {1, net.widths[l + 1], net.widths[l]}, sizes[2 * l]);
    put(layer + ".bias", {1, net.widths[l + 1]}, sizes[2 * l + 1]);
  }
  io::save_safetensors(file, archive);
}

/// The posterior of the preset on the training points that the run reports.
PlainPosterior posterior_of(const RunResult& result) {
  PlainPosterior posterior;
  posterior.network = network();
  for (const double x : result.curve.train_x) posterior.x.push_back({x});
  posterior.y = result.curve.train_y;
  posterior.noise_sd = 0.1;
  posterior.weight_prior = 2.0;
  posterior.bias_prior = 1.0;
  return posterior;
}

/// Runs the preset and compares all states with those that `advance(grad, state)` makes.
template <class Advance>
std::string replays(const Preset& preset, Advance advance) {
  RunControl control;
  const RunResult result = run(preset, {}, {}, control);
  const SamplerResult& sampler = result.samplers[0];
  if (sampler.status != "done") return fmt::format("the sampler is {}", sampler.status);
  if (sampler.draws != steps || sampler.thin != 1) return "not every state is kept";
  const PlainPosterior posterior = posterior_of(result);
  if (posterior.x.size() != 24) return "the run does not report its training data";
  PlainState state(start_position());
  double moved = 0.0;
  for (std::int64_t t = 0; t < steps; ++t) {
    Vector grad;
    posterior.potential(state.theta, &grad);
    advance(grad, state);
    const auto at = sampler.positions_f64->begin() + t * result.parameters;
    const Vector saved(at, at + result.parameters);
    auto p = vectors_differ(saved, state.theta, 1e-6, fmt::format("step {}", t + 1));
    if (!p.empty()) return p;
    for (std::size_t i = 0; i < saved.size(); ++i) {
      moved = std::max(moved, std::abs(saved[i] - start_position()[i]));
    }
  }
  return moved > 1e-3 ? "" : "the chain hardly moved";
}

}  // namespace

class TestReplay : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    path_ = fs::path(folder_.path().toStdString());
    write_start(path_ / "start.safetensors");
  }

  void l2e_data() {
    QTest::addColumn<QString>("phi");
    write_phi(path_ / "a.safetensors", {.seed = 1, .step_multiplier = 0.002, .data_size = 24});
    write_phi(path_ / "b.safetensors",
              {.seed = 2, .friction = 0.5, .step_multiplier = 0.5, .data_size = 50000});
    QTest::newRow("random") << QString::fromStdString((path_ / "a.safetensors").string());
    QTest::newRow("foreign size") << QString::fromStdString((path_ / "b.safetensors").string());
    if (qEnvironmentVariableIsSet("ERGOSCOPE_OFFICIAL_PHI")) {
      QTest::newRow("published") << qEnvironmentVariable("ERGOSCOPE_OFFICIAL_PHI");
    }
  }
  void l2e() {
    QFETCH(QString, phi);
    const fs::path file = phi.toStdString();
    const PlainL2e plain = PlainL2e::read(file);
    const json section = {
        {"id", "l2e"}, {"meta_parameters", fs::absolute(file).string()}, {"noise_multiplier", 0.0}};
    const auto blocks = network().block_sizes();
    ERGO_OK(replays(
        save_and_load(path_, "p.json", replay_document(section)),
        [&](const Vector& grad, PlainState& state) { plain.step(blocks, 24.0, grad, {}, state); }));
  }

  void sghmcWithoutTemperature() {
    const json section = {
        {"id", "sghmc"}, {"step_size", 0.004}, {"friction", 7.0}, {"temperature", 0.0}};
    ERGO_OK(replays(save_and_load(path_, "p.json", replay_document(section)),
                    [](const Vector& grad, PlainState& state) {
                      plain_sghmc(0.004, 7.0, 0.0, grad, {}, state);
                    }));
  }

 private:
  QTemporaryDir folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestReplay)
#include "tst_replay.moc"
