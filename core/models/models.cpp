// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/models.h"

#include "core/config/kind_table.h"
#include "core/data/dataset.h"
#include "core/models/conv.h"
#include "core/models/mlp.h"
#include "core/models/resnet_frn.h"

namespace ergo {
const std::vector<ModelRow>& model_rows() {
  static constexpr const char* paper = "Kim et al. 2024, arXiv:2408.09140";
  static const std::vector<ModelRow> rows = {
      {"mlp", "Multilayer perceptron", "h_l = act(W_l h_{l-1} + b_l), last layer linear", "",
       fields_of(MlpConfig{}),
       [](const nlohmann::json& section, const Dataset& data, std::int64_t outputs) {
         return make_mlp(read_known<MlpConfig>(section, "model.", "preset"), data.inputs, outputs);
       }},
      {"conv", "Convolutions",
       "h_l = relu(conv3x3(h_{l-1})), 2x2 max pooling, two linear layers (images only)", paper,
       fields_of(ConvConfig{}),
       [](const nlohmann::json& section, const Dataset& data, std::int64_t outputs) {
         return make_conv(read_known<ConvConfig>(section, "model.", "preset"), data, outputs);
       }},
      {"conv_residual", "Convolutions with a shortcut",
       "as conv; the last ReLU takes conv1x1(image) too, one linear layer (images only)", paper,
       fields_of(ConvResidualConfig{}),
       [](const nlohmann::json& section, const Dataset& data, std::int64_t outputs) {
         return make_conv_residual(read_known<ConvResidualConfig>(section, "model.", "preset"),
                                   data, outputs);
       }},
      {"resnet_frn", "ResNet with filter response normalisation",
       "residual blocks of 3x3 convolutions, FRN and SiLU; global average, one linear layer "
       "(images "
       "only)",
       paper, fields_of(ResnetFrnConfig{}),
       [](const nlohmann::json& section, const Dataset& data, std::int64_t outputs) {
         return make_resnet_frn(read_known<ResnetFrnConfig>(section, "model.", "preset"), data,
                                outputs);
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
