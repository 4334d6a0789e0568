// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/models.h"

#include "core/config/kind_table.h"
#include "core/data/dataset.h"
#include "core/models/mlp.h"

namespace ergo {
const std::vector<ModelRow>& model_rows() {
  static const std::vector<ModelRow> rows = {
      {"mlp", "Multilayer perceptron", "h_l = act(W_l h_{l-1} + b_l), last layer linear", "",
       fields_of(MlpConfig{}),
       [](const nlohmann::json& section, const Dataset& data, std::int64_t outputs) {
         return make_mlp(read_known<MlpConfig>(section, "model.", "preset"), data.inputs, outputs);
       }},
  };
  return rows;
}

std::vector<Field> model_fields() { return fields_by_kind(model_rows(), "Network family."); }

nlohmann::json model_values(const nlohmann::json& section) {
  const ModelRow& row = row_of_kind(model_rows(), section, "model.kind");
  nlohmann::json values = {{"kind", row.id}};
  for (const Field& field : row.fields) values[field.name] = section.value(field.name, field.value);
  return values;
}

nlohmann::json model_defaults(const nlohmann::json& section) {
  nlohmann::json values = {{"kind", model_rows().front().id}};
  for (const Field& field : row_of_kind(model_rows(), section, "model.kind").fields) {
    values[field.name] = field.value;
  }
  return values;
}

std::shared_ptr<const Network> make_network(const nlohmann::json& section, const Dataset& data,
                                            std::int64_t outputs) {
  return row_of_kind(model_rows(), section, "model.kind").make(section, data, outputs);
}

}  // namespace ergo
