// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA kernels, their text run on the CPU, against the CPU's own kernels: what a machine
// without a device can know of them. tst_cuda repeats it on a device.
#define ERGO_CUDA_ON_CPU
#include <QtTest>

#include "core/kernels/cuda/chain_steps.cu"  // first: it defines what CUDA's compiler would
#include "core/kernels/l2e_step.h"
#include "core/kernels/normal.h"
#include "tests/support/check.h"

using namespace ergo;
using namespace ergo::test;

namespace {

std::vector<float> floats(std::uint64_t seed, std::size_t count, double scale = 1.0) {
  const std::vector<double> z = normals(seed, count, scale);
  return {z.begin(), z.end()};
}

/// Three chains under keys, numbers and a step of their own.
struct Fleet {
  std::int64_t params;
  std::vector<std::int64_t> keys{7, -3, 1234567890123}, chains{0, 5, 9},
      steps{(std::int64_t{1} << 32) + 41};
  std::vector<float> grad, position, momentum, averages;

  explicit Fleet(std::int64_t size) : params(size) {
    const auto n = static_cast<std::size_t>(3 * size);
    grad = floats(1, n, 5.0), position = floats(2, n), momentum = floats(3, n, 2.0);
    averages = floats(4, 6 * n, 0.1);
  }
  cuda::Rows rows() const { return {3, params, keys.data(), chains.data(), steps.data()}; }
  std::size_t at(std::size_t row) const { return row * static_cast<std::size_t>(params); }
};

std::vector<double> widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

/// The plan of some spans, with arrays of its own.
struct OwnPlan {
  std::vector<cuda::Piece> pieces;
  std::vector<cuda::SpanPieces> spans;
  std::vector<float> networks, sums, scales;
  cuda::L2ePlan plan;

  OwnPlan(const std::vector<L2eSpan>& list, const std::vector<L2eNetwork>& phi, std::int64_t rows) {
    cuda::cut(list, pieces, spans);
    for (const L2eNetwork& network : phi) {
      const std::vector<float> numbers = network.filled_up(cuda::l2e_device_widths);
      networks.insert(networks.end(), numbers.begin(), numbers.end());
    }
    sums.resize(static_cast<std::size_t>(rows) * pieces.size() * l2e_features);
    scales.resize(static_cast<std::size_t>(rows) * spans.size() * l2e_features);
    plan = {pieces.data(),
            spans.data(),
            static_cast<std::int64_t>(pieces.size()),
            static_cast<std::int64_t>(spans.size()),
            networks.data(),
            rows / static_cast<std::int64_t>(phi.size()),
            sums.data(),
            scales.data()};
  }
};

L2eNetwork random_network(std::uint64_t seed, L2eWidths widths = {}) {
  L2eWeights weights(widths);
  for (std::vector<float>* part :
       {&weights.w0, &weights.b0, &weights.w1, &weights.b1, &weights.w2, &weights.b2})
    *part = floats(seed++, part->size(), 0.3);
  return {weights, 0.7f, 0.4f};
}

}  // namespace

class TestCudaKernels : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void normalsHaveTheBitsOfTheCpu() {
    std::vector<float> cpu(20011);
    const std::uint64_t key = 0xfedcba9876543210, step = (std::uint64_t{1} << 33) + 5;
    fill_normals(key, 3, step, static_cast<std::int64_t>(cpu.size()), cpu.data());
    for (std::size_t i = 0; i < cpu.size(); ++i) {
      const float z = cuda::normal_at(key, 3, step, static_cast<std::int64_t>(i));
      if (z != cpu[i])
        QFAIL(qPrintable(QString("normal %1: %2, not %3").arg(i).arg(z).arg(cpu[i])));
    }
  }

  void sghmcHasTheBitsOfTheCpu() {
    for (const std::int64_t params : {1, 255, 700}) {
      for (const float noise_scale : {0.0f, 0.3f}) {
        Fleet gpu(params), cpu(params);
        const SghmcStepNumbers numbers{0.03f, 4.0f, noise_scale};
        cuda::sghmc_step(numbers, gpu.rows(), gpu.grad.data(), gpu.position.data(),
                         gpu.momentum.data(), nullptr);
        for (std::size_t r = 0; r < 3; ++r) {
          sghmc_step(
              numbers,
              {static_cast<std::uint64_t>(cpu.keys[r]), static_cast<std::uint32_t>(cpu.chains[r]),
               static_cast<std::uint64_t>(cpu.steps[0] + 1)},
              params, cpu.grad.data() + cpu.at(r), cpu.position.data() + cpu.at(r),
              cpu.momentum.data() + cpu.at(r));
        }
        QVERIFY(gpu.position == cpu.position);
        QVERIFY(gpu.momentum == cpu.momentum);
      }
    }
  }

  void piecesCoverEverySpanOnce() {
    std::vector<cuda::Piece> pieces;
    std::vector<cuda::SpanPieces> spans;
    cuda::cut({{0, 256}, {256, 1}, {257, 600}}, pieces, spans);
    QCOMPARE(pieces.size(), std::size_t{5});
    QCOMPARE(spans.size(), std::size_t{3});
    std::int64_t next = 0;
    for (const cuda::Piece& piece : pieces) {
      QCOMPARE(piece.offset, next);
      QVERIFY(piece.size >= 1 && piece.size <= cuda::piece_size);
      next += piece.size;
    }
    QCOMPARE(next, std::int64_t{857});
    QCOMPARE(spans[2].first, std::int64_t{2});
    QCOMPARE(spans[2].count, std::int64_t{3});
    QCOMPARE(spans[2].size, std::int64_t{600});
  }

  /// Spans below, at and above a piece, one network for all and one for each row, numbers that
  /// differ between the rows.
  void l2eEqualsTheCpu_data() {
    QTest::addColumn<int>("networks");
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("second");
    QTest::newRow("one network") << 1 << 32 << 32;
    QTest::newRow("a network a row") << 3 << 32 << 32;
    QTest::newRow("a small network") << 1 << 16 << 8;
    QTest::newRow("odd widths") << 3 << 5 << 27;
  }
  void l2eEqualsTheCpu() {
    QFETCH(int, networks);
    QFETCH(int, first);
    QFETCH(int, second);
    const std::vector<L2eSpan> spans = {{0, 256}, {256, 1}, {257, 600}, {857, 40}};
    std::vector<L2eNetwork> phi;
    for (int k = 0; k < networks; ++k)
      phi.push_back(random_network(20 + 6 * static_cast<std::uint64_t>(k), {first, second}));
    Fleet gpu(897), cpu(897);
    OwnPlan own(spans, phi, 3);
    std::vector<cuda::L2eRowNumbers> numbers = {{0.01f, 0.05f, 100.0f, 3.0f, 0.2f},
                                                {0.02f, 0.04f, 50.0f, 3.0f, 0.2f},
                                                {0.01f, 0.05f, 100.0f, 1.0f, 0.0f}};
    for (int step = 0; step < 3; ++step) {
      cuda::l2e_step(own.plan, numbers.data(), gpu.rows(), gpu.grad.data(), gpu.position.data(),
                     gpu.momentum.data(), gpu.averages.data(), nullptr);
      cuda::next_step(gpu.steps.data(), nullptr);
      for (std::size_t r = 0; r < 3; ++r) {
        std::vector<float> noise(897);
        fill_normals(static_cast<std::uint64_t>(cpu.keys[r]),
                     static_cast<std::uint32_t>(cpu.chains[r]),
                     static_cast<std::uint64_t>(cpu.steps[0] + 1), 897, noise.data());
        const cuda::L2eRowNumbers& n = numbers[r];
        l2e_step(phi[networks == 1 ? 0 : r],
                 {n.gradient_scale, n.step_size, n.data_size, n.friction, n.noise_scale}, spans,
                 {897, cpu.grad.data() + cpu.at(r), n.noise_scale > 0 ? noise.data() : nullptr,
                  cpu.position.data() + cpu.at(r), cpu.momentum.data() + cpu.at(r),
                  cpu.averages.data() + 6 * cpu.at(r)});
      }
      ++cpu.steps[0];
    }
    QCOMPARE(gpu.steps, cpu.steps);
    ERGO_OK(vectors_differ(widened(gpu.averages), widened(cpu.averages), 1e-6, "averages"));
    ERGO_OK(vectors_differ(widened(gpu.momentum), widened(cpu.momentum), 1e-5, "momentum"));
    ERGO_OK(vectors_differ(widened(gpu.position), widened(cpu.position), 1e-5, "position"));
  }

  void divergenceIsSeen() {
    Fleet fleet(300);
    fleet.grad[310] = std::numeric_limits<float>::quiet_NaN();
    OwnPlan own({{0, 300}}, {random_network(5)}, 3);
    const std::vector<cuda::L2eRowNumbers> numbers(3, {0.01f, 0.05f, 100.0f, 3.0f, 0.2f});
    cuda::l2e_step(own.plan, numbers.data(), fleet.rows(), fleet.grad.data(), fleet.position.data(),
                   fleet.momentum.data(), fleet.averages.data(), nullptr);
    const auto finite = [&fleet](std::size_t row) {
      return std::all_of(fleet.position.begin() + static_cast<std::ptrdiff_t>(fleet.at(row)),
                         fleet.position.begin() + static_cast<std::ptrdiff_t>(fleet.at(row + 1)),
                         [](float x) { return std::isfinite(x); });
    };
    QVERIFY(finite(0) && finite(2));
    QVERIFY(!finite(1));
  }
};

QTEST_APPLESS_MAIN(TestCudaKernels)
#include "tst_cuda_kernels.moc"
