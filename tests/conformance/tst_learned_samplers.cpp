// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <algorithm>
#include <filesystem>
#include <set>

#include "core/registry/factories.h"
#include "core/registry/learned.h"
#include "core/samplers/learned_sampler.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

/// What every learned sampler must do, driven by the table: a new row is tested without a new line
/// here.
namespace {

constexpr std::int64_t params = 12, data_count = 24;

const LearnedSamplerRow& row_of(const QString& id) { return learned_sampler_row(id.toStdString()); }

json defaults(const std::vector<Field>& fields) {
  json object = json::object();
  for (const Field& field : fields) object[field.name] = field.value;
  return object;
}

bool needs_derivatives(const LearnedSamplerRow& row) {
  return std::count(row.trainers.begin(), row.trainers.end(), "truncated_backprop") > 0;
}

}  // namespace

class TestLearnedSamplers : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    layout_.add("weight", {4, 2});
    layout_.add("bias", {4});
    context_.layout = &layout_;
    context_.total_steps = 40;
    context_.data_count = data_count;
    context_.folders = {folder_.path().toStdString()};
  }

  void rowIsComplete_data() { rows(); }
  void rowIsComplete() {
    QFETCH(QString, id);
    const LearnedSamplerRow& row = row_of(id);
    std::set<std::string> samplers, trainers;
    for (const RegistryEntry& entry : sampler_entries()) samplers.insert(entry.id);
    for (const RegistryEntry& entry : trainer_entries()) trainers.insert(entry.id);
    QVERIFY(samplers.contains(row.entry.id));
    QVERIFY(!row.initialisations.empty() && !row.trainers.empty());
    for (const std::string& trainer : row.trainers)
      QVERIFY2(trainers.contains(trainer), trainer.c_str());
    for (const Field& field : row.entry.fields) {
      QVERIFY2(!field.info.doc.empty(), field.name.c_str());
      QVERIFY2(violation(field, field.name, field.value).empty(), field.name.c_str());
    }
  }

  void startsDependOnTheKeyAlone_data() { rows(); }
  void startsDependOnTheKeyAlone() {
    QFETCH(QString, id);
    const LearnedSamplerRow& row = row_of(id);
    const auto sampler = row.make(defaults(row.entry.fields));
    std::set<std::vector<float>> seen;
    for (const std::string& name : row.initialisations) {
      const std::vector<float> phi = sampler->initial(name, RngKey{3});
      QCOMPARE(phi.size(), sampler->size());
      QVERIFY(phi == sampler->initial(name, RngKey{3}));
      QVERIFY(seen.insert(phi).second);
      QVERIFY(seen.insert(sampler->initial(name, RngKey{4})).second);
      QVERIFY(std::all_of(phi.begin(), phi.end(), [](float x) { return std::isfinite(x); }));
    }
  }

  /// The file is what the sampler's section of a preset names, and it holds all that decides a
  /// step.
  void fileMakesTheSameSampler_data() { rows(); }
  void fileMakesTheSameSampler() {
    QFETCH(QString, id);
    const LearnedSamplerRow& row = row_of(id);
    const torch::NoGradGuard no_grad;
    const auto sampler = row.make(defaults(row.entry.fields));
    const std::vector<float> phi = sampler->initial(row.initialisations.front(), RngKey{5});
    const std::filesystem::path file =
        std::filesystem::path(folder_.path().toStdString()) / "phi.safetensors";
    sampler->save(file, phi, {{"origin", "test"}});
    const LoadedParameters loaded = row.load(file);
    QVERIFY(loaded.phi == phi);
    const auto named =
        make_sampler(row.entry.id, {{"meta_parameters", "phi.safetensors"}}, context_);
    const torch::Tensor expected = moved(*sampler->make(phi, context_));
    QVERIFY(same_bits(moved(*loaded.sampler->make(loaded.phi, context_)), expected));
    QVERIFY(same_bits(moved(*named), expected));
    std::vector<float> other = phi;
    for (float& number : other) number += 0.5f;
    QVERIFY(!same_bits(moved(*sampler->make(other, context_)), expected));
  }

  /// The transition that a gradient goes through is the transition that the sampler makes.
  void differentiableStepHasTheNumbersOfAStep_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("choice");
    for (const LearnedSamplerRow& row : learned_sampler_rows()) {
      const QString id = QString::fromStdString(row.entry.id);
      QTest::addRow("%s", row.entry.id.c_str()) << id << QString() << QString();
      for (const Field& field : row.entry.fields) {
        for (const std::string& choice : field.info.choices)
          QTest::addRow("%s, %s %s", row.entry.id.c_str(), field.name.c_str(), choice.c_str())
              << id << QString::fromStdString(field.name) << QString::fromStdString(choice);
      }
    }
  }
  void differentiableStepHasTheNumbersOfAStep() {
    QFETCH(QString, id);
    QFETCH(QString, field);
    QFETCH(QString, choice);
    const LearnedSamplerRow& row = row_of(id);
    if (!needs_derivatives(row)) return;
    json dynamics = defaults(row.entry.fields);
    if (!field.isEmpty()) dynamics[field.toStdString()] = choice.toStdString();
    const auto learned = row.make(dynamics);
    const std::vector<float> phi = learned->initial(row.initialisations.front(), RngKey{5});
    const auto sampler = learned->make(phi, context_);
    QuadraticPotential potential(precision(), layout_, data_count);
    const torch::Tensor start = random_tensor(8, {2, params}, torch::kDouble);
    ChainState state = sampler->init(start.clone(), 3), next = sampler->init(start.clone(), 3);
    const torch::Tensor leaf = torch::tensor(phi).to(torch::kDouble).requires_grad_(true);
    for (int t = 0; t < 10; ++t) {
      {
        const torch::NoGradGuard no_grad;
        sampler->step(key, state, potential);
      }
      next = learned->differentiable_step(leaf, key, next, potential, context_);
      ERGO_OK(vectors_differ(doubles(next.position.detach()), doubles(state.position), 1e-12));
      ERGO_OK(vectors_differ(doubles(next.momentum.detach()), doubles(state.momentum), 1e-12));
      QCOMPARE(next.step, state.step);
      QCOMPARE(next.gradient_evaluations, state.gradient_evaluations);
    }
    const torch::Tensor gradient = torch::autograd::grad({next.position.sum()}, {leaf})[0];
    QVERIFY(gradient.isfinite().all().item<bool>());
    QVERIFY(gradient.abs().max().item<double>() > 0.0);
  }

 private:
  static constexpr RngKey key{17};

  static void rows() {
    QTest::addColumn<QString>("id");
    for (const LearnedSamplerRow& row : learned_sampler_rows()) {
      QTest::newRow(row.entry.id.c_str()) << QString::fromStdString(row.entry.id);
    }
  }

  static torch::Tensor precision() {
    std::vector<double> p(params);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = 1.0 + static_cast<double>(i % 5);
    return diagonal(p);
  }

  /// The position after a few transitions.
  torch::Tensor moved(const Sampler& sampler) const {
    QuadraticPotential potential(precision(), layout_, data_count);
    ChainState state = sampler.init(random_tensor(8, {1, params}, torch::kFloat), 0);
    for (int t = 0; t < 5; ++t) sampler.step(key, state, potential);
    return state.position;
  }

  QTemporaryDir folder_;
  ParameterLayout layout_;
  SamplerContext context_;
};

QTEST_GUILESS_MAIN(TestLearnedSamplers)
#include "tst_learned_samplers.moc"
