// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/nnsghmc.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/torch.h"
#include "core/samplers/parameter_file.h"

namespace ergo {
namespace {

constexpr const char* id = "meta_sgmcmc";
constexpr double most_hidden = 256;

/// Calls visit(name, shape, values) for each tensor in file order.
template <class Parameters, class F>
void for_each_tensor(Parameters& p, F&& visit) {
  using Shape = std::vector<std::int64_t>;
  const auto network = [&visit](const std::string& name, auto& n) {
    visit(name + ".0.weight", Shape{n.hidden, n.inputs}, n.w0);
    visit(name + ".0.bias", Shape{n.hidden}, n.b0);
    visit(name + ".1.weight", Shape{1, n.hidden}, n.w1);
    visit(name + ".1.bias", Shape{1}, n.b1);
  };
  network("q", p.q);
  network("d", p.d);
}

NnsghmcTensors::Net views(const torch::Tensor& phi, const NnsghmcNetwork& like, std::int64_t& at) {
  const auto next = [&phi, &at](const std::vector<std::int64_t>& shape) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    at += size;
    return phi.slice(0, at - size, at).reshape(shape);
  };
  NnsghmcTensors::Net net;
  net.w0 = next({like.hidden, like.inputs});
  net.b0 = next({like.hidden});
  net.w1 = next({like.hidden});
  net.b1 = next({1});
  return net;
}

/// A network's value and slopes at inputs [chains, params, in].
struct Slopes {
  torch::Tensor value;               ///< [chains, params]
  std::vector<torch::Tensor> slope;  ///< by input
};

Slopes slopes(const NnsghmcTensors::Net& net, const torch::Tensor& inputs,
              const std::vector<std::int64_t>& wanted) {
  const torch::Tensor w0 = net.w0.to(inputs.options()), w1 = net.w1.to(inputs.options());
  const torch::Tensor before = torch::matmul(inputs, w0.t()) + net.b0.to(inputs.options());
  Slopes out{torch::matmul(torch::relu(before), w1) + net.b1.to(inputs.options()), {}};
  const torch::Tensor open = (before > 0).to(inputs.scalar_type());
  for (const std::int64_t input : wanted)
    out.slope.push_back(torch::matmul(open, w1 * w0.select(1, input)));
  return out;
}

}  // namespace

NnsghmcNetwork::NnsghmcNetwork(std::int64_t in, std::int64_t h)
    : inputs(in),
      hidden(h),
      w0(static_cast<std::size_t>(in * h), 0.0f),
      b0(static_cast<std::size_t>(h), 0.0f),
      w1(static_cast<std::size_t>(h), 0.0f),
      b1(1, 0.0f) {}

NnsghmcParameters::NnsghmcParameters(std::int64_t hidden) : q(2, hidden), d(3, hidden) {}

std::size_t NnsghmcParameters::size() const {
  std::size_t size = 0;
  for_each_tensor(*this, [&size](const std::string&, const auto&, const auto& values) {
    size += values.size();
  });
  return size;
}

std::vector<float> NnsghmcParameters::flat() const {
  std::vector<float> phi;
  for_each_tensor(*this, [&phi](const std::string&, const auto&, const auto& values) {
    phi.insert(phi.end(), values.begin(), values.end());
  });
  return phi;
}

void NnsghmcParameters::set_flat(const std::vector<float>& phi) {
  const float* next = phi.data();
  for_each_tensor(*this, [&next](const std::string&, const auto&, auto& values) {
    std::copy_n(next, values.size(), values.begin());
    next += values.size();
  });
}

NnsghmcParameters load_nnsghmc(const std::filesystem::path& file) {
  io::SafeTensors archive = io::load_safetensors(file);
  const std::string source = file.string();
  require_parameters_of(archive.metadata, id, source);
  double hidden = 10.0;
  read_parameter_number(archive.metadata, "hidden", hidden, 1, false, source);
  if (hidden != std::floor(hidden) || hidden > most_hidden) {
    throw Error(ExitCode::data, fmt::format("{}: metadata 'hidden' is '{}', but must be a whole "
                                            "number from 1 to {}.",
                                            source, archive.metadata.at("hidden"), most_hidden));
  }
  NnsghmcParameters parameters(static_cast<std::int64_t>(hidden));
  std::vector<std::string> names;
  for_each_tensor(parameters,
                  [&](const std::string& name, const auto&...) { names.push_back(name); });
  parameters.warnings = passed_over(archive, names, source);
  for_each_tensor(parameters, [&](const std::string& name, const auto& shape, auto& values) {
    values = parameter_tensor(archive, name, shape, source);
  });
  parameters.metadata = archive.metadata;
  read_parameter_number(archive.metadata, "step_multiplier", parameters.step_multiplier, 0, true,
                        source);
  read_parameter_number(archive.metadata, "friction", parameters.friction, 0, false, source);
  read_parameter_number(archive.metadata, "q_constant", parameters.q_constant, 0, false, source);
  return parameters;
}

void save_nnsghmc(const std::filesystem::path& file, const NnsghmcParameters& parameters) {
  io::SafeTensors archive;
  archive.metadata = parameters.metadata;
  archive.metadata["sampler"] = id;
  archive.metadata["hidden"] = fmt::format("{}", parameters.q.hidden);
  archive.metadata["step_multiplier"] = fmt::format("{}", parameters.step_multiplier);
  archive.metadata["friction"] = fmt::format("{}", parameters.friction);
  archive.metadata["q_constant"] = fmt::format("{}", parameters.q_constant);
  for_each_tensor(parameters,
                  [&archive](const std::string& name, const auto& shape, const auto& values) {
                    archive.arrays.push_back(io::from_floats(name, shape, values));
                  });
  io::save_safetensors(file, archive);
}

NnsghmcTensors::NnsghmcTensors(const torch::Tensor& phi, const NnsghmcParameters& like)
    : friction(like.friction), q_constant(like.q_constant) {
  std::int64_t at = 0;
  q = views(phi, like.q, at);
  d = views(phi, like.d, at);
}

NnsghmcQ nnsghmc_q(const NnsghmcTensors& phi, const torch::Tensor& u, const torch::Tensor& p) {
  const Slopes net = slopes(phi.q, torch::stack({u.expand_as(p), p}, 2), {0, 1});
  const torch::Tensor inside =
      (net.value.abs() < nnsghmc_most_q).to(p.scalar_type());  // the cut-off is flat
  return {net.value.clamp(-nnsghmc_most_q, nnsghmc_most_q) + phi.q_constant, inside * net.slope[0],
          inside * net.slope[1]};
}

NnsghmcD nnsghmc_d(const NnsghmcTensors& phi, const torch::Tensor& u, const torch::Tensor& p,
                   const torch::Tensor& g, const NnsghmcQ& q) {
  const Slopes net =
      slopes(phi.d, torch::stack({u.expand_as(p), p, g * nnsghmc_gradient_scale}, 2), {1});
  const torch::Tensor whole = q.value.square() * phi.friction + net.value.abs() * nnsghmc_d_scale;
  const torch::Tensor inside = (whole < nnsghmc_most_d).to(p.scalar_type());
  const torch::Tensor slope = q.value * q.by_momentum * (2.0 * phi.friction) +
                              net.value.sign() * net.slope[0] * nnsghmc_d_scale;
  return {whole.clamp_max(nnsghmc_most_d), inside * slope};
}

}  // namespace ergo
