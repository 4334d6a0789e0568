// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/models/models.h"
#include "tests/support/potentials.h"

/// Layers of networks over images as loops over plain numbers, one image at a time.
namespace ergo::test {

/// Numbers of an image, or of the channels of a layer: [channels, height, width].
struct Planes {
  std::int64_t channels, height, width;
  std::vector<double> values;
  double at(std::int64_t c, std::int64_t y, std::int64_t x) const {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0.0;
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

/// Reads blocks one after the other, as the layout holds them.
class BlockReader {
 public:
  explicit BlockReader(const Network& network, const std::vector<double>& theta)
      : blocks_(network.layout().blocks()), theta_(theta) {}
  const double* operator()(const std::string& name) const {
    for (const BlockInfo& block : blocks_)
      if (block.name == name) return theta_.data() + block.offset;
    throw std::logic_error("no block " + name);
  }

 private:
  const std::vector<BlockInfo>& blocks_;
  const std::vector<double>& theta_;
};

/// Zero padding of side / 2 on each side.
inline Planes convolution(const Planes& in, std::int64_t filters, std::int64_t side,
                          const double* w, const double* b, std::int64_t stride = 1) {
  Planes out{filters, (in.height + stride - 1) / stride, (in.width + stride - 1) / stride, {}};
  for (std::int64_t o = 0; o < filters; ++o) {
    for (std::int64_t y = 0; y < in.height; y += stride) {
      for (std::int64_t x = 0; x < in.width; x += stride) {
        double sum = b[o];
        for (std::int64_t c = 0; c < in.channels; ++c) {
          for (std::int64_t i = 0; i < side; ++i) {
            for (std::int64_t j = 0; j < side; ++j) {
              sum += w[((o * in.channels + c) * side + i) * side + j] *
                     in.at(c, y + i - side / 2, x + j - side / 2);
            }
          }
        }
        out.values.push_back(sum);
      }
    }
  }
  return out;
}

inline std::vector<double> pooled(const Planes& in) {
  std::vector<double> out;
  for (std::int64_t c = 0; c < in.channels; ++c) {
    for (std::int64_t y = 0; y + 1 < in.height; y += 2) {
      for (std::int64_t x = 0; x + 1 < in.width; x += 2) {
        out.push_back(std::max(std::max(in.at(c, y, x), in.at(c, y, x + 1)),
                               std::max(in.at(c, y + 1, x), in.at(c, y + 1, x + 1))));
      }
    }
  }
  return out;
}

inline std::vector<double> linear(const std::vector<double>& in, std::int64_t outputs,
                                  const double* w, const double* b) {
  std::vector<double> out(b, b + outputs);
  for (double& sum : out) {
    for (const double x : in) sum += *w++ * x;
  }
  return out;
}

inline std::shared_ptr<Dataset> images(const InputShape& shape, std::int64_t count,
                                       std::int64_t classes) {
  auto data = std::make_shared<Dataset>(*small_data(shape.size(), classes, count));
  data->name = "made";
  data->train.x.shape = shape;
  return data;
}

inline std::int64_t parameters(const nlohmann::json& model, const InputShape& image,
                               std::int64_t classes) {
  return make_network(model, *images(image, 1, classes), classes)->layout().size();
}

}  // namespace ergo::test
