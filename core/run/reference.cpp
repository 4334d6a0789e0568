// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run/reference.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/diagnostics/band.h"
#include "core/diagnostics/convergence.h"
#include "core/diagnostics/rhat.h"
#include "core/diagnostics/wasserstein.h"
#include "core/io/safetensors.h"

namespace ergo {

double Reference::self_distance() const {
  const std::int64_t half = chains / 2;
  if (half < 1) return undefined;
  const std::span<const double> all(f);
  const auto split = static_cast<std::size_t>(half * draws * grid);
  return diagnostics::mean_wasserstein(all.first(split), half * draws, all.subspan(split),
                                       (chains - half) * draws, grid);
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
  if (!f || f->shape.size() != 3 || !archive.metadata.contains("hash")) {
    throw Error(ExitCode::data, file.string() +
                                    ": not a reference: it needs a tensor 'f' of shape "
                                    "[chains, draws, grid] and metadata 'hash'.");
  }
  io::require_finite(*f, file.string());
  Reference reference{f->shape[0], f->shape[1], f->shape[2], f->doubles(), archive.metadata};
  return reference;
}

std::string serialise_reference(const Reference& reference) {
  io::SafeTensors archive;
  archive.metadata = reference.metadata;
  archive.arrays.push_back(io::from_floats("f", {reference.chains, reference.draws, reference.grid},
                                           {reference.f.begin(), reference.f.end()}));
  return io::serialise_sealed(archive);
}

}  // namespace ergo
