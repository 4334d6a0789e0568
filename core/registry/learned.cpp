// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/registry/learned.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/config/meta_config.h"
#include "core/samplers/l2e_learned.h"
#include "core/samplers/l2e_scalar.h"
#include "core/samplers/meta_sgmcmc_learned.h"

namespace ergo {
namespace {

/// Makes a text field a choice; its first one is the default. `more` goes behind its explanation.
void offer(std::vector<Field>& fields, const std::string& name,
           const std::vector<std::string>& choices, const std::string& more = {}) {
  for (Field& field : fields) {
    if (field.name != name) continue;
    field.type = FieldType::choice;
    field.info.choices = choices;
    field.value = choices.front();
    if (!more.empty()) field.info.doc += " " + more;
  }
}

}  // namespace

const std::vector<LearnedSamplerRow>& learned_sampler_rows() {
  static const std::vector<LearnedSamplerRow> rows = {
      {{"l2e", "L2E", "(alpha, beta) by a network of nine features, 9-h1-h2-2",
        "Kim et al. 2024, arXiv:2408.09140", fields_of(L2eDynamicsConfig{})},
       l2e_initialisations,
       l2e_initialisation_doc,
       {"es", "truncated_backprop"},
       [](const nlohmann::json& dynamics) {
         return make_learned_l2e(read_config<L2eDynamicsConfig>(dynamics, "dynamics.", "preset"));
       },
       load_learned_l2e},
      {{"l2e_scalar", "L2E, scalar energy", "the gradient of a scalar energy, 9-h1-h2-1",
        "Kim et al. 2024, arXiv:2408.09140, appendix D; formula ours",
        fields_of(L2eDynamicsConfig{})},
       l2e_scalar_initialisations,
       l2e_scalar_initialisation_doc,
       {"es", "truncated_backprop"},
       [](const nlohmann::json& dynamics) {
         return make_learned_l2e_scalar(
             read_config<L2eDynamicsConfig>(dynamics, "dynamics.", "preset"));
       },
       load_learned_l2e_scalar},
      {{"meta_sgmcmc", "Meta-SGMCMC", "Q by a network 2-h-1, D by a network 3-h-1 (NNSGHMC)",
        "Gong et al. 2019, arXiv:1806.04522", fields_of(MetaSgmcmcDynamicsConfig{})},
       meta_sgmcmc_initialisations,
       meta_sgmcmc_initialisation_doc,
       {"stein_kl", "truncated_backprop", "es"},
       [](const nlohmann::json& dynamics) {
         return make_learned_meta_sgmcmc(
             read_config<MetaSgmcmcDynamicsConfig>(dynamics, "dynamics.", "preset"));
       },
       load_learned_meta_sgmcmc},
  };
  return rows;
}

const LearnedSamplerRow& learned_sampler_row(const std::string& id) {
  std::vector<std::string> known;
  for (const LearnedSamplerRow& row : learned_sampler_rows()) {
    if (row.entry.id == id) return row;
    known.push_back(row.entry.id);
  }
  throw Error(ExitCode::config, fmt::format("Field 'sampler' is '{}', but must be one of {}.", id,
                                            fmt::join(known, ", ")));
}

const std::vector<RegistryEntry>& trainer_entries() {
  static const std::vector<RegistryEntry> entries = {
      {"es", "Evolution strategies", "antithetic pairs of whole unrolls",
       "Vicol et al. 2021, arXiv:2112.13835", fields_of(EsConfig{})},
      {"truncated_backprop", "Truncated back-propagation",
       "the gradient through windows of an unroll, the meta-loss at the end of each",
       "Werbos 1990, Proc. IEEE 78(10); Gong et al. 2019, arXiv:1806.04522",
       fields_of(TruncatedBackpropConfig{})},
      {"stein_kl", "Stein-gradient KL",
       "the gradient of KL(draws, posterior) through windows of several chains, the entropy's by "
       "the Stein gradient estimator",
       "Gong et al. 2019, arXiv:1806.04522; Li & Turner 2018, arXiv:1705.07107",
       fields_of(SteinKlConfig{})},
  };
  return entries;
}

ChosenRows chosen_rows(const std::string& sampler, const std::string& trainer) {
  ChosenRows chosen{&learned_sampler_rows().front(), nullptr, fields_of(MetaConfig{})};
  std::vector<std::string> known;
  for (const LearnedSamplerRow& row : learned_sampler_rows()) {
    known.push_back(row.entry.id);
    if (row.entry.id == sampler) chosen.sampler = &row;
  }
  const std::vector<std::string>& fit = chosen.sampler->trainers;
  const std::string id =
      std::find(fit.begin(), fit.end(), trainer) == fit.end() ? fit.front() : trainer;
  for (const RegistryEntry& entry : trainer_entries()) {
    if (entry.id == id) chosen.trainer = &entry;
  }
  offer(chosen.loop, "sampler", known);
  offer(chosen.loop, "trainer", fit);
  return chosen;
}

std::vector<Field> trainer_fields(const RegistryEntry& trainer, const LearnedSamplerRow& sampler) {
  std::vector<Field> fields = trainer.fields;
  offer(fields, "initialisation", sampler.initialisations, sampler.initialisation_doc);
  return fields;
}

}  // namespace ergo
