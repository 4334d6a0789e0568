// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/reference.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/diagnostics/band.h"
#include "core/diagnostics/convergence.h"
#include "core/diagnostics/rhat.h"
#include "core/io/safetensors.h"

namespace ergo {

bool Reference::fits(const Dataset& data) const {
  if (data.task != Task::classification) return grid == data.grid.count;
  return classes == data.outputs && points == data.test.size();
}

PooledPredictive Reference::pooled(std::int64_t first, std::int64_t last) const {
  PooledPredictive out;
  out.classes = classes;
  if (classes > 0) {
    const auto size = static_cast<std::size_t>(points * classes);
    out.probability.assign(size, 0.0);
    for (std::int64_t c = first; c < last; ++c) {
      for (std::size_t i = 0; i < size; ++i)
        out.probability[i] +=
            probability[static_cast<std::size_t>(c) * size + i] / static_cast<double>(last - first);
    }
    return out;
  }
  out.draws = (last - first) * draws;
  out.grid = grid;
  out.f.assign(f.begin() + first * draws * grid, f.begin() + last * draws * grid);
  return out;
}

std::map<std::string, double> Reference::self_agreement() const {
  if (chains < 2) return {};
  return agreement(pooled(0, chains / 2), pooled(chains / 2, chains));
}

Band Reference::band() const { return diagnostics::band_of(f, chains * draws, grid); }

double worst_rhat(const Reference& reference) {
  std::vector<double> rhats;
  diagnostics::Chains chains(static_cast<std::size_t>(reference.chains),
                             std::vector<double>(static_cast<std::size_t>(reference.draws)));
  for (std::int64_t g = 0; g < reference.grid; ++g) {
    for (std::size_t c = 0; c < chains.size(); ++c) {
      for (std::size_t d = 0; d < chains[c].size(); ++d) {
        const std::size_t row = c * chains[c].size() + d;
        chains[c][d] =
            reference
                .f[row * static_cast<std::size_t>(reference.grid) + static_cast<std::size_t>(g)];
      }
    }
    rhats.push_back(diagnostics::rhat(chains));
  }
  return diagnostics::spread_of(std::move(rhats), true).worst;
}

Reference thinned(const Reference& reference, std::int64_t draws) {
  if (reference.draws <= draws) return reference;
  Reference out = reference;
  out.draws = draws;
  out.f.clear();
  const auto width = static_cast<std::size_t>(reference.grid);
  for (std::int64_t c = 0; c < reference.chains; ++c) {
    for (std::int64_t d = 0; d < draws; ++d) {
      const std::int64_t from = c * reference.draws + (d + 1) * reference.draws / draws - 1;
      const auto row = reference.f.begin() +
                       static_cast<std::ptrdiff_t>(from) * static_cast<std::ptrdiff_t>(width);
      out.f.insert(out.f.end(), row, row + static_cast<std::ptrdiff_t>(width));
    }
  }
  return out;
}

Reference load_reference(const std::filesystem::path& file) {
  const io::SafeTensors archive = io::load_safetensors(file);
  const io::Array* f = archive.find("f");
  const io::Array* p = archive.find("p");
  const io::Array* values = f ? f : p;
  if (!values || values->shape.size() != 3 || !archive.metadata.contains("hash")) {
    throw Error(ExitCode::data, file.string() +
                                    ": not a reference: it needs a tensor 'f' of shape "
                                    "[chains, draws, grid] or 'p' of shape [chains, points, "
                                    "classes], and metadata 'hash'.");
  }
  io::require_finite(*values, file.string());
  Reference reference;
  reference.metadata = archive.metadata;
  reference.chains = values->shape[0];
  if (f) {
    reference.draws = f->shape[1], reference.grid = f->shape[2];
    reference.f = f->doubles();
  } else {
    reference.points = p->shape[1], reference.classes = p->shape[2];
    reference.probability = p->doubles();
  }
  return reference;
}

std::string serialise_reference(const Reference& reference) {
  io::SafeTensors archive;
  archive.metadata = reference.metadata;
  if (reference.classes > 0) {
    archive.arrays.push_back(
        io::from_floats("p", {reference.chains, reference.points, reference.classes},
                        {reference.probability.begin(), reference.probability.end()}));
  } else {
    archive.arrays.push_back(io::from_floats("f",
                                             {reference.chains, reference.draws, reference.grid},
                                             {reference.f.begin(), reference.f.end()}));
  }
  return io::serialise_sealed(archive);
}

}  // namespace ergo
