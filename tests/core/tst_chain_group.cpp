// SPDX-License-Identifier: GPL-3.0-or-later
// A group of several chains against the same chains alone, on the CPU: what a device relies on.
#include <new>

#include "core/base/torch.h"
#include "core/run/chain_group.h"
#include "core/run/chain_record.h"
#include "core/run/shared_chains.h"
#include "core/run/usable_chains.h"
#include "core/samplers/sghmc.h"
#include "tests/support/folder_test.h"
#include "tests/support/potentials.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

constexpr std::int64_t count = 3;

/// Three chains of one sampler, moved in groups of `size`.
struct Fleet {
  std::vector<std::unique_ptr<Chain>> chains;
  std::vector<std::unique_ptr<ChainGroup>> groups;

  Fleet(const Experiment& experiment, std::int64_t size, std::size_t look_every = 1,
        torch::Tensor given = {}) {
    const SamplerPlan& plan = experiment.samplers.front();
    for (std::int64_t c = 0; c < count; ++c)
      chains.push_back(std::make_unique<Chain>(experiment, plan, 0, c));
    for (std::int64_t c = 0; c < count; c += size) {
      std::vector<Chain*> rows;
      for (std::int64_t k = c; k < c + size; ++k)
        rows.push_back(chains[static_cast<std::size_t>(k)].get());
      groups.push_back(std::make_unique<ChainGroup>(
          experiment, plan, rows, 5, given.defined() ? given.slice(0, c, c + size) : given));
      groups.back()->look_every(look_every);
    }
  }

  void run() {
    const RunControl control;
    for (auto& group : groups) {
      while (!group->finished()) group->advance(control, 0.01);
    }
  }
};

/// Empty when every chain of both has the same draws, bit for bit, trace and counts.
std::string differs(Fleet& a, Fleet& b) {
  for (std::size_t c = 0; c < a.chains.size(); ++c) {
    Chain &x = *a.chains[c], &y = *b.chains[c];
    const auto p = x.draws(), q = y.draws();
    const std::string who = "chain " + std::to_string(c) + ": ";
    if (p.size() != q.size())
      return who + std::to_string(p.size()) + " and " + std::to_string(q.size()) + " draws";
    for (std::size_t d = 0; d < p.size(); ++d) {
      if (!same_bits(p[d], q[d])) return who + "draw " + std::to_string(d);
    }
    if (x.gradient_evaluations() != y.gradient_evaluations()) return who + "evaluations";
    if (x.snapshots(0).size() != y.snapshots(0).size()) return who + "snapshots";
    if (x.values() != y.values()) return who + "record of f";
    if (x.curve_positions().size() != y.curve_positions().size()) return who + "curve";
    for (std::size_t i = 0; i < x.curve_positions().size(); ++i) {
      if (!same_bits(x.curve_positions()[i].position, y.curve_positions()[i].position))
        return who + "curve " + std::to_string(i);
    }
    const auto &s = x.take_trace().points, &t = y.take_trace().points;
    if (s.size() != t.size()) return who + "length of the trace";
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (s[i].potential != t[i].potential || s[i].collecting != t[i].collecting)
        return who + "trace " + std::to_string(i);
    }
  }
  return {};
}

/// SGHMC to which something happens at one transition.
class Interrupted final : public Sampler {
 public:
  Interrupted(std::shared_ptr<const Sampler> inner, std::int64_t at, std::function<void()> what)
      : inner_(std::move(inner)), at_(at), what_(std::move(what)) {}
  TransitionInfo step(RngKey key, ChainState& state, Potential& potential) const override {
    if (state.step + 1 == at_) what_();
    return inner_->step(key, state, potential);
  }

 private:
  std::shared_ptr<const Sampler> inner_;
  std::int64_t at_;
  std::function<void()> what_;
};

std::vector<Chain*> pointers(const Fleet& fleet) {
  std::vector<Chain*> list;
  for (const auto& chain : fleet.chains) list.push_back(chain.get());
  return list;
}

void add_draws(Chain& chain, int draws) {
  for (int d = 0; d < draws; ++d) chain.add_draw(d + 1, torch::full({2}, static_cast<double>(d)));
}

/// A job of which this process moves the first group; the others' records are at hand.
class FirstOfSeveral final : public TaskShare {
 public:
  std::vector<std::string> records;  ///< of all groups
  std::vector<std::string> heard;    ///< what the others say meanwhile
  std::function<void()> meanwhile;   ///< after it was heard
  std::string said;

  Results results(std::size_t, const Task& task, const Pulse& pulse) override {
    if (!pulse.hear) return {task({0}), false};  // the others begin where this one stands
    for (const std::string& text : heard) pulse.hear(text);
    meanwhile();
    Results all{records, false};
    all.bytes[0] = task({0}).front();
    said = pulse.say();
    return all;
  }
  void together(const std::function<void()>&) override {}
  bool stopped() override { return false; }
  void commit(const std::function<void()>&) override {}
  bool lowest() const override { return true; }
  int processes() const override { return count; }
  void finish() override {}
};

}  // namespace

class TestChainGroup : public QObject, protected FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() {
    renew_folder();
    write_phi(path_ / "phi.safetensors");
  }

  void rowsMoveAsTheyDoAlone_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<int>("batch");
    QTest::addColumn<QString>("dtype");
    for (const char* id : {"sghmc", "csgmcmc", "deep_ensemble", "l2e"}) {
      QTest::addRow("%s, all data", id) << id << 0 << "float32";
      QTest::addRow("%s, minibatches", id) << id << 5 << "float32";
    }
    QTest::newRow("sghmc, float64") << "sghmc" << 0 << "float64";
  }
  void rowsMoveAsTheyDoAlone() {
    QFETCH(QString, id);
    QFETCH(int, batch);
    QFETCH(QString, dtype);
    const Experiment experiment = experiment_of(id.toStdString(), batch, dtype.toStdString());
    Fleet alone(experiment, 1), together(experiment, count);
    alone.run();
    together.run();
    QVERIFY(alone.chains.front()->draws().size() >= 1);
    ERGO_OK(differs(together, alone));
  }

  /// Looking at every seventh transition only shows the same.
  void looksMayBeApart() {
    const Experiment experiment = experiment_of("sghmc", 5);
    Fleet often(experiment, count), seldom(experiment, count, 7);
    often.run();
    seldom.run();
    ERGO_OK(differs(seldom, often));
  }

  /// The others go on as if it had not been there; its step is the true one.
  void aChainDivergesAlone_data() {
    QTest::addColumn<int>("look_every");
    QTest::newRow("every transition") << 1;
    QTest::newRow("every seventh") << 7;
  }
  void aChainDivergesAlone() {
    QFETCH(int, look_every);
    const Experiment experiment = experiment_of("sghmc", 0);
    torch::Tensor start =
        random_tensor(3, {count, experiment.posterior.layout.size()}, torch::kFloat);
    Fleet sound(experiment, 1, 1, start);
    torch::Tensor broken = start.clone();
    broken[1][0] = std::numeric_limits<float>::quiet_NaN();
    Fleet fleet(experiment, count, static_cast<std::size_t>(look_every), broken);
    sound.run();
    fleet.run();
    const auto divergence = fleet.chains[1]->divergence();
    QVERIFY(divergence.has_value());
    QCOMPARE(divergence->chain, std::int64_t{1});
    QCOMPARE(divergence->step, std::int64_t{1});
    QVERIFY(fleet.chains[1]->draws().empty());
    fleet.chains.erase(fleet.chains.begin() + 1);
    sound.chains.erase(sound.chains.begin() + 1);
    ERGO_OK(differs(fleet, sound));
  }

  void outOfMemoryKeepsTheDraws_data() {
    QTest::addColumn<bool>("torch");
    QTest::newRow("the standard library's") << false;
    QTest::newRow("LibTorch's") << true;
  }
  void outOfMemoryKeepsTheDraws() {
    QFETCH(bool, torch);
    Experiment experiment = experiment_of("sghmc", 0);
    SamplerPlan& plan = experiment.samplers.front();
    const std::int64_t at = plan.collection.steps - 1;
    plan.sampler = std::make_shared<Interrupted>(plan.sampler, at, [torch] {
      if (!torch) throw std::bad_alloc();
      torch::empty({std::int64_t{1} << 55}, torch::kUInt8);
    });
    Fleet fleet(experiment, count);
    fleet.run();
    for (const auto& chain : fleet.chains) {
      QVERIFY(!chain->divergence());
      QVERIFY(chain->halted().has_value());
      QCOMPARE(chain->halted()->step, at);
      QVERIFY(chain->halted()->reason.find("memory") != std::string::npos);
      QVERIFY(!chain->draws().empty());
    }
    QCOMPARE(usable_chains(pointers(fleet)).size(), std::size_t{count});
  }

  void otherFailuresCountAsDivergence() {
    Experiment experiment = experiment_of("sghmc", 0);
    SamplerPlan& plan = experiment.samplers.front();
    plan.sampler =
        std::make_shared<Interrupted>(plan.sampler, 9, [] { throw std::runtime_error("a bug"); });
    Fleet fleet(experiment, count);
    fleet.run();
    for (const auto& chain : fleet.chains) {
      QVERIFY(!chain->halted());
      QVERIFY(chain->divergence().has_value() && chain->divergence()->step == 9);
      QVERIFY(chain->divergence()->reason.find("a bug") != std::string::npos);
    }
  }

  /// Draws are cut to the shortest chain, but not to one that ran out of memory.
  void usableChainsHaveOneLength() {
    const Experiment experiment = experiment_of("sghmc", 0);
    Fleet fleet(experiment, 1);
    add_draws(*fleet.chains[0], 3);
    add_draws(*fleet.chains[1], 1);
    add_draws(*fleet.chains[2], 4);
    const auto lengths = [&fleet] {
      std::vector<std::size_t> list;
      for (const UsableChain& usable : usable_chains(pointers(fleet)))
        list.push_back(usable.draws.size());
      return list;
    };
    QCOMPARE(lengths(), (std::vector<std::size_t>{1, 1, 1}));
    fleet.chains[1]->halt(2, "memory");
    QCOMPARE(lengths(), (std::vector<std::size_t>{3, 3}));
    fleet.chains[0]->diverge(4, "broken");
    QCOMPARE(lengths(), (std::vector<std::size_t>{4}));
    fleet.chains[2]->halt(5, "memory");
    QCOMPARE(lengths(), (std::vector<std::size_t>{1, 1}));
  }

  /// Chains that went through bytes have what goes into the result, bit for bit.
  void recordsKeepEveryBit_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QString>("dtype");
    for (const char* id : {"sghmc", "deep_ensemble", "l2e", "hmc"})
      QTest::newRow(id) << id << "float32";
    QTest::newRow("float64") << "sghmc"
                             << "float64";
  }
  void recordsKeepEveryBit() {
    QFETCH(QString, id);
    QFETCH(QString, dtype);
    const Experiment experiment = experiment_of(id.toStdString(), 0, dtype.toStdString());
    Fleet moved(experiment, 1), filled(experiment, count);
    const RunControl control;
    for (const std::size_t g : {0u, 1u}) {  // the third does not begin
      while (!moved.groups[g]->finished()) moved.groups[g]->advance(control, 0.01);
    }
    moved.chains[1]->diverge(7, "why \xff");
    for (std::size_t g = 0; g < 2; ++g) {
      fill_chains(encode_chains(moved.groups[g]->chains()), {filled.chains[g].get()}, experiment);
      ERGO_OK(record_differs(*moved.chains[g], *filled.chains[g]));
    }
    QVERIFY(filled.chains[0]->finished() && !filled.chains[0]->draws().empty());
    QVERIFY(filled.chains[0]->seconds() > 0.0);
    QVERIFY(filled.chains[1]->draws().empty() && filled.chains[1]->divergence()->step == 7);
    fill_chains(encode_chains(moved.groups[2]->chains()), {filled.chains[2].get()}, experiment);
    QVERIFY(!filled.chains[2]->finished() && filled.chains[2]->draws().empty());
  }

  void severalChainsShareARecord() {
    const Experiment experiment = experiment_of("sghmc", 0);
    Fleet moved(experiment, count), filled(experiment, count);
    moved.run();
    moved.chains[2]->halt(9, "memory");
    fill_chains(encode_chains(moved.groups[0]->chains()), filled.groups[0]->chains(), experiment);
    for (std::size_t c = 0; c < count; ++c)
      ERGO_OK(record_differs(*moved.chains[c], *filled.chains[c]));
    QVERIFY(filled.chains[2]->halted()->reason == "memory" && !filled.chains[2]->draws().empty());
  }

  void chainsOfOthersShowTheirProgress() {
    const Experiment experiment = experiment_of("sghmc", 0);
    Fleet whole(experiment, 1), half(experiment, 1);
    whole.run();
    FirstOfSeveral share;
    std::vector<ChainGroup*> groups;
    for (std::size_t g = 0; g < count; ++g) {
      std::vector<ChainMark> marks(1);
      share.records.push_back(encode_progress(*whole.groups[g], marks));
      groups.push_back(half.groups[g].get());
    }
    share.heard = {"[[1,[[0.5,2.0]]]]", "nonsense", "[[99,[[0.9,1]]]]", "[[2,[]]]",
                   "[[2,[[7,1.0]]]]"};
    share.meanwhile = [&half] {
      QCOMPARE(half.chains[0]->fraction(), 0.0);
      QCOMPARE(half.chains[1]->fraction(), 0.5);
      QCOMPARE(half.chains[1]->seconds(), 2.0);
      QCOMPARE(half.chains[2]->fraction(), 1.0);
      QVERIFY(!half.chains[2]->finished());
    };
    RunControl control;
    move_together(share, experiment, groups, 1, control, nullptr);
    const json said = json::parse(share.said);
    QVERIFY2(said.size() == 1 && said[0][0] == 0 && said[0][1][0][0] == 1.0, share.said.c_str());
    QVERIFY(half.chains[0]->draws().size() == whole.chains[0]->draws().size());
    QVERIFY(same_bits(half.chains[0]->draws().back(), whole.chains[0]->draws().back()));
    for (const std::size_t c : {1u, 2u}) ERGO_OK(record_differs(*whole.chains[c], *half.chains[c]));
  }

  void strangeRecordsAreRefused() {
    const Experiment experiment = experiment_of("sghmc", 0),
                     wide = experiment_of("sghmc", 0, "float64");
    Fleet moved(experiment, 1), other(experiment, 1), others(experiment, count), wides(wide, 1);
    moved.run();
    const std::string bytes = encode_chains(moved.groups[0]->chains());
    const auto fill = [](const std::string& text, Fleet& fleet, const Experiment& e) {
      return [&fleet, &e, text] { fill_chains(text, fleet.groups[0]->chains(), e); };
    };
    ERGO_OK(wrong_error(fill("", other, experiment), ExitCode::io, "no record"));
    const std::string cut = bytes.substr(0, bytes.size() - 4);
    ERGO_OK(wrong_error(fill(cut, other, experiment), ExitCode::io, "no record"));
    ERGO_OK(
        wrong_error(fill(bytes, others, experiment), ExitCode::io, "no record"));  // of one chain
    ERGO_OK(wrong_error(fill(bytes, wides, wide), ExitCode::io, "no record"));     // float32
    fill(bytes, other, experiment)();
  }

 private:
  static std::string record_differs(const Chain& a, const Chain& b) {
    const ChainRecord x = a.record(), y = b.record();
    if (x.steps != y.steps || x.evaluations != y.evaluations || x.finished != y.finished)
      return "counts";
    if (x.seconds != y.seconds || x.info != y.info) return "numbers";
    if (x.divergence.has_value() != y.divergence.has_value()) return "divergence";
    if (x.halted.has_value() != y.halted.has_value()) return "halt";
    if (x.draws.size() != y.draws.size()) return "number of draws";
    for (std::size_t d = 0; d < x.draws.size(); ++d) {
      if (x.draws[d].scalar_type() != y.draws[d].scalar_type()) return "type of draws";
      if (!same_bits(x.draws[d], y.draws[d])) return "draws";
    }
    if (x.values != y.values) return "record of f";
    if (x.costs.size() != y.costs.size()) return "number of costs";
    for (std::size_t i = 0; i < x.costs.size(); ++i) {
      if (x.costs[i].step != y.costs[i].step || x.costs[i].seconds != y.costs[i].seconds)
        return "costs";
    }
    if (x.curve_positions.size() != y.curve_positions.size()) return "number on the curve";
    for (std::size_t i = 0; i < x.curve_positions.size(); ++i) {
      if (x.curve_positions[i].step != y.curve_positions[i].step ||
          !same_bits(x.curve_positions[i].position, y.curve_positions[i].position))
        return "curve";
    }
    return {};
  }

  Experiment experiment_of(const std::string& id, int batch, const std::string& dtype = "float32") {
    json document = small_regression();
    document["gradient_evaluations"] = 240;
    document["draws"] = 12;
    document["batch_size"] = batch;
    document["dtype"] = dtype;
    document["curve_points"] = 5;
    const json all = all_samplers();  // a loop over a part of a temporary would outlive it
    for (const json& section : all["samplers"]) {
      if (section["id"] == id) document["samplers"] = json::array({section});
    }
    document["samplers"][0]["chains"] = count;
    if (id == "deep_ensemble") document["draws"] = 3;
    return make_experiment(save_and_load(path_, "group.json", document));
  }
};

QTEST_APPLESS_MAIN(TestChainGroup)
#include "tst_chain_group.moc"
