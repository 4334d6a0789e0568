// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/likelihoods/likelihoods.h"
#include "core/models/mlp.h"
#include "core/models/predictor.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

/// What every row of the table of likelihoods must do: three implementations that agree, gradients,
/// measures in the right units.
namespace {

constexpr std::int64_t inputs = 3, points = 12;
const double half_log_two_pi = 0.5 * std::log(2.0 * std::acos(-1.0));

struct Case {
  std::string id;
  Task task;
  std::int64_t targets;
  LikelihoodConfig config;
};

/// Every row of the table; regressions with one and two targets and every kind of noise.
std::vector<Case> cases() {
  std::vector<Case> list;
  for (const LikelihoodRow& row : likelihood_rows()) {
    for (const std::int64_t targets : {1, 2}) {
      if (row.task == Task::classification && targets > 1) continue;
      LikelihoodConfig config;
      config.noise_sd = 0.3;
      list.push_back({row.id, row.task, targets, config});
      config.input_dependent = true;
      if (row.id == "gaussian_learned") list.push_back({row.id, row.task, targets, config});
    }
  }
  return list;
}

/// Rows with targets of different scales; 4 classes where the task is classification.
std::shared_ptr<Dataset> data_of(const Case& c, double unit = 1.0) {
  auto data = std::make_shared<Dataset>();
  data->name = "made";
  data->task = c.task;
  data->inputs = inputs;
  const bool classes = c.task == Task::classification;
  data->targets = classes ? 1 : c.targets;
  data->outputs = classes ? 4 : c.targets;
  for (Split* split : {&data->train, &data->test}) {
    split->x.count = points;
    split->x.shape.width = inputs;
    split->x.values = normals(split == &data->train ? 3 : 4, points * inputs);
    if (classes) {
      for (std::int64_t i = 0; i < points; ++i)
        split->labels.push_back(static_cast<std::int32_t>(i * 7 % 4));
    } else {
      split->y =
          normals(split == &data->train ? 5 : 6, points * static_cast<std::size_t>(c.targets));
    }
  }
  data->standardisation.y_mean.clear();
  data->standardisation.y_sd.clear();
  for (std::int64_t t = 0; t < data->targets; ++t) {
    data->standardisation.y_mean.push_back(unit * (0.5 + static_cast<double>(t)));
    data->standardisation.y_sd.push_back(unit * (1.0 + 2.0 * static_cast<double>(t)));
  }
  return data;
}

Posterior posterior_of(const Case& c, double unit = 1.0) {
  const std::shared_ptr<Dataset> data = data_of(c, unit);
  LikelihoodConfig config = c.config;
  config.noise_sd *= unit;
  const auto likelihood = make_likelihood(c.id, config, *data);
  return make_posterior(data, make_mlp({{5}, "tanh"}, inputs, likelihood->outputs()), likelihood,
                        1.5, 0.8);
}

std::vector<std::unique_ptr<Potential>> every_way(const Posterior& posterior) {
  std::vector<std::unique_ptr<Potential>> ways;
  ways.push_back(make_autograd_potential(posterior, torch::kDouble));
  for (auto* make :
       {+[](const Posterior& p) { return make_fused_potential(p, torch::kDouble); },
        +[](const Posterior& p) { return make_batched_potential(p, torch::kDouble); }}) {
    if (auto way = make(posterior)) ways.push_back(std::move(way));
  }
  return ways;
}

/// The measures of one draw, and of two, on the test split.
std::map<std::string, double> measures_of(const Posterior& posterior, std::int64_t draws) {
  const auto predictive = posterior.likelihood->predictive(posterior.data->test);
  Predictor predictor(posterior.network);
  for (std::int64_t k = 0; k < draws; ++k) {
    const torch::Tensor theta = random_tensor(50 + static_cast<std::uint64_t>(k),
                                              {posterior.layout.size()}, torch::kFloat, 0.4);
    const float* at = theta.data_ptr<float>();
    predictor.predict(posterior.data->test.x, at, [&](const OutputView<float>& f) {
      predictive->add_rows(f, at + posterior.own_offset());
    });
    predictive->end_draw();
  }
  return predictive->measures();
}

}  // namespace

class TestLikelihoods : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void rowsAreComplete() {
    for (const LikelihoodRow& row : likelihood_rows()) {
      QVERIFY(!row.id.empty() && !row.label.empty() && !row.doc.empty());
    }
  }

  void emptyIsByTheData() {
    Case c{"", Task::regression, 1, {}};
    QCOMPARE(make_likelihood("", {}, *data_of(c))->id(), std::string("gaussian"));
    c.task = Task::classification;
    QCOMPARE(make_likelihood("", {}, *data_of(c))->id(), std::string("categorical"));
  }

  void dataThatDoNotFitAreRefused() {
    const Case c{"", Task::regression, 1, {}};
    try {
      make_likelihood("categorical", {}, *data_of(c));
      QFAIL("nothing was thrown");
    } catch (const Error& error) {
      QCOMPARE(error.code(), ExitCode::config);
      QVERIFY(std::string(error.what()).find("categorical") != std::string::npos);
      QVERIFY(std::string(error.what()).find("regression") != std::string::npos);
    }
  }

  void waysAgreeWithDifferences_data() { rows(); }
  /// U and its gradient, the likelihood's own parameters included, in full batch and minibatches.
  void waysAgreeWithDifferences() {
    QFETCH(int, number);
    const Posterior posterior = posterior_of(cases()[static_cast<std::size_t>(number)]);
    const std::int64_t params = posterior.layout.size();
    const torch::Tensor theta = random_tensor(23, {2, params}, torch::kDouble, 0.5);
    const std::vector<std::int64_t> batch = {3, 1, 4, 11, 5, 9};  // three rows of each chain
    for (const bool all : {true, false}) {
      std::vector<double> potential, grad;
      for (const auto& way : every_way(posterior)) {
        if (all)
          way->bind_all();
        else
          way->bind(batch, 3);
        const Evaluation e = way->evaluate(theta);
        const std::vector<double> u = doubles(e.potential), g = doubles(e.grad);
        if (potential.empty()) {
          potential = u, grad = g;
          ERGO_OK(vectors_differ(g, differences(*way, theta), 1e-7, "gradient"));
        }
        ERGO_OK(vectors_differ(u, potential, 1e-12, "U"));
        ERGO_OK(vectors_differ(g, grad, 1e-11, "gradient of another way"));
      }
    }
  }

  void allHaveClosedForms_data() { rows(); }
  void allHaveClosedForms() {
    QFETCH(int, number);
    QCOMPARE(every_way(posterior_of(cases()[static_cast<std::size_t>(number)])).size(),
             std::size_t(3));
  }

  void measuresHaveTheUnitsOfTheTargets_data() { rows(); }
  /// Targets, means and noise times 1000: the NLL of a row rises by ln 1000 a target, the RMSE is
  /// 1000 times as large, shares and divergences stay.
  void measuresHaveTheUnitsOfTheTargets() {
    QFETCH(int, number);
    const Case c = cases()[static_cast<std::size_t>(number)];
    const auto small = measures_of(posterior_of(c), 2),
               large = measures_of(posterior_of(c, 1000.0), 2);
    QVERIFY(!small.empty() && small.size() == large.size());
    for (const auto& [id, value] : small) {
      double expected = value;
      if (c.task == Task::regression && id == "nll")
        expected += static_cast<double>(c.targets) * std::log(1000.0);
      if (c.task == Task::regression && id == "rmse") expected *= 1000.0;
      ERGO_OK(differs(large.at(id), expected, 1e-9, id));
    }
  }

  /// One draw of two targets by hand: the sum over targets of log(s sqrt(2 pi)) + z^2 / 2, mean
  /// over rows.
  void nllOfARowAddsItsTargets() {
    const Case c{"gaussian", Task::regression, 2, {}};
    const Posterior posterior = posterior_of(c);
    const torch::Tensor theta = random_tensor(50, {1, posterior.layout.size()}, torch::kFloat, 0.4);
    const torch::Tensor x =
        torch::tensor(posterior.data->test.x.values).to(torch::kFloat).reshape({1, points, inputs});
    const std::vector<double> f = doubles(posterior.network->forward(theta, x));
    double sum = 0.0;
    for (std::size_t i = 0; i < f.size(); ++i) {
      const double y_sd = posterior.data->standardisation.y_sd[i % 2];
      const double z = (posterior.data->test.y[i] - f[i]) * y_sd / c.config.noise_sd;
      sum += 0.5 * z * z + std::log(c.config.noise_sd) + half_log_two_pi;
    }
    ERGO_OK(differs(measures_of(posterior, 1).at("nll"), sum / points, 1e-5, "nll"));
  }

 private:
  static void rows() {
    QTest::addColumn<int>("number");
    const std::vector<Case> list = cases();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string name = fmt::format("{} {} {}", i, list[i].id, list[i].targets);
      QTest::newRow(name.c_str()) << static_cast<int>(i);
    }
  }

  /// Central differences of U, [chains * params].
  static std::vector<double> differences(Potential& potential, const torch::Tensor& theta) {
    std::vector<double> numeric;
    constexpr double h = 1e-6;
    for (std::int64_t c = 0; c < theta.size(0); ++c) {
      for (std::int64_t i = 0; i < theta.size(1); ++i) {
        torch::Tensor moved = theta.clone();
        moved[c][i] += h;
        const double up = potential.evaluate(moved).potential[c].item<double>();
        moved[c][i] -= 2.0 * h;
        numeric.push_back((up - potential.evaluate(moved).potential[c].item<double>()) / (2.0 * h));
      }
    }
    return numeric;
  }
};

QTEST_GUILESS_MAIN(TestLikelihoods)
#include "tst_likelihoods.moc"
