// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/base/device.h"
#include "tests/core/plain_support.h"

using namespace ergo;
using namespace ergo::test;

class TestDevice : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void processorComesFirst() {
    const std::vector<DeviceInfo> list = devices();
    QVERIFY(!list.empty());
    QVERIFY(list.front().name == "cpu");
    for (const DeviceInfo& device : list) {
      QVERIFY2(device.total_bytes > 0 && device.free_bytes == -1, device.name.c_str());
      const DeviceInfo now = with_free_memory(device.name);
      QVERIFY2(now.name == device.name && now.label == device.label, device.name.c_str());
      QVERIFY2(now.free_bytes > 0 && now.free_bytes <= now.total_bytes, device.name.c_str());
    }
    for (std::size_t i = 1; i < list.size(); ++i)
      QVERIFY(list[i].name == "cuda:" + std::to_string(i - 1));
  }

  void memoryIsInGibibytes() {
    QVERIFY(describe({"cuda:0", "Some GPU", 3LL << 30, 3LL << 29}) ==
            "Some GPU, 3.0 GiB, 1.5 GiB free");
    QVERIFY(describe({"cuda:0", "Some GPU", 3LL << 30}) == "Some GPU, 3.0 GiB");
  }

  void everyListedDeviceIsAccepted() {
    for (const DeviceInfo& device : devices())
      QVERIFY(require_device(device.name, "device") == device.name);
    if (devices().size() > 1) QVERIFY(require_device("cuda", "device") == "cuda:0");
  }

  void othersAreRefusedByName_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:64", "cuda:x"})
      QTest::newRow(name) << name;
  }
  void othersAreRefusedByName() {
    QFETCH(QString, name);
    const std::string text = name.toStdString();
    QCOMPARE(QString::fromStdString(wrong_error([&] { require_device(text, "run.device"); },
                                                ExitCode::config, "'run.device' is '" + text + "'",
                                                "'cpu'")),
             QString());
  }

  void aBuildWithoutCudaSaysSo() {
    if (built_with_cuda()) QSKIP("This build has CUDA.");
    QCOMPARE(QString::fromStdString(wrong_error([] { require_device("cuda", "device"); },
                                                ExitCode::config, "built without CUDA")),
             QString());
  }
};

QTEST_APPLESS_MAIN(TestDevice)
#include "tst_device.moc"
