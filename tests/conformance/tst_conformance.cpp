// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTemporaryDir>
#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "core/registry/factories.h"
#include "core/registry/learned.h"
#include "core/registry/registry.h"
#include "core/samplers/learned_sampler.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

/// What every sampler must do, driven by the registry: a new row is tested without a new line
/// here, except where the row is named as noise-free.
namespace {

constexpr std::int64_t params = 12, total_steps = 24;

bool noisy(const std::string& id) { return id != "deep_ensemble"; }
/// HMC gives itself momentum; beta of L2E need not vanish at r = 0.
bool moves_from_rest(const std::string& id) {
  return id == "hmc" || id == "l2e" || id == "l2e_scalar";
}

const SamplerEntry& entry_of(const QString& id) {
  const SamplerEntry* entry = find_sampler(id.toStdString());
  if (!entry) throw std::out_of_range("no such sampler");
  return *entry;
}

}  // namespace

class TestConformance : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    QVERIFY(folder_.isValid());
    context_.layout = &layout_;
    context_.total_steps = total_steps;
    context_.burn_in = 8;
    context_.data_count = 24;
    context_.folders = {folder_.path().toStdString()};
    layout_.add("weight", {4, 2});
    layout_.add("bias", {4});
    for (const LearnedSamplerRow& row : learned_sampler_rows()) {
      json dynamics = json::object();
      for (const Field& field : row.entry.fields) dynamics[field.name] = field.value;
      const auto learned = row.make(dynamics);
      learned->save(context_.folders.front() / (row.entry.id + ".safetensors"),
                    learned->initial(row.initialisations.front(), RngKey{3}), {});
    }
  }

  void rowIsComplete_data() { samplers(); }
  void rowIsComplete() {
    QFETCH(QString, id);
    const SamplerEntry& entry = entry_of(id);
    QVERIFY(!entry.label.empty() && !entry.doc.empty() && !entry.source.empty());
    std::set<std::string> names;
    for (const Field& field : entry.fields) {
      QVERIFY2(!field.info.doc.empty(), field.name.c_str());
      QVERIFY2(names.insert(field.name).second, field.name.c_str());
      QVERIFY2(violation(field, field.name, field.value).empty(), field.name.c_str());
    }
    QVERIFY(names.contains("chains"));
  }

  void initKeepsThePosition_data() { samplers(); }
  void initKeepsThePosition() {
    QFETCH(QString, id);
    const auto sampler = make(id, section(id));
    const torch::Tensor start = random_tensor(1, {1, params}, torch::kFloat);
    const ChainState state = sampler->init(start.clone(), 6);
    QVERIFY(same_bits(state.position, start));
    QVERIFY(state.momentum.sizes() == start.sizes());
    QCOMPARE(state.momentum.abs().max().item<float>(), 0.0f);
    QCOMPARE(state.step, std::int64_t(0));
    QCOMPARE(state.first_chain, std::int64_t(6));
    QCOMPARE(state.gradient_evaluations, std::int64_t(0));
    for (const torch::Tensor& extra : state.extra) QCOMPARE(extra.size(0), std::int64_t(1));
  }

  void stepsCountAndStayFinite_data() { samplers(); }
  void stepsCountAndStayFinite() {
    QFETCH(QString, id);
    for (const torch::Dtype dtype : {torch::kFloat, torch::kDouble}) {
      const auto sampler = make(id, section(id));
      ChainState state = start_of(*sampler, dtype);
      const torch::Tensor before = state.position.clone();
      walk(*sampler, state, RngKey{1}, total_steps);
      QCOMPARE(state.step, total_steps);
      QVERIFY(state.gradient_evaluations >= total_steps);
      QVERIFY(state.position.scalar_type() == dtype);
      QVERIFY(state.position.sizes() == before.sizes());
      QVERIFY(state.position.isfinite().all().item<bool>());
      QVERIFY(!same_bits(state.position, before));
    }
  }

  /// No force, no noise and no momentum: nothing may move, but for some.
  void restStaysAtRest_data() { samplers(); }
  void restStaysAtRest() {
    QFETCH(QString, id);
    QCOMPARE(rest_moves(id), moves_from_rest(id.toStdString()));
  }

  void keyDecidesTheBits_data() { samplers(); }
  void keyDecidesTheBits() {
    QFETCH(QString, id);
    const auto sampler = make(id, section(id));
    ChainState a = start_of(*sampler), b = start_of(*sampler), c = start_of(*sampler);
    walk(*sampler, a, RngKey{1}, total_steps);
    walk(*sampler, b, RngKey{1}, total_steps);
    walk(*sampler, c, RngKey{2}, total_steps);
    QVERIFY(same_bits(a.position, b.position) && same_bits(a.momentum, b.momentum));
    QCOMPARE(same_bits(a.position, c.position), !noisy(id.toStdString()));
  }

  /// The chain number is part of the stream: two chains from one place part.
  void chainNumberDecidesTheBits_data() { samplers(); }
  void chainNumberDecidesTheBits() {
    QFETCH(QString, id);
    const auto sampler = make(id, section(id));
    ChainState a = start_of(*sampler), b = start_of(*sampler);
    b.first_chain = 1;
    walk(*sampler, a, RngKey{1}, total_steps);
    walk(*sampler, b, RngKey{1}, total_steps);
    QCOMPARE(same_bits(a.position, b.position), !noisy(id.toStdString()));
  }

  /// Everything that the next transition needs is in the state.
  void copiedStateContinues_data() { samplers(); }
  void copiedStateContinues() {
    QFETCH(QString, id);
    const auto sampler = make(id, section(id));
    ChainState whole = start_of(*sampler);
    walk(*sampler, whole, RngKey{1}, 11);
    ChainState copy = whole;
    copy.position = whole.position.clone();
    copy.momentum = whole.momentum.clone();
    for (torch::Tensor& extra : copy.extra) extra = extra.clone();
    walk(*sampler, whole, RngKey{1}, total_steps - 11);
    const auto again = make(id, section(id));
    walk(*again, copy, RngKey{1}, total_steps - 11);
    QVERIFY(same_bits(whole.position, copy.position));
    QVERIFY(same_bits(whole.momentum, copy.momentum));
    QCOMPARE(copy.gradient_evaluations, whole.gradient_evaluations);
    QVERIFY(again->info(copy) == sampler->info(whole));
  }

  /// A schedule leaves some transitions out and some in, and outlives its sampler.
  void scheduleGivesDraws_data() { samplers(); }
  void scheduleGivesDraws() {
    QFETCH(QString, id);
    const DrawSchedule schedule = make(id, section(id))->draw_schedule();
    if (!schedule) return;
    std::int64_t collected = 0;
    for (std::int64_t t = 1; t <= total_steps; ++t) collected += schedule(t);
    QVERIFY(collected > 0 && collected < total_steps);
  }

  /// What the traits promise is there: who is learned names a file, who is not has a step size.
  void traitsHold_data() { samplers(); }
  void traitsHold() {
    QFETCH(QString, id);
    const SamplerEntry& entry = entry_of(id);
    const auto names_a_file = [](const Field& field) {
      return field.name == "meta_parameters" && field.info.file;
    };
    QCOMPARE(std::any_of(entry.fields.begin(), entry.fields.end(), names_a_file),
             entry.traits.learned);
    QVERIFY(!(entry.traits.reference && entry.traits.ensemble));
  }

  void configSurvivesJson_data() { samplers(); }
  void configSurvivesJson() {
    QFETCH(QString, id);
    json object = section(id);
    for (const Field& field : entry_of(id).fields) {
      if (!object.contains(field.name)) object[field.name] = field.value;
    }
    const json again = json::parse(object.dump());
    QVERIFY(again == object);
    QVERIFY(problems(entry_of(id).fields, without_id(again), "").empty());
    const auto a = make(id, object), b = make(id, again);
    ChainState x = start_of(*a), y = start_of(*b);
    walk(*a, x, RngKey{1}, 5);
    walk(*b, y, RngKey{1}, 5);
    QVERIFY(same_bits(x.position, y.position));
  }

  /// Each bounded field, one step outside either bound, is reported by its name.
  void outOfRangeIsNamed_data() { samplers(); }
  void outOfRangeIsNamed() {
    QFETCH(QString, id);
    int checked = 0;
    for (const Field& field : entry_of(id).fields) {
      for (const json& bad : outside(field)) {
        const auto list = problems(entry_of(id).fields, json{{field.name, bad}}, "x.");
        QVERIFY2(list.size() == 1, (field.name + " " + bad.dump()).c_str());
        QVERIFY(list[0].field == "x." + field.name);
        QVERIFY2(list[0].message.find("'x." + field.name + "'") != std::string::npos,
                 list[0].message.c_str());
        ++checked;
      }
    }
    QVERIFY(checked >= 4);
  }

  void unknownSamplerIsRefused() {
    ERGO_OK(wrong_error(
        [this] {
          make_sampler("sghcm", json{{"id", "sghcm"}}, context_);
        },
        ExitCode::usage, "'sghcm'", "'sghmc'"));
  }

 private:
  static void samplers() {
    QTest::addColumn<QString>("id");
    for (const SamplerEntry& entry : sampler_entries()) {
      QTest::newRow(entry.id.c_str()) << QString::fromStdString(entry.id);
    }
  }

  /// Defaults, with a step that moves within the few transitions of these tests.
  static json section(const QString& id) {
    json object = {{"id", id.toStdString()}};
    if (entry_of(id).traits.learned)
      object["meta_parameters"] = id.toStdString() + ".safetensors";
    else
      object["step_size"] = 0.05;
    if (id == QStringLiteral("hmc")) object["trajectory_length"] = 0.3;
    return object;
  }

  static json without_id(json object) {
    object.erase("id");
    return object;
  }

  std::unique_ptr<Sampler> make(const QString& id, const json& object) const {
    return make_sampler(id.toStdString(), object, context_);
  }

  static torch::Tensor precision() {
    std::vector<double> p(params);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = 1.0 + static_cast<double>(i % 3);
    return diagonal(p);
  }

  static ChainState start_of(const Sampler& sampler, torch::Dtype dtype = torch::kFloat) {
    return sampler.init(random_tensor(1, {1, params}, dtype), 0);
  }

  void walk(const Sampler& sampler, ChainState& state, RngKey key, std::int64_t steps) const {
    const torch::NoGradGuard no_grad;
    QuadraticPotential potential(precision(), layout_, 24);
    for (std::int64_t t = 0; t < steps; ++t) sampler.step(key, state, potential);
  }

  bool rest_moves(const QString& id) const {
    const torch::NoGradGuard no_grad;
    json object = section(id);
    for (const Field& field : entry_of(id).fields) {
      if (field.name == "temperature" || field.name == "noise_multiplier") object[field.name] = 0.0;
    }
    const auto sampler = make(id, object);
    QuadraticPotential flat(torch::zeros({params, params}, torch::kDouble), layout_, 24);
    ChainState state = start_of(*sampler);
    const torch::Tensor before = state.position.clone();
    for (int t = 0; t < 5; ++t) sampler->step(RngKey{1}, state, flat);
    return !same_bits(state.position, before);
  }

  static std::vector<json> outside(const Field& field) {
    std::vector<json> bad;
    if (field.type == FieldType::choice) bad.push_back("no such choice");
    if (field.type == FieldType::real || field.type == FieldType::integer) {
      bad.push_back("text");
      const bool whole = field.type == FieldType::integer;
      const auto add = [&](double x) { bad.push_back(whole ? json(std::llround(x)) : json(x)); };
      if (std::isfinite(field.info.min)) add(field.info.min - 1.0);
      if (field.info.open_min) add(field.info.min);
      if (std::isfinite(field.info.max))
        add(field.info.max + std::max(1.0, std::abs(field.info.max)));
    }
    return bad;
  }

  QTemporaryDir folder_;
  ParameterLayout layout_;
  SamplerContext context_;
};

QTEST_GUILESS_MAIN(TestConformance)
#include "tst_conformance.moc"
