// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numbers>

#include "core/io/atomic_file.h"
#include "core/io/result_folder.h"
#include "core/io/safetensors.h"
#include "core/io/sha256.h"
#include "core/likelihoods/predictions.h"
#include "core/presets/store.h"
#include "core/run/reference.h"
#include "core/run/run.h"
#include "core/run/summary.h"
#include "core/run/text_table.h"
#include "core/samplers/meta_parameters.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

RunResult run_with(const Preset& preset, std::uint64_t seed = 1) {
  RunControl control;
  RunOptions options;
  options.seed = seed;
  options.workers = 1;
  return run(preset, options, {}, control);
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

json sghmc(json more = json::object()) {
  json section = {{"id", "sghmc"}, {"step_size", 0.002}};
  section.merge_patch(more);
  return section;
}

json with_reference() {
  json document = small_regression();
  document["samplers"].push_back({{"id", "hmc"},
                                  {"chains", 4},
                                  {"steps", 30},
                                  {"burn_in", 10},
                                  {"step_size", 0.01},
                                  {"trajectory_length", 0.05}});
  document["reference_file"] = "ref.safetensors";
  return document;
}

/// 30 random images of three classes, and four chains of HMC.
json small_classes(const fs::path& folder) {
  write_image_set(folder / "set", 5, 30, 4);
  json document = with_reference();
  document["data"] = {{"source", "idx"},
                      {"train_images", "set/images-idx3-ubyte"},
                      {"train_labels", "set/labels-idx1-ubyte"},
                      {"classes", 3},
                      {"test_size", 8},
                      {"validation_size", 4}};
  document["batch_size"] = 0;
  document["save_predictions"] = true;
  document.erase("posterior");
  return document;
}

/// [points, classes] of log probabilities [draws, points, classes].
std::vector<double> mean_probability(const Predictions& all) {
  std::vector<double> p(static_cast<std::size_t>(all.rows * all.outputs), 0.0);
  for (std::size_t i = 0; i < all.values.size(); ++i)
    p[i % p.size()] += std::exp(all.values[i]) / static_cast<double>(all.draws);
  return p;
}

bool mentions(const RunResult& result, const std::string& text) {
  return std::any_of(result.warnings.begin(), result.warnings.end(),
                     [&text](const auto& w) { return w.find(text) != std::string::npos; });
}

}  // namespace

class TestRunFiles : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_phi(path_ / "phi.safetensors");
  }

  void keptSteps_data() {
    QTest::addColumn<QString>("section");
    QTest::addColumn<int>("draws");
    QTest::addColumn<int>("chains");
    QTest::addColumn<int>("burn_in");
    QTest::addColumn<int>("thin");
    const auto row = [](const char* name, const json& section, int draws, int chains, int burn_in,
                        int thin) {
      QTest::newRow(name) << QString::fromStdString(section.dump()) << draws << chains << burn_in
                          << thin;
    };
    row("half is burn-in", sghmc(), 4, 1, 40, 10);
    row("own burn-in", sghmc({{"burn_in", 20}}), 4, 1, 20, 15);
    row("surplus left out", sghmc({{"burn_in", 0}}), 3, 1, 2, 26);
    row("two chains", sghmc({{"chains", 2}}), 4, 2, 20, 10);
    row("own length", sghmc({{"steps", 10}, {"burn_in", 6}}), 4, 1, 6, 1);
  }
  /// draws = K, kept where t > burn_in and (t - burn_in) mod thin = 0; the last one is at the end.
  void keptSteps() {
    QFETCH(QString, section);
    QFETCH(int, draws);
    QFETCH(int, chains);
    QFETCH(int, burn_in);
    QFETCH(int, thin);
    json document = small_regression();
    document["draws"] = draws;
    document["samplers"] = json::array({json::parse(section.toStdString())});
    const RunResult result = run_with(save(document));
    const SamplerResult& s = result.samplers[0];
    QCOMPARE(s.draws, std::int64_t(draws));
    QCOMPARE(s.drawing_chains, std::int64_t(chains));
    QCOMPARE(s.thin, std::int64_t(thin));
    if (burn_in != 2) {
      QCOMPARE(s.burn_in, std::int64_t(burn_in));
      return;
    }
    const std::int64_t steps = 80;  // 80 = burn_in + 3 * 26 + rest, the rest before or behind
    QVERIFY(s.burn_in + 3 * s.thin <= steps && s.burn_in + 4 * s.thin > steps);
  }

  void tooFewTransitionsAreRefused() {
    json document = small_regression();
    document["draws"] = 60;
    ERGO_OK(
        wrong_error([&] { run_with(save(document)); }, ExitCode::config, "'sghmc'", "40", "60"));
    document["draws"] = 4;
    document["samplers"] = json::array({sghmc({{"chains", 3}})});
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::config,
                        "'gradient_evaluations' is 80", "3"));
    document["gradient_evaluations"] = 81;
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::config, "'draws' is 4", "3"));
  }

  /// More points in a minibatch than there are: all of them, with the draws of batch_size 0.
  void tooLargeBatchesAreAllData() {
    json document = small_regression();
    const RunResult all = run_with(save(document));
    QVERIFY(all.notes.empty() && !to_json(all).contains("notes"));
    document["batch_size"] = 25;
    const RunResult result = run_with(save(document));
    QCOMPARE(result.samplers[0].draws_sha256, all.samplers[0].draws_sha256);
    QCOMPARE(result.notes.size(), std::size_t{1});
    QVERIFY(has(result.notes[0], "'batch_size' is 25") && has(result.notes[0], "24 training"));
    QCOMPARE(to_json(result).at("notes").size(), std::size_t{1});
  }

  void noiseFarFromTheTargetsIsWarnedOf() {
    json document = small_regression();
    QVERIFY(run_with(save(document)).warnings.empty());
    document["posterior"]["noise_sd"] = 1e-6;
    const RunResult narrow = run_with(save(document));
    QVERIFY(!narrow.warnings.empty() && has(narrow.warnings[0], "'posterior.noise_sd' is 1e-06"));
    QVERIFY(has(narrow.warnings[0], "far narrower"));
    document["posterior"]["noise_sd"] = 1e6;
    QVERIFY(has(run_with(save(document)).warnings.at(0), "far wider"));
  }

  void float64Runs() {
    json document = all_samplers();
    document["dtype"] = "float64";
    const RunResult wide = run_with(save(document));
    document["dtype"] = "float32";
    const RunResult narrow = run_with(save(document));
    for (std::size_t s = 0; s < 5; ++s) {
      const SamplerResult& a = wide.samplers[s];
      QVERIFY(a.positions_f64 && !narrow.samplers[s].positions_f64);
      QVERIFY(a.draws_sha256 != narrow.samplers[s].draws_sha256);
      if (a.id == "hmc") continue;  // one decision at the edge may part the chains
      ERGO_OK(vectors_differ(*narrow.samplers[s].positions, *a.positions_f64, 1e-3, a.id));
    }
  }

  /// The plain gradient gives the draws of the fused one to float32 accuracy.
  void autogradAgreesWithFused() {
    json document = small_regression();
    const RunResult fused = run_with(save(document));
    document["gradient"] = "autograd";
    const RunResult plain = run_with(save(document));
    ERGO_OK(vectors_differ(*plain.samplers[0].positions, *fused.samplers[0].positions, 1e-3));
  }

  /// The measures again, from what predictions.npz holds: written out as FORMAT.md states them.
  void predictionsHoldTheMeasures() {
    json document = small_regression();
    QVERIFY(run_with(save(document)).test.rows.empty());
    document["save_predictions"] = true;
    document["data"]["standardise"] = true;
    const RunResult result = run_with(save(document));
    const SamplerResult& sampler = result.samplers[0];
    const Predictions& p = *sampler.predictions;
    QVERIFY(p.draws == 4 && p.rows == 20 && p.outputs == 1 && p.noise_sd.size() == 4);
    const std::vector<double>& y = result.test.targets;
    QVERIFY(y.size() == 20 && result.test.rows.size() == 20 && result.test.rows[7] == 7);
    double squares = 0.0, nll = 0.0;
    for (std::size_t i = 0; i < 20; ++i) {
      double mean = 0.0, density = 0.0;
      for (std::size_t k = 0; k < 4; ++k) {
        const double f = p.values[20 * k + i], sd = p.noise_sd[k], z = (y[i] - f) / sd;
        QVERIFY(std::abs(sd - 0.1) < 1e-12);
        mean += f / 4;
        density += std::exp(-0.5 * z * z) / (sd * std::sqrt(2 * std::numbers::pi)) / 4;
      }
      squares += (y[i] - mean) * (y[i] - mean) / 20;
      nll -= std::log(density) / 20;
    }
    ERGO_OK(differs(std::sqrt(squares), sampler.metrics.at("rmse"), 1e-12));
    ERGO_OK(differs(nll, sampler.metrics.at("nll"), 1e-10));
    archive(result, path_ / "out", {});
    const std::string npz = io::read_file(path_ / "out/predictions.npz", limit);
    for (const char* name : {"rows.npy", "targets.npy", "sghmc.outputs.npy", "sghmc.noise_sd.npy",
                             "'shape': (4, 20, 1, )", "'shape': (4, 1, 1, )"}) {
      QVERIFY2(has(npz, name), name);
    }
    const std::string bands = io::read_file(path_ / "out/bands.csv", limit);
    QVERIFY(has(bands, fmt::format("\ntrain,{},{},,,,,,\n", result.curve.train_x[0],
                                   result.curve.train_y[0])
                           .c_str()));
    document["draw_limit_mib"] = 1;
    document["data"]["test_size"] = 40000;
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::config,
                        "draws and predictions would take"));
    document["save_predictions"] = false;
    QVERIFY(run_with(save(document)).samplers[0].draws == 4);
  }

  void figuresInTables() {
    QCOMPARE(figure(0.12345), std::string("0.1235"));
    QCOMPARE(figure(0.000123456), std::string("1.235e-04"));
    QCOMPARE(figure(-4.2e18), std::string("-4.200e+18"));
    QCOMPARE(figure(0.0), std::string("0.0000"));
    QCOMPARE(figure(std::numeric_limits<double>::quiet_NaN()), std::string("-"));
    QCOMPARE(text_table({{"a", "long name"}, {"a very long id", "1"}}),
             std::string("a               long name\na very long id          1\n"));
  }

  void archiveIsComplete() {
    const RunResult result = run_with(save(all_samplers()));
    archive(result, path_ / "out", {false, true});
    json stored = json::parse(io::read_file(path_ / "out/result.json", limit));
    QVERIFY(io::incomplete(path_ / "out").empty());
    stored.erase("files");
    QVERIFY(stored == to_json(result));
    QVERIFY(stored["seed"] == "1");
    const json manifest = json::parse(io::read_file(path_ / "out/manifest.json", limit));
    QVERIFY(manifest["seed"] == "1" && manifest["build_id"].get<std::string>().size() >= 16);
    QVERIFY(manifest["files_sha256"] ==
            json({{"l2e.meta_parameters",
                   io::sha256_hex(io::read_file(path_ / "phi.safetensors", limit))}}));
    for (const char* key :
         {"ergoscope", "stream_version", "data_sha256", "libtorch", "instruction_set"}) {
      QVERIFY2(manifest.contains(key), key);
    }
    QVERIFY(fs::exists(path_ / "out/metrics.csv") && fs::exists(path_ / "out/bands.csv"));
    for (const SamplerResult& s : result.samplers) {
      const auto file = io::load_safetensors(path_ / "out" / (s.id + ".safetensors"));
      const io::Array* weight = file.find("layers.0.weight");
      QVERIFY(weight);
      QVERIFY(weight->shape ==
              (std::vector<std::int64_t>{s.draws_per_chain, s.drawing_chains, 6, 1}));
      QVERIFY(weight->floats()[0] == (*s.positions)[0]);
      QVERIFY(file.metadata.at("draws_sha256") == s.draws_sha256);
    }
    // The resolved preset repeats the run from its own folder: it names files absolutely.
    const RunResult again = run_with(load_preset((path_ / "out/preset.json").string()));
    for (std::size_t s = 0; s < 5; ++s) {
      QVERIFY(again.samplers[s].draws_sha256 == result.samplers[s].draws_sha256);
    }
  }

  /// Files are named absolutely in the resolved preset; other text is left alone, even where a
  /// file happens to have that name.
  void resolvedPresetNamesFiles() {
    write_text(path_ / "1", "named like data.seed");
    const json resolved = run_with(save(all_samplers())).resolved_preset;
    QVERIFY(resolved["samplers"][3]["meta_parameters"] == (path_ / "phi.safetensors").string());
    QVERIFY(resolved["data"].value("seed", std::string("1")) == "1");
  }

  void draws_sha256IsOfTheFloats() {
    const RunResult result = run_with(save(small_regression()));
    const auto& floats = *result.samplers[0].positions;
    const std::string_view bytes(reinterpret_cast<const char*>(floats.data()), floats.size() * 4);
    QVERIFY(io::sha256_hex(bytes) == result.samplers[0].draws_sha256);
  }

  /// Saved positions start another run: one tensor per block, [chains, ...].
  void initialPositionsFromAFile() {
    json document = small_regression();
    document["draws"] = 1;
    document["samplers"] = json::array({sghmc({{"temperature", 0}, {"steps", 30}})});
    const RunResult first = run_with(save(document));
    archive(first, path_ / "out", {false, true});
    io::SafeTensors file = io::load_safetensors(path_ / "out/sghmc.safetensors");
    for (io::Array& array : file.arrays) array.shape.erase(array.shape.begin());  // one draw
    io::save_safetensors(path_ / "start.safetensors", file);
    document["initial_positions"] = "start.safetensors";
    document["samplers"] = json::array(
        {sghmc({{"temperature", 0}, {"steps", 1}, {"burn_in", 0}, {"step_size", 1e-12}})});
    const RunResult second = run_with(save(document));
    ERGO_OK(vectors_differ(*second.samplers[0].positions, *first.samplers[0].positions, 1e-6));
    QVERIFY(run_with(save(document), 9).samplers[0].draws == 1);
  }

  void wrongPositionFilesAreRefused() {
    json document = small_regression();
    document["initial_positions"] = "start.safetensors";
    const auto attempt = [&] { run_with(save(document)); };
    ERGO_OK(wrong_error(attempt, ExitCode::no_input, "start.safetensors"));
    io::SafeTensors file;
    file.arrays.push_back(io::from_floats("layers.0.weight", {1, 5, 1}, std::vector<float>(5)));
    io::save_safetensors(path_ / "start.safetensors", file);
    ERGO_OK(wrong_error(attempt, ExitCode::data, "start.safetensors", "'layers.0.weight'",
                        "[chains, 6, 1]", "[1, 5, 1]"));
    file.arrays[0] = io::from_floats("layers.0.weight", {1, 6, 1}, std::vector<float>(6));
    io::save_safetensors(path_ / "start.safetensors", file);
    ERGO_OK(wrong_error(attempt, ExitCode::data, "'layers.0.bias' is missing"));
  }

  /// ReLU turns a NaN into 0, so that positions go on finite where the momentum is not.
  void momentumBelongsToTheDivergence() {
    MetaParameters phi = load_meta_parameters(path_ / "phi.safetensors");
    phi.alpha_multiplier = 1e12;
    phi.weights.b2[0] = 3e38f;
    save_meta_parameters(path_ / "phi.safetensors", phi);
    json document = small_regression();
    document["samplers"] = json::array({{{"id", "l2e"}, {"meta_parameters", "phi.safetensors"}}});
    const RunResult result = run_with(save(document));
    QVERIFY(result.samplers[0].status == "diverged");
    QVERIFY2(result.samplers[0].divergences[0].reason == "the momentum is not finite",
             result.samplers[0].divergences[0].reason.c_str());
    QCOMPARE(result.samplers[0].draws, std::int64_t(0));
    document["samplers"][0]["alpha_multiplier"] = 1e308;
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::config,
                        "'l2e.alpha_multiplier'", "<= 1000000000000"));
  }

  void filesOfNumbersAreFinite() {
    std::vector<float> values(6, 0.0f);
    values[2] = std::nanf("");
    io::SafeTensors file;
    file.arrays.push_back(io::from_floats("layers.0.weight", {1, 6, 1}, values));
    io::save_safetensors(path_ / "start.safetensors", file);
    json document = small_regression();
    document["initial_positions"] = "start.safetensors";
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::data, "start.safetensors",
                        "'layers.0.weight' is nan"));
    io::write_file(path_ / "ref.safetensors",
                   serialise_reference({1, 1, 1, {std::nan("")}, {{"hash", "x"}}}));
    document = with_reference();
    document["reference"] = "stored";
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::data, "ref.safetensors",
                        "'f' is nan"));
  }

  void referenceIsMadeStoredAndChecked() {
    json document = with_reference();
    document["reference"] = "recompute";
    const RunResult made = run_with(save(document));
    QVERIFY(made.reference_draws);
    QCOMPARE(made.reference_draws->chains, std::int64_t(4));
    QCOMPARE(made.reference_draws->draws, std::int64_t(20));
    QVERIFY(std::isfinite(made.samplers[0].metrics.at("wasserstein_to_reference")));
    archive(made, path_ / "out", {false, false});
    fs::copy(path_ / "out/reference.safetensors", path_ / "ref.safetensors");

    document["reference"] = "stored";
    const RunResult stored = run_with(save(document));
    QCOMPARE(stored.samplers.size(), std::size_t(1));  // HMC is not run again
    QVERIFY2(stored.warnings.empty(), stored.warnings.empty() ? "" : stored.warnings[0].c_str());
    for (const char* name : {"wasserstein_to_reference", "reference_self_distance"}) {
      ERGO_OK(differs(stored.samplers[0].metrics.at(name), made.samplers[0].metrics.at(name), 1e-5,
                      name));
    }
    document["posterior"]["weight_prior"] = 1.5;
    const RunResult other = run_with(save(document));
    QVERIFY(mentions(other, "another model, data or prior"));
    QVERIFY(!other.samplers[0].metrics.contains("wasserstein_to_reference"));
    fs::remove(path_ / "ref.safetensors");
    QVERIFY(mentions(run_with(save(document)), "'ref.safetensors' does not exist"));
  }

  /// HMC's class probabilities, chain by chain, made and stored; computed again from predictions.
  void classesHaveAReferenceToo() {
    json document = small_classes(path_);
    document["reference"] = "recompute";
    const RunResult made = run_with(save(document));
    const Reference& reference = *made.reference_draws;
    QCOMPARE(reference.chains, std::int64_t(4));
    QCOMPARE(reference.classes, std::int64_t(3));
    const SamplerResult &sghmc = made.samplers[0], &hmc = made.samplers[1];
    const std::vector<double> ours = mean_probability(*sghmc.predictions),
                              theirs = mean_probability(*hmc.predictions);
    double same = 0.0, distance = 0.0;
    for (std::size_t i = 0; i < ours.size(); i += 3) {
      const auto top = [i](const std::vector<double>& p) {
        return std::max_element(p.begin() + static_cast<std::ptrdiff_t>(i),
                                p.begin() + static_cast<std::ptrdiff_t>(i + 3)) -
               p.begin();
      };
      same += top(ours) == top(theirs) ? 1.0 : 0.0;
      for (std::size_t c = i; c < i + 3; ++c) distance += 0.5 * std::abs(ours[c] - theirs[c]);
    }
    const double points = static_cast<double>(ours.size()) / 3.0;
    ERGO_OK(differs(sghmc.metrics.at("agreement_with_reference"), same / points, 1e-12));
    ERGO_OK(differs(sghmc.metrics.at("tv_to_reference"), distance / points, 1e-6));
    QVERIFY(distance > 0.0);
    const double self = sghmc.metrics.at("reference_self_tv");
    QVERIFY(self > 0.0 && self < 1.0);
    QVERIFY(!hmc.metrics.contains("tv_to_reference"));
    QCOMPARE(made.agreement.size(), std::size_t(1));
    ERGO_OK(differs(made.agreement[0].measures.at("total_variation"), distance / points, 1e-6));

    archive(made, path_ / "out", {false, false});
    QVERIFY(io::read_file(path_ / "out/agreement.csv", 10000)
                .starts_with("sampler,other,measure,value\nsghmc,hmc,top1_agreement,"));
    fs::copy(path_ / "out/reference.safetensors", path_ / "ref.safetensors");
    document["reference"] = "stored";
    const RunResult stored = run_with(save(document));
    for (const char* name : {"agreement_with_reference", "reference_self_agreement",
                             "tv_to_reference", "reference_self_tv"}) {
      ERGO_OK(differs(stored.samplers[0].metrics.at(name), sghmc.metrics.at(name), 1e-5, name));
    }
    document["data"]["test_size"] = 7;
    QVERIFY(mentions(run_with(save(document)), "another model, data or prior"));
  }

  /// Of curves W1, between any two samplers and in JSON.
  void curvesOfTwoSamplersAreCompared() {
    json document = small_regression();
    document["samplers"].push_back({{"id", "sgld"}, {"step_size", 1e-5}});
    const RunResult result = run_with(save(document));
    QCOMPARE(result.agreement.size(), std::size_t(1));
    QVERIFY(result.agreement[0].first == "sghmc" && result.agreement[0].second == "sgld");
    QVERIFY(result.agreement[0].measures.at("wasserstein") > 0.0);
    const json row = to_json(result)["agreement"][0];
    QVERIFY(row["samplers"] == json({"sghmc", "sgld"}));
    QVERIFY(row["wasserstein"] == result.agreement[0].measures.at("wasserstein"));
    QVERIFY(table(result).find("Between the predictives") != std::string::npos);
  }

  void brokenReferenceIsRefused() {
    json document = with_reference();
    document["reference"] = "stored";
    write_text(path_ / "ref.safetensors", "not a tensor");
    ERGO_OK(wrong_error([&] { run_with(save(document)); }, ExitCode::data, "ref.safetensors"));
  }

  /// One chain has no R-hat: the file has no number for it, and not the 0 of max(0, NaN).
  void undefinedRhatIsLeftOut() {
    Reference reference{2, 4, 2, {1, 8, 2, 7, 3, 6, 4, 5, 2, 6, 4, 8, 1, 5, 3, 7}, {}};
    QVERIFY(worst_rhat(reference) > 0.5);
    reference.f[5] = undefined;  // at one of the two points of the grid
    QVERIFY(std::isnan(worst_rhat(reference)));
    json document = with_reference();
    document["reference"] = "recompute";
    const RunResult four = run_with(save(document));
    QVERIFY(four.reference_draws->metadata.contains("rhat_max"));
    document["samplers"].back()["chains"] = 1;
    const RunResult one = run_with(save(document));
    QVERIFY(one.reference_draws->metadata.contains("acceptance"));
    QVERIFY(!one.reference_draws->metadata.contains("rhat_max"));
  }

  void referenceThinning() {
    Reference reference{2, 4, 1, {1, 2, 3, 4, 5, 6, 7, 8}, {}};
    QVERIFY(thinned(reference, 2).f == (std::vector<double>{2, 4, 6, 8}));
    QVERIFY(thinned(reference, 9).f == reference.f);
    ERGO_OK(differs(reference.self_agreement().at("wasserstein"), 4.0, 1e-14));
    reference.chains = 1;
    reference.f.resize(4);
    QVERIFY(reference.self_agreement().empty());
  }

  /// Mean and standard error over seeds, by hand.
  void summaryOverSeeds() {
    const Preset preset = save(small_regression());
    const std::vector<RunResult> results = {run_with(preset, 1), run_with(preset, 2),
                                            run_with(preset, 3)};
    const json summary = summarise(results);
    QVERIFY(summary["seeds"] == json({"1", "2", "3"}));
    std::vector<double> nll;
    for (const RunResult& r : results) nll.push_back(r.samplers[0].metrics.at("nll"));
    const json& shown = summary["samplers"][0]["metrics"]["nll"];
    ERGO_OK(differs(shown["mean"].get<double>(), mean_of(nll), 1e-12));
    ERGO_OK(differs(shown["standard_error"].get<double>(), sd_of(nll) / std::sqrt(2.0), 1e-9));
    QVERIFY(shown["n"] == 3);
    QVERIFY(summarise({results[0]})["samplers"][0]["metrics"]["nll"]["standard_error"].is_null());
  }

 private:
  Preset save(const json& document) { return save_and_load(path_, "p.json", document); }
};

QTEST_GUILESS_MAIN(TestRunFiles)
#include "tst_run_files.moc"
