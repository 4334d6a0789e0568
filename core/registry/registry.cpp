// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/registry/registry.h"

#include <algorithm>

#include "core/data/sources.h"
#include "core/likelihoods/likelihoods.h"
#include "core/models/models.h"
#include "core/registry/factories.h"
#include "core/samplers/csgmcmc.h"
#include "core/samplers/deep_ensemble.h"
#include "core/samplers/hmc.h"
#include "core/samplers/l2e.h"
#include "core/samplers/l2e_scalar.h"
#include "core/samplers/meta_sgmcmc.h"
#include "core/samplers/psgld.h"
#include "core/samplers/sghmc.h"
#include "core/samplers/sgld.h"
#include "core/samplers/sgnht.h"
#include "core/targets/targets.h"

namespace ergo {
namespace {

struct SamplerRow {
  SamplerEntry entry;
  std::unique_ptr<Sampler> (*make)(const nlohmann::json& section, const SamplerContext& context);
};

template <class Config>
Config own_config(const nlohmann::json& section, const std::string& id) {
  return read_known<Config>(section, id + ".", "preset");
}

template <class Config>
std::vector<Field> sampler_fields() {
  std::vector<Field> fields = fields_of(Config{});
  for (Field& field : fields_of(SamplerRunConfig{})) fields.push_back(std::move(field));
  return fields;
}

const std::vector<SamplerRow>& sampler_rows() {
  static const std::vector<SamplerRow> rows = {
      {{{"sghmc", "SGHMC",
         "r' = r - eps (grad U + C r) + sqrt(2 C eps T) n, theta' = theta + eps r'",
         "Chen, Fox & Guestrin 2014, arXiv:1402.4102, eq. 9", sampler_fields<SghmcConfig>()},
        {}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_sghmc(own_config<SghmcConfig>(s, "sghmc"), c);
       }},
      {{{"sgld", "SGLD", "theta' = theta - eps grad U + sqrt(2 eps T) n",
         "Welling & Teh 2011, ICML, eq. 4", sampler_fields<SgldConfig>()},
        {}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_sgld(own_config<SgldConfig>(s, "sgld"), c);
       }},
      {{{"psgld", "pSGLD",
         "theta' = theta - eps G grad U + sqrt(2 eps G T) n, G = 1 / (lambda + sqrt(v)), v the "
         "running mean of (grad U / n)^2; without the term Gamma",
         "Li et al. 2016, arXiv:1512.07666, algorithm 1", sampler_fields<PsgldConfig>()},
        {}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_psgld(own_config<PsgldConfig>(s, "psgld"), c);
       }},
      {{{"sgnht", "SGNHT",
         "r' = r - eps (grad U + xi r) + sqrt(2 C eps T) n, theta' = theta + eps r', "
         "xi' = xi + rate eps (r'.r' / d - T)",
         "Ding et al. 2014, NeurIPS, algorithm 2", sampler_fields<SgnhtConfig>()},
        {}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_sgnht(own_config<SgnhtConfig>(s, "sgnht"), c);
       }},
      {{{"csgmcmc", "Cyclical SGHMC",
         "SGHMC with eps(t)^2 = max^2/2 (1 + cos(pi p)); noise and draws in the last part of a "
         "cycle",
         "Zhang et al. 2020, arXiv:1902.03932, eq. 1 and algorithm 1",
         sampler_fields<CsgmcmcConfig>()},
        {}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_csgmcmc(own_config<CsgmcmcConfig>(s, "csgmcmc"), c);
       }},
      {{{"deep_ensemble", "Deep ensemble",
         "members by SGD with momentum (SGHMC at T = 0), cosine to zero, one draw each",
         "Lakshminarayanan et al. 2017, arXiv:1612.01474", sampler_fields<DeepEnsembleConfig>()},
        {.ensemble = true}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_deep_ensemble(own_config<DeepEnsembleConfig>(s, "deep_ensemble"), c);
       }},
      {{{"l2e", "L2E",
         "r' = r - eps (N g + alpha + C beta) + s n, theta' = theta + eps beta(theta, r')",
         "Kim et al. 2024, arXiv:2408.09140", sampler_fields<L2eConfig>()},
        {.learned = true}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_l2e(own_config<L2eConfig>(s, "l2e"), c);
       }},
      {{{"l2e_scalar", "L2E, scalar energy",
         "L2E with (alpha, beta) the gradient of a learned scalar energy K(theta, r)",
         "Kim et al. 2024, arXiv:2408.09140, appendix D; formula ours",
         sampler_fields<L2eScalarConfig>()},
        {.learned = true}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_l2e_scalar(own_config<L2eScalarConfig>(s, "l2e_scalar"), c);
       }},
      {{{"meta_sgmcmc", "Meta-SGMCMC",
         "p' = p - eps (Q grad U + D p - T Gamma_p) + sqrt(2 eps D T) n, theta' = theta + "
         "eps (Q(p') p' + T Gamma_theta), Q and D by networks (NNSGHMC)",
         "Gong et al. 2019, arXiv:1806.04522, eq. 8 and 9", sampler_fields<MetaSgmcmcConfig>()},
        {.learned = true}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_meta_sgmcmc(own_config<MetaSgmcmcConfig>(s, "meta_sgmcmc"), c);
       }},
      {{{"hmc", "HMC", "leapfrog on all data, identity mass, accept with min(1, exp(-dH))",
         "Neal 2011, arXiv:1206.1901, section 5.2", sampler_fields<HmcConfig>()},
        {.reference = true}},
       [](const nlohmann::json& s, const SamplerContext& c) {
         return make_hmc(own_config<HmcConfig>(s, "hmc"), c);
       }},
  };
  return rows;
}

const SamplerRow& sampler_row(const std::string& id) {
  std::vector<std::string> known;
  for (const SamplerRow& row : sampler_rows()) {
    if (row.entry.id == id) return row;
    known.push_back(row.entry.id);
  }
  throw Error(ExitCode::usage, "Sampler '" + id + "' is unknown" + nearest_hint(id, known));
}

}  // namespace

const std::vector<SamplerEntry>& sampler_entries() {
  static const std::vector<SamplerEntry> entries = [] {
    std::vector<SamplerEntry> list;
    for (const SamplerRow& row : sampler_rows()) list.push_back(row.entry);
    return list;
  }();
  return entries;
}

const SamplerEntry* find_sampler(const std::string& id) {
  const auto& all = sampler_entries();
  const auto at = std::find_if(all.begin(), all.end(),
                               [&id](const SamplerEntry& entry) { return entry.id == id; });
  return at == all.end() ? nullptr : &*at;
}

const std::vector<RegistryEntry>& model_entries() {
  static const std::vector<RegistryEntry> entries = [] {
    std::vector<RegistryEntry> list;
    for (const ModelRow& row : model_rows())
      list.push_back({row.id, row.label, row.doc, row.source, row.fields});
    return list;
  }();
  return entries;
}

const std::vector<RegistryEntry>& likelihood_entries() {
  static const std::vector<RegistryEntry> entries = [] {
    std::vector<RegistryEntry> list;
    for (const LikelihoodRow& row : likelihood_rows())
      list.push_back({row.id, row.label, row.doc, row.source, {}});
    return list;
  }();
  return entries;
}

const std::vector<RegistryEntry>& target_entries() {
  static const std::vector<RegistryEntry> entries = [] {
    std::vector<RegistryEntry> list;
    for (const TargetRow& row : target_rows())
      list.push_back({row.id, row.label, row.doc, row.source, row.fields});
    return list;
  }();
  return entries;
}

const std::vector<RegistryEntry>& dataset_entries() {
  static const std::vector<RegistryEntry> entries = [] {
    std::vector<RegistryEntry> list;
    for (const DataSource& row : data_sources()) {
      list.push_back({row.id, row.label, row.doc, row.reference, {}});
    }
    return list;
  }();
  return entries;
}

std::unique_ptr<Sampler> make_sampler(const std::string& id, const nlohmann::json& section,
                                      const SamplerContext& context) {
  return sampler_row(id).make(section, context);
}

SamplerRunConfig sampler_run_config(const nlohmann::json& section) {
  return own_config<SamplerRunConfig>(section, section.at("id").get<std::string>());
}

}  // namespace ergo
