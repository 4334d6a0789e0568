// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/config/field.h"
#include "core/models/network.h"

namespace ergo {

struct Dataset;

/// Residual network with filter response normalisation, depth 2 * stages * blocks + 2:
///   stem     h = silu(frn(conv(image)))
///   block    h = silu(frn(conv(silu(frn(conv(h))))) + shortcut(h))
///   outputs  W mean_{pixels} h + b
/// with 3x3 convolutions with bias and frn(x) = max(gamma x / sqrt(mean_{pixels} x^2 + 1e-6) +
/// beta, tau) for each channel. The first block of every stage but the first halves the sides, its
/// first convolution by stride 2, the shortcut by every second pixel and zero channels on either
/// side. Blocks `stem.conv.weight` [widths 0, channels, 3, 3], `stem.conv.bias`, `stem.frn.gamma`
/// [widths 0], `.beta`, `.tau`, `blocks.i.conv1.weight`, ..., `blocks.i.frn2.tau`, `linear.weight`,
/// `linear.bias`. Chains start with gamma 1 and `linear.weight` 0.
///
/// Source: Kim et al. 2024, arXiv:2408.09140, whose published network it is but for one thing: a
/// convolution of stride 2 pads one pixel on each side, as PyTorch does, where JAX's SAME pads even
/// sides at their ends alone. FRN: Singh & Krishnan 2020, arXiv:1911.09737.
struct ResnetFrnConfig {
  std::int64_t blocks = 3;
  std::vector<std::int64_t> widths = {16, 32, 64};
  template <class V>
  void visit(V&& v) {
    v("blocks", blocks,
      FieldInfo{.min = 1,
                .max = 100,
                .doc = "resnet_frn: residual blocks of a stage; with three stages 3 is depth 20, 9 "
                       "depth 56."});
    v("widths", widths,
      FieldInfo{.min = 1, .max = 4096, .doc = "resnet_frn: channels of each stage."});
  }
};

/// @throws Error{config} for widths that fall, and when the stages cannot halve the images.
std::shared_ptr<const Network> make_resnet_frn(const ResnetFrnConfig& config, const Dataset& data,
                                               std::int64_t outputs);

}  // namespace ergo
