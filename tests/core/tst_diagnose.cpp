// SPDX-License-Identifier: GPL-3.0-or-later
// R-hat and ESS of runs: against the same numbers of positions that the run kept, and without a
// trace in the draws.
#include <QTest>
#include <cmath>

#include "core/base/torch.h"
#include "core/diagnostics/ess.h"
#include "core/diagnostics/rhat.h"
#include "core/io/atomic_file.h"
#include "core/run/experiment.h"
#include "core/run/run.h"
#include "core/samplers/csgmcmc.h"
#include "core/samplers/sghmc.h"
#include "tests/support/check.h"
#include "tests/support/folder_test.h"
#include "tests/support/presets.h"

using namespace ergo;
using namespace ergo::test;
using nlohmann::json;

namespace {

RunResult run_of(const Preset& preset, RunOptions options = {}) {
  RunControl control;
  return run(preset, options, {}, control);
}

/// Four chains of SGHMC that keep every transition after the burn-in.
json four_chains() {
  json document = small_regression();
  document["gradient_evaluations"] = 160;
  document["draws"] = 80;
  document["samplers"][0]["chains"] = 4;
  return document;
}

/// chains[m][t] of function value i, from the positions that the run kept.
diagnostics::Chains chains_of(const RunResult& result, const Experiment& experiment,
                              std::int64_t i) {
  const SamplerResult& s = result.samplers[0];
  const torch::Tensor positions =
      torch::tensor(*s.positions).reshape({s.draws_per_chain, s.drawing_chains, -1});
  diagnostics::Chains chains;
  for (std::int64_t m = 0; m < s.drawing_chains; ++m) {
    const torch::Tensor f = experiment.function_values->of(positions.select(1, m).contiguous());
    chains.emplace_back();
    for (std::int64_t t = 0; t < s.draws_per_chain; ++t)
      chains.back().push_back(f[t][i].item<double>());
  }
  return chains;
}

double largest(const std::vector<double>& v) { return *std::max_element(v.begin(), v.end()); }
double smallest(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

/// t in 1..plan.steps that the plan keeps.
std::vector<std::int64_t> kept(const CollectionPlan& plan) {
  std::vector<std::int64_t> list;
  for (std::int64_t t = 1; t <= plan.steps; ++t) {
    if (plan.keeps(t)) list.push_back(t);
  }
  return list;
}

}  // namespace

class TestDiagnose : public QObject, FolderTest {
  Q_OBJECT

 private Q_SLOTS:
  void init() { renew_folder(); }

  void recordIsThatOfTheKeptPositions() {
    const Preset preset = save(four_chains());
    const RunResult result = run_of(preset);
    const Experiment experiment = make_experiment(preset);
    QCOMPARE(experiment.function_values->count(), std::int64_t(11));
    std::vector<double> rhat, bulk, tail, mcse;
    for (std::int64_t i = 0; i < 11; ++i) {
      const diagnostics::Chains chains = chains_of(result, experiment, i);
      rhat.push_back(diagnostics::rhat(chains));
      bulk.push_back(diagnostics::ess_bulk(chains));
      tail.push_back(diagnostics::ess_tail(chains));
      mcse.push_back(diagnostics::mcse_mean(chains));
    }
    const SamplerResult& s = result.samplers[0];
    const diagnostics::ConvergenceSummary& f = s.convergence.function_space;
    QVERIFY(f.values == 11 && f.chains == 4 && f.draws == 20 && s.convergence.every == 1);
    QCOMPARE(s.metrics.at("rhat_worst"), largest(rhat));
    QCOMPARE(s.metrics.at("ess_bulk_worst"), smallest(bulk));
    QCOMPARE(s.metrics.at("ess_tail_worst"), smallest(tail));
    QCOMPARE(s.metrics.at("mcse_worst"), largest(mcse));
    std::sort(bulk.begin(), bulk.end());
    QCOMPARE(s.metrics.at("ess_bulk_median"), bulk[5]);
    QCOMPARE(s.metrics.at("ess_per_evaluation"), bulk[5] / 160.0);
    QVERIFY(s.metrics.at("ess_per_second") > 0.0 && s.convergence.undefined.empty());
  }

  /// f of the values is what the measures call f: original units, here with shift and scale.
  void valuesAreInOriginalUnits() {
    json document = four_chains();
    document["data"]["standardise"] = true;
    const Preset preset = save(document);
    const RunResult result = run_of(preset);
    const Experiment experiment = make_experiment(preset);
    for (const std::int64_t i : {0, 10}) {
      double sum = 0.0;
      for (const auto& chain : chains_of(result, experiment, i))
        sum += diagnostics::mean_of(chain) / 4.0;
      const double mean = result.samplers[0].band.mean[static_cast<std::size_t>(i)];
      QVERIFY(std::abs(sum - mean) < 1e-5);
    }
  }

  /// Of the first 256 test points, as the network's plain forward gives them.
  void classificationHasLogits() {
    auto data = std::make_shared<Dataset>();
    data->task = Task::classification;
    data->inputs = 2;
    data->outputs = 3;
    data->train.x.shape.width = data->test.x.shape.width = 2;
    data->test.x.count = 300;
    for (int i = 0; i < 600; ++i) data->test.x.values.push_back(std::sin(i));
    const Posterior posterior = make_posterior(data, {{"hidden", {5}}}, PosteriorConfig{});
    const FunctionValues values(posterior);
    QCOMPARE(values.count(), std::int64_t(768));
    QCOMPARE(values.name(), std::string("logits at the first 256 test points"));
    const std::int64_t params = posterior.layout.size();
    const torch::Tensor position = torch::linspace(-1, 1, 2 * params).reshape({2, params});
    const torch::Tensor x = torch::tensor(data->test.x.values, torch::kFloat).slice(0, 0, 512);
    const torch::Tensor f = posterior.network->forward(position, x.reshape({1, 256, 2}));
    QVERIFY(torch::allclose(values.of(position), f.reshape({2, 768}), 1e-5, 1e-6));
    QVERIFY(torch::equal(values.of(position.to(torch::kDouble)), values.of(position)));
  }

  void weightSpaceIsThatOfTheDraws() {
    const RunResult result = run_of(save(four_chains()));
    const SamplerResult& s = result.samplers[0];
    const auto& parts = s.convergence.weight_space;
    QCOMPARE(parts.size(), result.layout.size() + 1);
    QVERIFY(parts[0].name == "all" && parts[0].summary.values == result.parameters);
    QCOMPARE(parts.back().name, result.layout.back().name);
    std::vector<double> rhat;
    const auto params = static_cast<std::size_t>(result.parameters);
    for (std::size_t p = 0; p < params; ++p) {
      diagnostics::Chains chains(4);
      for (std::size_t t = 0; t < 20; ++t) {
        for (std::size_t m = 0; m < 4; ++m)
          chains[m].push_back((*s.positions)[(t * 4 + m) * params + p]);
      }
      rhat.push_back(diagnostics::rhat(chains));
    }
    QCOMPARE(parts[0].summary.rhat.worst, largest(rhat));
    const double bias = rhat.back();  // the last block is the output's bias
    QVERIFY(parts.back().summary.rhat.worst == bias && parts.back().summary.values == 1);
  }

  /// Whatever is recorded, every sampler draws the same bits and measures the same.
  void recordCostsNoBitOfTheDraws() {
    write_phi(path_ / "phi.safetensors");
    json document = all_samplers();
    document["batch_size"] = 7;
    document["diagnostic_draws"] = 0;
    const RunResult none = run_of(save(document));
    for (const int draws : {1000, 7, 1}) {
      document["diagnostic_draws"] = draws;
      const RunResult some = run_of(save(document));
      for (std::size_t s = 0; s < 5; ++s) {
        QCOMPARE(some.samplers[s].draws_sha256, none.samplers[s].draws_sha256);
        for (const auto& [name, value] : none.samplers[s].metrics)
          QCOMPARE(some.samplers[s].metrics.at(name), value);
        QVERIFY(some.samplers[s].convergence.function_space.draws <= draws);
      }
    }
    QVERIFY(!none.has_convergence() && !to_json(none)["samplers"][0].contains("diagnostics"));
    QVERIFY(table(none).find("rhat") == std::string::npos);
  }

  void undefinedIsSaidWithItsReason() {
    write_phi(path_ / "phi.safetensors");
    json document = all_samplers();
    document["draws"] = 8;
    const RunResult result = run_of(save(document));
    const auto of = [&](int s) -> const SamplerResult& { return result.samplers[std::size_t(s)]; };
    QVERIFY(std::isnan(of(0).metrics.at("rhat_worst")));  // one chain
    QCOMPARE(of(0).convergence.undefined.at("rhat_worst"), std::string("it needs two chains"));
    QVERIFY(std::isfinite(of(0).metrics.at("ess_bulk_median")));
    QVERIFY(std::isfinite(of(0).metrics.at("crhat_below_1.1")));
    QVERIFY(remark_on(of(0).convergence).empty());
    QVERIFY(remark_on(of(1).convergence).starts_with("not stationary"));
    for (const auto& [name, value] : of(2).convergence.measures) {
      QVERIFY2(std::isnan(value), name.c_str());
      QCOMPARE(of(2).convergence.undefined.at(name),
               std::string("members of an ensemble are no Markov chain"));
    }
    QVERIFY(std::isfinite(of(4).metrics.at("rhat_worst")));  // HMC, two chains of 6 transitions
    QVERIFY2(result.warnings.empty(),
             qPrintable(QString::fromStdString(result.warnings.empty() ? "" : result.warnings[0])));
    const json object = to_json(result);
    QVERIFY(object["samplers"][0]["metrics"]["rhat_worst"].is_null());
    QVERIFY(object["samplers"][1]["diagnostics"]["stationary"] == false);
    QVERIFY(object["samplers"][2]["diagnostics"]["undefined"].contains("ess_bulk_median"));
    const std::string text = table(result);
    for (const char* line :
         {"Convergence of f on the grid", "csgmcmc *", "* csgmcmc: not stationary",
          "deep_ensemble: no R-hat and ESS: members",
          "sghmc: no rhat_median, rhat_worst: it needs"})
      QVERIFY2(text.find(line) != std::string::npos, text.c_str());
  }

  /// A chain that diverged is none that R-hat can compare with.
  void divergedChainsDoNotCount() {
    json document = four_chains();
    document["samplers"][0]["step_size"] = 1e3;
    const RunResult result = run_of(save(document));
    QVERIFY(result.samplers[0].status == "diverged");
    QCOMPARE(result.samplers[0].convergence.undefined.at("rhat_worst"),
             std::string("every chain diverged"));
  }

  void recordFitsTheLimit() {
    json document = four_chains();
    document["data"]["grid_points"] = 10000;
    document["draw_limit_mib"] = 1;
    const Preset preset = save(document);
    const Experiment experiment = make_experiment(preset);
    const SamplerPlan& plan = experiment.samplers[0];
    QVERIFY(plan.record.draws >= 1 && plan.record.draws * 4 * 10000 * 4 < 1024 * 1024);
    QVERIFY(experiment.remarks.notes.back().starts_with("Field 'diagnostic_draws' is 1000, but"));
    document["draw_limit_mib"] = 100;
    QCOMPARE(make_experiment(save(document)).samplers[0].record.draws, std::int64_t(20));
  }

  void recordIsEquallySpaced() {
    const ParameterLayout layout;
    const SamplerContext context{&layout, 100, 0, 10, {}, nullptr};
    const auto sghmc = make_sghmc({}, context);
    const CollectionPlan every = plan_record(*sghmc, 100, 40, 1000);
    QVERIFY(every.draws == 60 && kept(every).front() == 41 && kept(every).back() == 100);
    const CollectionPlan third = plan_record(*sghmc, 100, 40, 25);
    QVERIFY((kept(third) == std::vector<std::int64_t>{43, 46, 49, 52, 55, 58, 61, 64, 67, 70,
                                                      73, 76, 79, 82, 85, 88, 91, 94, 97, 100}));
    QCOMPARE(third.draws, std::int64_t(20));
    QVERIFY(plan_record(*sghmc, 100, 40, 0).draws == 0);
    CsgmcmcConfig cyclical;
    cyclical.cycles = 7;
    const auto csgmcmc = make_csgmcmc(cyclical, context);
    for (const std::int64_t most : {1, 3, 5, 100}) {
      const CollectionPlan plan = plan_record(*csgmcmc, 100, 0, most);
      QCOMPARE(static_cast<std::int64_t>(kept(plan).size()), plan.draws);
      QVERIFY(plan.draws <= most);
    }
  }

  void filesHoldNoTimes() {
    archive(run_of(save(four_chains())), path_ / "out", {});
    const std::string measures = io::read_file(path_ / "out/metrics.csv", 1 << 20);
    QVERIFY(measures.find("sghmc,rhat_worst,") != std::string::npos);
    QVERIFY(measures.find("ess_per_second") == std::string::npos);
    const std::string rows = io::read_file(path_ / "out/convergence.csv", 1 << 20);
    QVERIFY(rows.starts_with("sampler,space,part,values,chains,draws,measure,median,worst\n"));
    QVERIFY(rows.find("\nsghmc,function,all,11,4,20,rhat,") != std::string::npos);
    QVERIFY(rows.find("\nsghmc,weight,layers.0.weight,6,4,20,ess_bulk,") != std::string::npos);
  }

  void targetsHaveTheirCoordinates() {
    json document = {
        {"schema", 1},
        {"kind", "compare"},
        {"title", "t"},
        {"gradient_evaluations", 400},
        {"draws", 40},
        {"target", {{"kind", "gaussian"}, {"dimensions", 3}}},
        {"samplers",
         json::array({{{"id", "sghmc"}, {"chains", 2}, {"step_size", 0.3}, {"friction", 1.0}}})}};
    const RunResult result = run_of(save(document));
    const SamplerConvergence& c = result.samplers[0].convergence;
    QVERIFY(c.values == "coordinates" && c.function_space.values == 3);
    QVERIFY(std::isfinite(result.samplers[0].metrics.at("rhat_worst")));
  }

 private:
  Preset save(const json& document) const { return save_and_load(path_, "p", document); }
};

QTEST_GUILESS_MAIN(TestDiagnose)
#include "tst_diagnose.moc"
