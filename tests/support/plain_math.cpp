// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/plain_math.h"

#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "core/io/safetensors.h"

namespace ergo::test {
namespace {

double sigmoid(double z) { return 1.0 / (1.0 + std::exp(-z)); }

double activate(const std::string& kind, double z) {
  if (kind == "relu") return z > 0 ? z : 0.0;
  if (kind == "silu") return z * sigmoid(z);
  return std::tanh(z);
}

double derivative(const std::string& kind, double z) {
  if (kind == "relu") return z > 0 ? 1.0 : 0.0;
  if (kind == "silu") return sigmoid(z) + z * sigmoid(z) * (1.0 - sigmoid(z));
  return 1.0 - std::tanh(z) * std::tanh(z);
}

/// -log of a normal density without its square.
double log_normaliser(double sd) { return std::log(sd) + 0.5 * std::log(2.0 * std::numbers::pi); }

/// Pre-activations z[l] and inputs h[l] of every layer at one example.
struct Pass {
  std::vector<Vector> h, z;
};

Pass forward(const PlainMlp& net, const Vector& theta, const Vector& x) {
  Pass pass;
  pass.h.push_back(x);
  std::size_t at = 0;
  for (std::size_t l = 0; l < net.layers(); ++l) {
    const auto in = static_cast<std::size_t>(net.widths[l]);
    const auto out = static_cast<std::size_t>(net.widths[l + 1]);
    Vector z(out), h(out);
    for (std::size_t o = 0; o < out; ++o) {
      z[o] = theta[at + out * in + o];
      for (std::size_t i = 0; i < in; ++i) z[o] += theta[at + o * in + i] * pass.h[l][i];
      h[o] = activate(net.activation, z[o]);
    }
    at += out * in + out;
    pass.z.push_back(z);
    pass.h.push_back(h);
  }
  return pass;
}

void backward(const PlainMlp& net, const Vector& theta, const Pass& pass, Vector delta,
              Vector& grad) {
  std::size_t end = net.size();
  for (std::size_t l = net.layers(); l-- > 0;) {
    const auto in = static_cast<std::size_t>(net.widths[l]);
    const auto out = static_cast<std::size_t>(net.widths[l + 1]);
    const std::size_t at = end - out * in - out;
    Vector next(in, 0.0);
    for (std::size_t o = 0; o < out; ++o) {
      grad[at + out * in + o] += delta[o];
      for (std::size_t i = 0; i < in; ++i) {
        grad[at + o * in + i] += delta[o] * pass.h[l][i];
        next[i] += delta[o] * theta[at + o * in + i];
      }
    }
    if (l > 0) {
      for (std::size_t i = 0; i < in; ++i) next[i] *= derivative(net.activation, pass.z[l - 1][i]);
    }
    delta = next;
    end = at;
  }
}

double softmax_loss(const Vector& logits, std::size_t label, Vector& delta) {
  double top = logits[0], sum = 0.0;
  for (const double z : logits) top = std::max(top, z);
  for (const double z : logits) sum += std::exp(z - top);
  for (std::size_t c = 0; c < logits.size(); ++c) {
    delta[c] = std::exp(logits[c] - top) / sum - (c == label ? 1.0 : 0.0);
  }
  return top + std::log(sum) - logits[label];
}

double add_prior(const PlainPosterior& p, const Vector& theta, Vector& grad) {
  double sum = 0.0;
  std::size_t at = 0;
  for (std::size_t l = 0; l < p.network.layers(); ++l) {
    const auto in = static_cast<std::size_t>(p.network.widths[l]);
    const auto out = static_cast<std::size_t>(p.network.widths[l + 1]);
    const double weight_sd = p.weight_prior / std::sqrt(static_cast<double>(in));
    for (std::size_t i = 0; i < out * in + out; ++i, ++at) {
      const double sd = i < out * in ? weight_sd : p.bias_prior;
      sum += theta[at] * theta[at] / (2.0 * sd * sd) + log_normaliser(sd);
      grad[at] += theta[at] / (sd * sd);
    }
  }
  return sum;
}

double number(const io::SafeTensors& file, const char* key) {
  const std::string& text = file.metadata.at(key);
  double value = NAN;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

constexpr std::array<double, 6> decays = {0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};

}  // namespace

std::vector<std::size_t> PlainMlp::block_sizes() const {
  std::vector<std::size_t> sizes;
  for (std::size_t l = 0; l < layers(); ++l) {
    sizes.push_back(static_cast<std::size_t>(widths[l] * widths[l + 1]));
    sizes.push_back(static_cast<std::size_t>(widths[l + 1]));
  }
  return sizes;
}

std::size_t PlainMlp::size() const {
  std::size_t sum = 0;
  for (const std::size_t size : block_sizes()) sum += size;
  return sum;
}

double PlainPosterior::potential(const Vector& theta, Vector* grad) const {
  Vector slope(theta.size(), 0.0);
  double likelihood = 0.0;
  for (std::size_t row = 0; row < x.size(); ++row) {
    const Pass pass = forward(network, theta, x[row]);
    const Vector& f = pass.z.back();
    Vector delta(f.size());
    if (labels.empty()) {
      const double residual = f[0] - y[row];
      likelihood += residual * residual / (2.0 * noise_sd * noise_sd) + log_normaliser(noise_sd);
      delta[0] = residual / (noise_sd * noise_sd);
    } else {
      likelihood += softmax_loss(f, static_cast<std::size_t>(labels[row]), delta);
    }
    for (double& d : delta) d *= likelihood_scale;
    backward(network, theta, pass, delta, slope);
  }
  const double prior = add_prior(*this, theta, slope);
  if (grad) *grad = slope;
  return likelihood_scale * likelihood + prior;
}

PlainL2e PlainL2e::read(const std::filesystem::path& path) {
  const io::SafeTensors file = io::load_safetensors(path);
  PlainL2e l2e;
  l2e.w0 = file.find("layers.0.weight")->doubles();
  l2e.b0 = file.find("layers.0.bias")->doubles();
  l2e.w1 = file.find("layers.1.weight")->doubles();
  l2e.b1 = file.find("layers.1.bias")->doubles();
  l2e.w2 = file.find("layers.2.weight")->doubles();
  l2e.b2 = file.find("layers.2.bias")->doubles();
  l2e.alpha_multiplier = number(file, "alpha_multiplier");
  l2e.beta_multiplier = number(file, "beta_multiplier");
  l2e.friction = number(file, "friction");
  l2e.noise_multiplier = number(file, "noise_multiplier");
  l2e.step_multiplier = number(file, "step_multiplier");
  l2e.data_size = number(file, "data_size");
  l2e.official_noise = file.metadata.at("noise_form") != "paper";
  return l2e;
}

std::pair<double, double> PlainL2e::network(const double* x) const {
  const std::size_t first = b0.size(), second = b1.size();
  Vector h0(first), h1(second);
  std::array<double, 2> out{};
  for (std::size_t o = 0; o < first; ++o) {
    h0[o] = b0[o];
    for (std::size_t i = 0; i < 9; ++i) h0[o] += w0[o * 9 + i] * x[i];
    h0[o] = h0[o] > 0 ? h0[o] : 0.0;
  }
  for (std::size_t o = 0; o < second; ++o) {
    h1[o] = b1[o];
    for (std::size_t i = 0; i < first; ++i) h1[o] += w1[o * first + i] * h0[i];
    h1[o] = h1[o] > 0 ? h1[o] : 0.0;
  }
  for (std::size_t o = 0; o < 2; ++o) {
    out[o] = b2[o];
    for (std::size_t i = 0; i < second; ++i) out[o] += w2[o * second + i] * h1[i];
  }
  return {out[0], out[1]};
}

double PlainL2e::step_size() const { return std::sqrt(step_multiplier / data_size); }

double PlainL2e::noise_scale() const {
  return std::sqrt(2.0 * friction * noise_multiplier * (official_noise ? 1.0 : step_size()));
}

void PlainL2e::kinetic(const std::vector<std::size_t>& blocks, const Vector& g,
                       const PlainState& state, Vector& alpha, Vector& beta) const {
  std::array<const Vector*, 9> feature = {&g, &state.theta, &state.r};
  for (std::size_t j = 0; j < 6; ++j) feature[3 + j] = &state.averages[j];
  alpha.assign(g.size(), 0.0);
  beta.assign(g.size(), 0.0);
  std::size_t begin = 0;
  for (const std::size_t size : blocks) {
    std::array<double, 9> rms{}, x{};
    for (std::size_t f = 0; f < 9; ++f) {
      for (std::size_t i = begin; i < begin + size; ++i) rms[f] += std::pow((*feature[f])[i], 2);
      rms[f] = std::sqrt(1e-5 + rms[f] / static_cast<double>(size));
    }
    for (std::size_t i = begin; i < begin + size; ++i) {
      for (std::size_t f = 0; f < 9; ++f) x[f] = (*feature[f])[i] / rms[f];
      const auto [a, b] = network(x.data());
      alpha[i] = alpha_multiplier * a;
      beta[i] = beta_multiplier * b;
    }
    begin += size;
  }
}

void PlainL2e::step(const std::vector<std::size_t>& blocks, double data_count, const Vector& grad,
                    const Vector& noise, PlainState& state) const {
  const double eps = step_size();
  Vector g = grad, alpha, beta;
  for (double& value : g) value /= data_count;
  for (std::size_t j = 0; j < 6; ++j) {
    for (std::size_t i = 0; i < g.size(); ++i) {
      double& m = state.averages[j][i];
      m = decays[j] * m + (1.0 - decays[j]) * g[i];
    }
  }
  kinetic(blocks, g, state, alpha, beta);
  for (std::size_t i = 0; i < g.size(); ++i) {
    state.r[i] -= eps * (data_size * g[i] + alpha[i] + friction * beta[i]);
    if (!noise.empty()) state.r[i] += noise_scale() * noise[i];
  }
  kinetic(blocks, g, state, alpha, beta);
  for (std::size_t i = 0; i < g.size(); ++i) state.theta[i] += eps * beta[i];
}

void plain_sghmc(double eps, double friction, double temperature, const Vector& grad,
                 const Vector& noise, PlainState& state) {
  const double scale = std::sqrt(2.0 * friction * eps * temperature);
  for (std::size_t i = 0; i < grad.size(); ++i) {
    state.r[i] -= eps * (grad[i] + friction * state.r[i]);
    if (!noise.empty()) state.r[i] += scale * noise[i];
    state.theta[i] += eps * state.r[i];
  }
}

}  // namespace ergo::test
