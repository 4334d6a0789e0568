// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/config/find_file.h"
#include "core/io/sha256.h"
#include "core/presets/store.h"
#include "core/run/reference.h"
#include "core/run/reference_settings.h"

using namespace ergo;
using nlohmann::json;

namespace {

template <class Config>
Config config_of(const Preset& preset, const std::string& section) {
  return read_config<Config>(section_values(preset, section), section + ".", preset.id);
}

SettingHash settings_of(const Preset& preset) {
  return reference_settings(config_of<DataConfig>(preset, "data"), section_values(preset, "model"),
                            config_of<PosteriorConfig>(preset, "posterior"));
}

}  // namespace

/// Which stored references fit which settings.
class TestReferences : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void shippedReferencesMatch() {
    int stored = 0;
    for (const std::string& id : preset_ids()) {
      const Preset preset = load_preset(id);
      if (preset.kind() != "compare") continue;
      const json run = section_values(preset, "");
      if (run.at("reference") != "stored") continue;
      const Reference reference =
          load_reference(find_file(run.at("reference_file"), file_folders(preset)));
      QVERIFY2(settings_of(preset).matches(reference.metadata.at("hash")), id.c_str());
      ++stored;
    }
    QCOMPARE(stored, 4);
  }

  void otherSettingsDoNotMatch() {
    for (const char* change : {"data.seed=2", "model.hidden=50", "posterior.noise_sd=0.2"}) {
      Preset preset = load_preset("toy-foong");
      const std::string hash = settings_of(preset).hex();
      const std::string text = change;
      set_field(preset, text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
      QVERIFY2(!settings_of(preset).matches(hash), change);
    }
  }

  /// A hash leaves out what is at its default, so a default that changes would give old files
  /// another meaning: instead add a field. The text is the rule of schema 1 for all defaults.
  void defaultsStay() {
    const std::string all = R"([{"amplitude":1.0,"classes":10,"file":"","frequency":1.0,)"
                            R"("gap_max":0.3,"gap_min":-0.3,"grid_max":0.0,"grid_min":0.0,)"
                            R"("grid_points":200,"header":"auto","noise_sd":0.0,)"
                            R"("normalise":true,"phase":0.0,"seed":"1","source":"foong",)"
                            R"("standardise":true,"target":"","test_fraction":0.1,)"
                            R"("test_images":"","test_labels":"","test_size":0,)"
                            R"("train_images":"","train_labels":"","train_size":0,)"
                            R"("validation_fraction":0.1,"validation_size":0},)"
                            R"({"activation":"tanh","hidden":[50,50],"kind":"mlp"},)"
                            R"({"bias_prior":1.0,"noise_sd":0.1,"weight_prior":1.0}])";
    const SettingHash defaults = reference_settings({}, json::object(), {});
    QVERIFY(defaults.matches(io::sha256_hex(all)));
    QCOMPARE(defaults.hex(), io::sha256_hex("[{},{},{}]"));
  }
};

QTEST_GUILESS_MAIN(TestReferences)
#include "tst_references.moc"
