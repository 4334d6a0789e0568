// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "core/models/models.h"
#include "core/models/predictor.h"
#include "tests/support/potentials.h"

using namespace ergo;
using namespace ergo::test;

namespace {

constexpr std::int64_t rows = 7, outputs = 3;

/// Inputs that any network takes: one channel of 6 x 6.
std::shared_ptr<Dataset> image_data() {
  auto data = std::make_shared<Dataset>();
  data->name = "made";
  data->inputs = 36;
  for (Split* split : {&data->train, &data->test}) {
    split->x.count = rows;
    split->x.shape = {1, 6, 6};
    split->x.values = normals(9, rows * 36);
  }
  return data;
}

/// The same function without passes: what Predictor and potentials fall back to.
class Plain final : public Network {
 public:
  explicit Plain(std::shared_ptr<const Network> inner) : inner_(std::move(inner)) {
    const auto& blocks = inner_->layout().blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b)
      add_block(blocks[b].name, blocks[b].shape, inner_->fan_in(b));
  }
  torch::Tensor forward(const torch::Tensor& position, const torch::Tensor& x) const override {
    return inner_->forward(position, x);
  }
  std::int64_t outputs() const override { return inner_->outputs(); }
  std::string shape_key() const override { return "plain " + inner_->shape_key(); }

 private:
  std::shared_ptr<const Network> inner_;
};

std::vector<double> predicted(std::shared_ptr<const Network> network, const Inputs& x,
                              const torch::Tensor& theta) {
  Predictor predictor(std::move(network));
  std::vector<double> f;
  predictor.predict(x, theta.data_ptr<float>(), [&f](const OutputView<float>& view) {
    for (std::int64_t i = 0; i < view.examples; ++i) {
      for (std::int64_t u = 0; u < view.units; ++u) f.push_back(static_cast<double>(view(u, i)));
    }
  });
  return f;
}

}  // namespace

/// What every row of the table of networks must do.
class TestNetworks : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void rowIsComplete_data() { kinds(); }
  void rowIsComplete() {
    QFETCH(QString, kind);
    const auto network = make(kind);
    QCOMPARE(network->outputs(), outputs);
    QVERIFY(!network->shape_key().empty());
    std::set<std::string> names;
    for (std::size_t b = 0; b < network->layout().blocks().size(); ++b) {
      const BlockInfo& block = network->layout().blocks()[b];
      QVERIFY2(names.insert(block.name).second, block.name.c_str());
      QVERIFY(network->fan_in(b) >= 0);
    }
    QCOMPARE(make(kind)->shape_key(), network->shape_key());
  }

  void passesEqualForward_data() { kinds(); }
  /// Fused, batched and plain outputs at several chains; columns behind the network's are ignored.
  void passesEqualForward() {
    QFETCH(QString, kind);
    const auto network = make(kind);
    const torch::Tensor theta =
        random_tensor(1, {2, network->layout().size() + 2}, torch::kFloat, 0.3);
    const auto data = image_data();
    const torch::Tensor x =
        torch::tensor(data->test.x.values).to(torch::kFloat).reshape({1, rows, 36});
    const torch::Tensor f = network->forward(theta, x);
    QVERIFY(f.sizes() == torch::IntArrayRef({2, rows, outputs}));
    if (const auto batched = network->batched_passes())
      ERGO_OK(vectors_differ(doubles(batched->forward(theta, x)), doubles(f), 1e-5));
    for (std::int64_t c = 0; c < 2; ++c) {
      const torch::Tensor one = theta[c].contiguous();
      ERGO_OK(vectors_differ(predicted(network, data->test.x, one), doubles(f[c]), 1e-5));
      ERGO_OK(vectors_differ(predicted(std::make_shared<Plain>(network), data->test.x, one),
                             doubles(f[c]), 1e-5));
    }
  }

  void gradientsAgree_data() { kinds(); }
  void gradientsAgree() {
    QFETCH(QString, kind);
    const auto data = image_data();
    data->targets = data->outputs = outputs;
    data->train.y = normals(11, rows * outputs);
    data->standardisation.y_mean.assign(outputs, 0.0);
    data->standardisation.y_sd.assign(outputs, 1.0);
    const auto likelihood = make_likelihood("gaussian", {}, *data);
    const Posterior posterior = make_posterior(data, make(kind), likelihood, 1.0, 1.0);
    const torch::Tensor theta = random_tensor(2, {2, posterior.layout.size()}, torch::kDouble, 0.3);
    const auto reference = make_autograd_potential(posterior, torch::kDouble);
    reference->bind_all();
    const Evaluation expected = reference->evaluate(theta);
    for (const auto& way : {make_fused_potential(posterior, torch::kDouble),
                            make_batched_potential(posterior, torch::kDouble)}) {
      if (!way) continue;
      way->bind_all();
      const Evaluation e = way->evaluate(theta);
      ERGO_OK(vectors_differ(doubles(e.potential), doubles(expected.potential), 1e-11));
      ERGO_OK(vectors_differ(doubles(e.grad), doubles(expected.grad), 1e-10));
    }
  }

  void gradientMatchesDifferences_data() { kinds(); }
  /// Of the potential that chains get, near where they start, at parameters spread over all of it.
  void gradientMatchesDifferences() {
    QFETCH(QString, kind);
    const auto data = image_data();
    data->task = Task::classification;
    data->outputs = outputs;
    for (std::int32_t i = 0; i < rows; ++i) data->train.labels.push_back(i % outputs);
    const auto likelihood = make_likelihood("categorical", {}, *data);
    const Posterior posterior = make_posterior(data, make(kind), likelihood, 1.0, 1.0);
    const auto potential = make_potential(posterior, torch::kDouble);
    potential->bind_all();
    const torch::Tensor theta =
        initial_position(posterior, RngKey::from_seed(5), 0, torch::kDouble) +
        random_tensor(5, {1, posterior.layout.size()}, torch::kDouble, 0.1);
    const std::vector<double> grad = doubles(potential->evaluate(theta).grad);
    const auto value_at = [&](std::int64_t i, double step) {
      torch::Tensor moved = theta.clone();
      moved[0][i] += step;
      return potential->evaluate(moved).potential.item<double>();
    };
    std::vector<double> picked, numeric;
    const double h = 1e-6;
    const std::int64_t apart = std::max<std::int64_t>(posterior.layout.size() / 40, 1);
    for (std::int64_t i = 0; i < posterior.layout.size(); i += apart) {
      picked.push_back(grad[static_cast<std::size_t>(i)]);
      numeric.push_back((value_at(i, h) - value_at(i, -h)) / (2.0 * h));
    }
    ERGO_OK(vectors_differ(picked, numeric, 1e-6));
  }

  /// Without passes a potential is made by automatic differentiation, and is the same function.
  void networksWithoutPassesWork() {
    const auto data = small_data(36, 0);
    const auto inner = make_network({{"hidden", {4}}}, *data, 1);
    const auto likelihood = make_likelihood("", {}, *data);
    const Posterior with = make_posterior(data, inner, likelihood, 1.0, 1.0);
    const Posterior without =
        make_posterior(data, std::make_shared<Plain>(inner), likelihood, 1.0, 1.0);
    QVERIFY(!make_fused_potential(without, torch::kDouble));
    QVERIFY(!make_batched_potential(without, torch::kDouble));
    const torch::Tensor theta = random_tensor(3, {1, with.layout.size()}, torch::kDouble, 0.3);
    const auto a = make_potential(with, torch::kDouble),
               b = make_potential(without, torch::kDouble);
    a->bind_all();
    b->bind_all();
    ERGO_OK(
        vectors_differ(doubles(b->evaluate(theta).grad), doubles(a->evaluate(theta).grad), 1e-10));
  }

  void badSectionsAreRefused() {
    try {
      make_network({{"kind", "mpl"}}, *image_data(), 1);
      QFAIL("nothing was thrown");
    } catch (const Error& error) {
      QVERIFY(std::string(error.what()).find("did you mean 'mlp'") != std::string::npos);
    }
    const auto data = image_data();
    const auto likelihood = make_likelihood("gaussian", {}, *data);
    QVERIFY_THROWS_EXCEPTION(Error, make_posterior(data, make_network({{"kind", "mlp"}}, *data, 2),
                                                   likelihood, 1.0, 1.0));
  }

 private:
  static std::shared_ptr<const Network> make(const QString& kind) {
    return make_network({{"kind", kind.toStdString()}}, *image_data(), outputs);
  }
  static void kinds() {
    QTest::addColumn<QString>("kind");
    for (const ModelRow& row : model_rows())
      QTest::newRow(row.id.c_str()) << QString::fromStdString(row.id);
  }
};

QTEST_GUILESS_MAIN(TestNetworks)
#include "tst_networks.moc"
