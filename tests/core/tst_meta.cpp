// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <thread>

#include "core/io/atomic_file.h"
#include "core/io/safetensors.h"
#include "core/io/sha256.h"
#include "core/meta/meta.h"
#include "core/samplers/meta_parameters.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"
#include "tests/support/recording_sink.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = 1 << 24;

std::string state_of(const fs::path& file) { return file.string() + ".state.safetensors"; }

MetaOptions options_of(std::uint64_t seed, int workers = 0, bool force = false) {
  MetaOptions options;
  options.seed = seed;
  options.workers = workers;
  options.force = force;
  return options;
}

/// Changes of small_meta() for a trainer.
json trainer_change(const QString& trainer) {
  if (trainer == QStringLiteral("es")) return json::object();
  if (trainer == QStringLiteral("stein_kl"))
    return {{"trainer", "stein_kl"},
            {"sampler", "meta_sgmcmc"},
            {"dynamics",
             {{"alpha_multiplier", nullptr},
              {"beta_multiplier", nullptr},
              {"step_multiplier", 2e-4},
              {"hidden", 4}}},
            {"stein_kl", {{"window", 4}, {"keep_every", 2}, {"chains", 3}, {"averaging", 0.5}}}};
  return {{"trainer", trainer.toStdString()},
          {"dynamics", {{"hidden", {5, 6}}}},
          {trainer.toStdString(), {{"window", 4}, {"averaging", 0.5}}}};
}

int most_workers() { return std::thread::hardware_concurrency() >= 2 ? 2 : 1; }

}  // namespace

class TestMeta : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void trainingWritesItsFiles() {
    RecordingSink recording;
    const MetaResult result = train("a.safetensors", {}, &recording);
    QVERIFY(result.reason == "completed");
    QCOMPARE(result.iterations, std::int64_t(6));
    QVERIFY(std::isfinite(result.best_score));
    const MetaParameters phi = load_meta_parameters(path_ / "a.safetensors");
    const std::vector<float> flat = phi.flat();
    QVERIFY(io::sha256_hex({reinterpret_cast<const char*>(flat.data()), flat.size() * 4}) ==
            result.phi_sha256);
    QCOMPARE(phi.alpha_multiplier, 0.1);
    QCOMPARE(phi.data_size, 0.0);  // the n of each task
    for (const char* key : {"draws", "unroll_steps", "preset", "seed", "score"}) {
      QVERIFY2(phi.metadata.contains(key), key);
    }
    QVERIFY(fs::exists(state_of(path_ / "a.safetensors")));
    const std::string log = io::read_file(path_ / "a.safetensors.log.csv", limit);
    QCOMPARE(std::count(log.begin(), log.end(), '\n'), std::ptrdiff_t(7));
    const auto iterations = recording.all<MetaIteration>();
    QCOMPARE(iterations.size(), std::size_t(6));
    for (std::size_t i = 0; i < 6; ++i) {
      QCOMPARE(iterations[i].iteration, static_cast<std::int64_t>(i + 1));
      QCOMPARE(std::isnan(iterations[i].score), (i + 1) % 2 != 0);
      QVERIFY(iterations[i].gradient_norm > 0.0);
      QVERIFY(std::isfinite(iterations[i].meta_loss));
    }
    ERGO_OK(differs(iterations[0].smoothed, iterations[0].meta_loss, 1e-12));
    QCOMPARE(iterations.back().best_score, result.best_score);
    QVERIFY(std::holds_alternative<RunFinished>(recording.events().back()));
    QCOMPARE(recording.overlaps(), 0);
    const json shown = to_json(result);
    QVERIFY(shown["iterations"] == 6 && shown["best_score"] == result.best_score);
  }

  void phiDependsOnTheSeedAlone_data() {
    QTest::addColumn<QString>("trainer");
    for (const char* trainer : {"es", "truncated_backprop", "stein_kl"})
      QTest::newRow(trainer) << QString::fromLatin1(trainer);
  }
  void phiDependsOnTheSeedAlone() {
    QFETCH(QString, trainer);
    const json change = trainer_change(trainer);
    const auto train_with = [&](const char* out, const MetaOptions& options) {
      return train(out, options, nullptr, nullptr, change);
    };
    const MetaResult one = train_with("a.safetensors", options_of(0, 1));
    const MetaResult two = train_with("b.safetensors", options_of(0, most_workers()));
    QVERIFY(one.phi_sha256 == two.phi_sha256);
    QCOMPARE(one.best_score, two.best_score);
    QVERIFY(last_phi("a.safetensors") == last_phi("b.safetensors"));
    train_with("c.safetensors", options_of(77));
    QVERIFY(last_phi("a.safetensors") != last_phi("c.safetensors"));
    train_with("d.safetensors", options_of(5));  // the preset's own seed
    QVERIFY(last_phi("a.safetensors") == last_phi("d.safetensors"));
  }

  void resumeEqualsAnUninterruptedRun_data() {
    QTest::addColumn<int>("stop_after");
    QTest::addColumn<QString>("trainer");
    for (const int n : {0, 1, 2, 3, 5}) QTest::addRow("es %d", n) << n << QStringLiteral("es");
    for (const char* trainer : {"truncated_backprop", "stein_kl"})
      QTest::newRow(trainer) << 3 << QString::fromLatin1(trainer);
  }
  void resumeEqualsAnUninterruptedRun() {
    QFETCH(int, stop_after);
    QFETCH(QString, trainer);
    const json change = trainer_change(trainer);
    const MetaResult whole = train("whole.safetensors", {}, nullptr, nullptr, change);
    RecordingSink recording;
    RunControl control;
    if (stop_after == 0) control.stop();  // within the validation before the first iteration
    recording.on_event = [&](const RunEvent& event) {
      const auto* it = std::get_if<MetaIteration>(&event);
      if (it && it->iteration == stop_after) control.stop();
    };
    const MetaResult part = train("part.safetensors", {}, &recording, &control, change);
    QVERIFY(part.reason == "stopped");
    QCOMPARE(part.iterations, static_cast<std::int64_t>(stop_after));
    QVERIFY(fs::exists(path_ / "part.safetensors"));  // the best so far is kept
    MetaOptions options;
    options.resume = state_of(path_ / "part.safetensors");
    QVERIFY(state_tensor("part.safetensors", "mean_phi") != last_phi("part.safetensors") ||
            stop_after == 0);
    const MetaResult rest = train("part.safetensors", options, nullptr, nullptr, change);
    QCOMPARE(rest.iterations, std::int64_t(6));
    QVERIFY(rest.phi_sha256 == whole.phi_sha256);
    QCOMPARE(rest.best_score, whole.best_score);
    QVERIFY(io::read_file(state_of(path_ / "part.safetensors"), limit) ==
            io::read_file(state_of(path_ / "whole.safetensors"), limit));
    QVERIFY(io::read_file(path_ / "part.safetensors.log.csv", limit) ==
            io::read_file(path_ / "whole.safetensors.log.csv", limit));
  }

  void aTrainingMayStartFromAFile() {
    write_phi(path_ / "start.safetensors", {.first = 5, .second = 6});
    const json change = {{"dynamics", {{"hidden", {5, 6}}}}};
    RunControl stopped;
    stopped.stop();
    MetaOptions options;
    options.start = path_ / "start.safetensors";
    train("a.safetensors", options, nullptr, &stopped, change);
    QVERIFY(last_phi("a.safetensors") == load_meta_parameters(options.start).flat());
    train("b.safetensors", options, nullptr, nullptr, change);
    train("c.safetensors", {}, nullptr, nullptr, change);
    QVERIFY(last_phi("b.safetensors") != last_phi("c.safetensors"));
    QCOMPARE(load_meta_parameters(path_ / "b.safetensors").alpha_multiplier, 0.1);  // the preset's
    ERGO_OK(wrong_error([&] { train("d.safetensors", options); }, ExitCode::data,
                        "start.safetensors", "holds 100 numbers", "has 1442"));
    options.resume = state_of(path_ / "b.safetensors");
    ERGO_OK(wrong_error([&] { train("b.safetensors", options, nullptr, nullptr, change); },
                        ExitCode::usage, "--start", "--resume"));
  }

  void wrongResumesAreRefused() {
    train("a.safetensors");
    const auto resume = [this](const fs::path& file, json change) {
      return [this, file, change] {
        MetaOptions options;
        options.resume = file;
        train("b.safetensors", options, nullptr, nullptr, change);
      };
    };
    const fs::path state = state_of(path_ / "a.safetensors");
    ERGO_OK(wrong_error(resume(path_ / "a.safetensors", {}), ExitCode::data, "a.safetensors",
                        ".state.safetensors file"));
    ERGO_OK(wrong_error(resume(state, {{"pairs", 3}}), ExitCode::data, "other settings"));
    ERGO_OK(wrong_error(resume(state, {{"seed", "6"}}), ExitCode::data, "other settings"));
    ERGO_OK(wrong_error(resume(state, {{"dynamics", {{"hidden", {8, 8}}}}}), ExitCode::data,
                        "other settings"));
    ERGO_OK(wrong_error(
        resume(state, {{"trainer", "truncated_backprop"}, {"truncated_backprop", {{"window", 4}}}}),
        ExitCode::data, "other settings"));
    ERGO_OK(wrong_error(resume(path_ / "none", {}), ExitCode::no_input, "none"));
    QVERIFY(!fs::exists(path_ / "b.safetensors"));
  }

  /// The hash of schema 2 covered every field: those files still resume, with the same settings.
  void stateWithTheFormerHashResumes() {
    train("a.safetensors");
    json former = json::parse(R"([
      {"iterations": 1000, "pairs": 4, "steps_min": 400, "steps_max": 1200, "draws": 10,
       "burn_in_fraction": 0.5, "validate_every": 25, "validation_tasks": 32, "seed": "1"},
      {"functions": "sine", "points_min": 20, "points_max": 120, "noise_min": 0.1,
       "noise_max": 0.3, "amplitude_min": 0.5, "amplitude_max": 1.5, "frequency_min": 0.3,
       "frequency_max": 1.0, "gap_min": 0.0, "gap_max": 0.8, "width_min": 10, "width_max": 40,
       "depth_min": 1, "depth_max": 3, "weight_prior": 2.0, "bias_prior": 1.0,
       "validation_points": 64},
      {"sigma": 0.01, "learning_rate": 0.01, "final_learning_rate": 0.001, "clip_norm": 1.0,
       "difference": "clipped", "clip": 1.0, "reset_moments": false, "averaging": 0.0,
       "initialisation": "kinetic"},
      {"step_multiplier": 0.5, "noise_multiplier": 0.001, "friction": 0.1,
       "alpha_multiplier": 0.001, "beta_multiplier": 0.001, "noise_form": "paper"}])");
    const json document = small_meta();
    for (const auto& [key, value] : former[0].items()) value = document.value(key, value);
    former[1].merge_patch(document["family"]);
    former[2].merge_patch(document["es"]);
    former[3].merge_patch(document["dynamics"]);
    const fs::path state = state_of(path_ / "a.safetensors");
    io::SafeTensors archive = io::load_safetensors(state);
    archive.metadata["preset_hash"] = io::sha256_hex(former.dump() + "|5");
    io::save_safetensors(state, archive);
    MetaOptions options;
    options.resume = state;
    QCOMPARE(train("b.safetensors", options).iterations, std::int64_t{6});
    ERGO_OK(wrong_error(
        [&] {
          train("c.safetensors", options, nullptr, nullptr, {{"pairs", 3}});
        },
        ExitCode::data, "other settings"));
  }

  /// Nothing that a training cannot have written is resumed, whatever the checksums say.
  void brokenStates_data() {
    QTest::addColumn<QString>("damage");
    QTest::addColumn<QString>("says");
    QTest::newRow("iteration NaN") << "iteration=nan"
                                   << "'iteration' is 'nan'";
    QTest::newRow("iteration -5") << "iteration=-5"
                                  << "'iteration' is '-5'";
    QTest::newRow("iteration 4") << "iteration=4"
                                 << "row an iteration";
    QTest::newRow("Adam") << "adam_steps=7"
                          << "'adam_steps'";
    QTest::newRow("average") << "average=inf"
                             << "'average' is inf";
    for (const char* name : {"phi", "mean_phi", "best_phi", "adam.m", "adam.v"})
      QTest::newRow(name) << name << QStringLiteral("'%1' is nan").arg(name);
  }
  void brokenStates() {
    QFETCH(QString, damage);
    QFETCH(QString, says);
    train("a.safetensors");
    MetaOptions options;
    options.resume = state_of(path_ / "a.safetensors");
    io::SafeTensors state = io::load_safetensors(options.resume);
    if (damage.contains('=')) {
      state.metadata[damage.section('=', 0, 0).toStdString()] =
          damage.section('=', 1).toStdString();
    } else {
      for (io::Array& array : state.arrays) {
        if (array.name != damage.toStdString()) continue;
        std::vector<double> values = array.doubles();
        values[7] = std::nan("");
        array = io::from_doubles(array.name, array.shape, values);
      }
    }
    io::save_safetensors(options.resume, state);
    ERGO_OK(wrong_error([&] { train("b.safetensors", options); }, ExitCode::data,
                        "a.safetensors.state.safetensors", says.toStdString()));
  }

  void damagedStatesAreRefused() {
    train("a.safetensors");
    MetaOptions options;
    options.resume = state_of(path_ / "a.safetensors");
    std::string bytes = io::read_file(options.resume, limit);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_text(options.resume, bytes);
    ERGO_OK(wrong_error([&] { train("b.safetensors", options); }, ExitCode::data, "SHA-256"));
  }

  /// With every arm lost the gradient is 0: a training must not end as if it had learned.
  void aTrainingWithoutALivingArmFails_data() {
    QTest::addColumn<int>("iterations");
    QTest::newRow("short") << 3;
    QTest::newRow("long") << 1000;
  }
  void aTrainingWithoutALivingArmFails() {
    QFETCH(int, iterations);
    const json change = {{"iterations", iterations},
                         {"family", {{"weight_prior", 1e-6}}},
                         {"dynamics", {{"step_multiplier", 1e12}, {"beta_multiplier", 1e12}}}};
    ERGO_OK(wrong_error([&] { train("a.safetensors", {}, nullptr, nullptr, change); },
                        ExitCode::internal, "Every chain of the last", "diverged"));
    QVERIFY(fs::exists(state_of(path_ / "a.safetensors")));
  }

  void outputsAreProtected() {
    train("a.safetensors");
    const std::string before = io::read_file(path_ / "a.safetensors", limit);
    ERGO_OK(wrong_error([this] { train("a.safetensors", options_of(9)); }, ExitCode::cannot_create,
                        "a.safetensors", "--force"));
    QVERIFY(io::read_file(path_ / "a.safetensors", limit) == before);
    train("a.safetensors", options_of(9, 0, true));
    QVERIFY(io::read_file(path_ / "a.safetensors", limit) != before);
    ERGO_OK(wrong_error([this] { train("no/such/a.safetensors"); }, ExitCode::cannot_create,
                        "existing folder"));
  }

  void presetsAreChecked() {
    const auto with = [this](json change) {
      return [this, change] { train("a.safetensors", {}, nullptr, nullptr, change); };
    };
    ERGO_OK(wrong_error(with({{"steps_min", 30}}), ExitCode::config, "'steps_min' is 30",
                        "'steps_max' = 25"));
    ERGO_OK(wrong_error(with({{"family", {{"width_min", 9}}}}), ExitCode::config,
                        "'family.width_min'"));
    ERGO_OK(wrong_error(with({{"seed", "-1"}}), ExitCode::config, "'seed'", "'-1'"));
    ERGO_OK(wrong_error(with({{"es", {{"sigma", 0}}}}), ExitCode::config, "'es.sigma'", "> 0"));
    ERGO_OK(wrong_error(with({{"draws", 100}}), ExitCode::config, "100"));
    ERGO_OK(
        wrong_error(with({{"sampler", "hmc"}}), ExitCode::config, "'sampler'", "\"hmc\"", "l2e"));
    ERGO_OK(wrong_error(with({{"trainer", "sgd"}}), ExitCode::config, "'trainer'", "\"sgd\"",
                        "es, truncated_backprop"));
    ERGO_OK(wrong_error(with({{"es", {{"initialisation", "warm"}}}}), ExitCode::config,
                        "'es.initialisation'", "kinetic, descent, random"));
    ERGO_OK(wrong_error(with({{"truncated_backprop", {{"window", 0}}}}), ExitCode::config,
                        "'truncated_backprop.window'", ">= 1"));  // also where it has no effect
    const auto window = [](int length) {
      return json{{"trainer", "truncated_backprop"}, {"truncated_backprop", {{"window", length}}}};
    };
    ERGO_OK(wrong_error(with(window(1)), ExitCode::config, "'truncated_backprop.window' is 1",
                        ">= 'draws' = 2"));
    ERGO_OK(
        wrong_error(with(window(9)), ExitCode::config, "'truncated_backprop.window' is 9", "<= 8"));
    ERGO_OK(wrong_error(with({{"dynamics", {{"hidden", {8, 8, 8}}}}}), ExitCode::config,
                        "'dynamics.hidden' is 8,8,8", "two widths"));
    ERGO_OK(wrong_error(with({{"dynamics", {{"hidden", {8, 257}}}}}), ExitCode::config,
                        "'dynamics.hidden'", "<= 256"));
    ERGO_OK(wrong_error(with({{"dynamics", {{"hidden", {1, 8}}}}}), ExitCode::config,
                        "'dynamics.hidden' is 1,8", "'kinetic'", "two units"));
    RunControl control;
    MetaOptions options;
    options.out = path_ / "a.safetensors";
    const Preset compare = save_and_load(path_, "p.json", small_regression());
    ERGO_OK(wrong_error([&] { meta_train(compare, options, {}, control); }, ExitCode::usage, "'p'",
                        "compare"));
  }

  /// The average of the iterates, worked out from trainings of every length; phi itself does not
  /// notice.
  void averagingKeepsTheMean() {
    const auto change = [](double averaging, int iterations) {
      return json{{"iterations", iterations},
                  {"es", {{"averaging", averaging}, {"final_learning_rate", 0.01}}}};
    };
    RunControl stopped;
    stopped.stop();
    train("start.safetensors", {}, nullptr, &stopped, change(0.0, 1));
    std::vector<float> mean = last_phi("start.safetensors");
    for (int k = 1; k <= 3; ++k) {
      const std::string name = std::to_string(k) + ".safetensors";
      train(name, {}, nullptr, nullptr, change(0.0, k));
      const std::vector<float> phi = last_phi(name);
      QVERIFY(state_tensor(name, "mean_phi") == phi);
      for (std::size_t i = 0; i < phi.size(); ++i) mean[i] = 0.75f * mean[i] + 0.25f * phi[i];
    }
    train("mean.safetensors", {}, nullptr, nullptr, change(0.75, 3));
    ERGO_OK(vectors_differ(state_tensor("mean.safetensors", "mean_phi"), mean, 1e-6));
    QVERIFY(last_phi("mean.safetensors") == last_phi("3.safetensors"));
  }

  void evaluationHasItsShape() {
    write_phi(path_ / "phi.safetensors", {.step_multiplier = 0.001});
    const Preset preset = save_and_load(path_, "m.json", small_meta());
    RunControl control;
    const json one = evaluate_meta(path_ / "phi.safetensors", preset, 1, {}, control);
    const json two = evaluate_meta(path_ / "phi.safetensors", preset, most_workers(), {}, control);
    QVERIFY(one == two);
    QCOMPARE(one["families"].size(), std::size_t(4));
    for (const json& family : one["families"]) {
      QVERIFY(family["tasks"] == 3);
      QCOMPARE(family["samplers"].size(), std::size_t(4));
      for (const json& s : family["samplers"]) {
        QVERIFY(s["excess_nll"].is_number() || s["diverged"] > 0);
        if (s["id"] == "l2e") continue;
        const double step_size = s["setting"]["step_size"].get<double>();
        QVERIFY(step_size == 0.001 || step_size == 0.004);
        const double temperature = s["setting"]["temperature"].get<double>();
        QVERIFY(temperature == 1.0 || temperature == 2.0);
      }
    }
    const std::string text = evaluation_table(one);
    for (const char* name :
         {"sine", "polynomial", "gp", "gap", "l2e", "sghmc", "csgmcmc", "sgnht"}) {
      QVERIFY2(text.find(name) != std::string::npos, name);
    }
  }

  void parametersSurviveTheirFile() {
    write_phi(path_ / "a.safetensors", {.data_size = 50000});
    MetaParameters phi = load_meta_parameters(path_ / "a.safetensors");
    QVERIFY(phi.noise_form == NoiseForm::official);
    QCOMPARE(phi.data_size, 50000.0);
    phi.metadata["origin"] = "test";
    save_meta_parameters(path_ / "b.safetensors", phi);
    const MetaParameters again = load_meta_parameters(path_ / "b.safetensors");
    QVERIFY(again.flat() == phi.flat());
    QVERIFY(again.noise_form == phi.noise_form);
    QVERIFY(again.metadata.at("origin") == "test");
    QCOMPARE(again.step_multiplier, phi.step_multiplier);
    MetaParameters other;
    other.set_flat(phi.flat());
    QVERIFY(other.weights.w1 == phi.weights.w1 && other.weights.b2 == phi.weights.b2);
  }

  /// A file without `hidden` is 32,32; a training with other widths says so in its file.
  void widthsAreInTheFile() {
    write_phi(path_ / "old.safetensors");
    QVERIFY(!io::load_safetensors(path_ / "old.safetensors").metadata.contains("hidden"));
    const MetaParameters old = load_meta_parameters(path_ / "old.safetensors");
    QVERIFY(old.weights.hidden == L2eWidths{});
    QCOMPARE(old.size(), std::size_t(1442));
    train("a.safetensors", {}, nullptr, nullptr, {{"dynamics", {{"hidden", {16, 4}}}}});
    QVERIFY(io::load_safetensors(path_ / "a.safetensors").metadata.at("hidden") == "16,4");
    const MetaParameters small = load_meta_parameters(path_ / "a.safetensors");
    QVERIFY((small.weights.hidden == L2eWidths{16, 4}));
    QCOMPARE(small.size(), std::size_t(16 * 9 + 16 + 4 * 16 + 4 + 2 * 4 + 2));
    QCOMPARE(last_phi("a.safetensors").size(), small.size());
  }

  /// A training that only makes things worse keeps its start, or its end where the preset says so.
  void lastParametersAreKeptWhereAskedFor() {
    const auto kept = [this](const char* keep) {
      train("a.safetensors", {}, nullptr, nullptr,
            {{"keep", keep}, {"es", {{"learning_rate", 10.0}, {"averaging", 0.0}}}});
      const auto metadata = io::load_safetensors(path_ / "a.safetensors").metadata;
      std::filesystem::remove(path_ / "a.safetensors");
      return std::pair(metadata.at("best_iteration"), metadata.at("iterations"));
    };
    const auto best = kept("best"), last = kept("last");
    QVERIFY2(best.first == "0", best.first.c_str());
    QVERIFY2(last.first == last.second, last.first.c_str());
    QVERIFY(last.second != "0");
  }

  void brokenParameterFiles_data() {
    QTest::addColumn<QString>("damage");
    QTest::addColumn<QStringList>("says");
    QTest::newRow("missing tensor") << "drop" << QStringList{"'layers.1.bias' is missing"};
    QTest::newRow("wrong shape") << "shape"
                                 << QStringList{"'layers.0.weight'", "[32, 9]", "[9, 32]"};
    QTest::newRow("wrong type") << "type" << QStringList{"'layers.2.bias'", "F32", "I64"};
    QTest::newRow("no number") << "friction=0,1" << QStringList{"'friction'", "'0,1'", "a number"};
    QTest::newRow("infinite") << "step_multiplier=inf" << QStringList{"'step_multiplier'"};
    QTest::newRow("negative") << "friction=-5" << QStringList{"'friction'", "'-5'", ">= 0"};
    QTest::newRow("too large") << "alpha_multiplier=1e308"
                               << QStringList{"'1e308'", "<= 1000000000000"};
    QTest::newRow("NaN") << "nan" << QStringList{"'layers.1.weight'", "nan", "finite"};
    QTest::newRow("noise form") << "noise_form=loud" << QStringList{"'loud'", "paper or official"};
    QTest::newRow("schedule") << "schedule=linear" << QStringList{"'linear'", "constant or cosine"};
    QTest::newRow("widths that the tensors do not have")
        << "hidden=16,32" << QStringList{"'layers.0.weight'", "[16, 9]", "[32, 9]"};
    QTest::newRow("one width") << "hidden=32" << QStringList{"hidden is '32'", "32,32"};
    QTest::newRow("too wide") << "hidden=32,257" << QStringList{"hidden is '32,257'", "1 to 256"};
    QTest::newRow("no widths") << "hidden=a,b" << QStringList{"hidden is 'a,b'"};
    QTest::newRow("of another sampler")
        << "sampler=meta_sgmcmc" << QStringList{"'meta_sgmcmc'", "not of l2e"};
    QTest::newRow("features") << "features=grad" << QStringList{"'features' is 'grad'"};
  }
  void brokenParameterFiles() {
    QFETCH(QString, damage);
    QFETCH(QStringList, says);
    const fs::path file = path_ / "phi.safetensors";
    write_phi(file);
    io::SafeTensors archive = io::load_safetensors(file);
    if (damage == QStringLiteral("drop"))
      archive.arrays.erase(archive.arrays.begin() + 3);
    else if (damage == QStringLiteral("shape"))
      archive.arrays[0].shape = {9, 32};
    else if (damage == QStringLiteral("type"))
      archive.arrays[5] = io::from_integers("layers.2.bias", {2}, {0, 0});
    else if (damage == QStringLiteral("nan"))
      archive.arrays[2] =
          io::from_floats("layers.1.weight", {32, 32}, std::vector<float>(1024, std::nanf("")));
    else
      archive.metadata[damage.section('=', 0, 0).toStdString()] =
          damage.section('=', 1).toStdString();
    io::save_safetensors(file, archive);
    for (const QString& text : says) {
      ERGO_OK(wrong_error([&file] { load_meta_parameters(file); }, ExitCode::data,
                          "phi.safetensors", text.toStdString()));
    }
  }

  /// As PyTorch and JAX users write them: other widths, wrapped names, more tensors.
  void foreignParameterFiles() {
    const fs::path file = path_ / "phi.safetensors";
    write_phi(file);
    const MetaParameters phi = load_meta_parameters(file);
    QVERIFY(phi.warnings.empty());
    io::SafeTensors archive = io::load_safetensors(file);
    for (io::Array& array : archive.arrays) {
      array = io::from_doubles("_orig_mod.module." + array.name, array.shape, array.doubles());
    }
    io::save_safetensors(file, archive);
    MetaParameters wide = load_meta_parameters(file);
    QVERIFY(wide.flat() == phi.flat());
    QCOMPARE(wide.warnings.size(), std::size_t{1});
    QVERIFY(wide.warnings[0].find("'_orig_mod.module....'") != std::string::npos);
    write_phi(file);
    archive = io::load_safetensors(file);
    archive.arrays.push_back(io::from_floats("epoch", {}, {3}));
    archive.arrays.push_back({"mask", "BOOL", {1}, std::string(1, '\1')});
    io::save_safetensors(file, archive);
    wide = load_meta_parameters(file);
    QVERIFY(wide.flat() == phi.flat());
    QCOMPARE(wide.warnings.size(), std::size_t{1});
    QVERIFY(wide.warnings[0].find("mask (BOOL), epoch") != std::string::npos);
  }

  void missingParameterFile() {
    ERGO_OK(wrong_error([this] { load_meta_parameters(path_ / "none.safetensors"); },
                        ExitCode::no_input, "none.safetensors"));
  }

 private:
  MetaResult train(const std::string& out, MetaOptions options = {},
                   RecordingSink* recording = nullptr, RunControl* control = nullptr,
                   const json& change = json::object()) {
    json document = small_meta();
    if (!change.is_null()) document.merge_patch(change);
    options.out = path_ / out;
    RunControl own;
    return meta_train(save_and_load(path_, "m.json", document), options,
                      recording ? recording->sink() : EventSink(), control ? *control : own);
  }

  /// phi after the last iteration, not the best one.
  std::vector<float> last_phi(const std::string& out) { return state_tensor(out, "phi"); }

  std::vector<float> state_tensor(const std::string& out, const char* name) {
    return io::load_safetensors(state_of(path_ / out)).find(name)->floats();
  }
};

QTEST_GUILESS_MAIN(TestMeta)
#include "tst_meta.moc"
