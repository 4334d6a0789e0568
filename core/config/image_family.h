// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/field.h"

/// Sections of a meta-training preset whose tasks are images. Torch-free.
namespace ergo {

/// Random image classifications: which images, how many and how large, and the networks.
struct ImageFamilyConfig {
  std::string sets;
  std::vector<std::int64_t> sides = {14, 7};
  std::int64_t images_min = 1000, images_max = 8000;
  std::int64_t loss_images = 256;
  std::int64_t classes = 10;
  double label_noise = 0.0;
  std::int64_t batch_size = 64;
  std::string networks = "mlp";
  std::int64_t width_min = 10, width_max = 40;
  std::int64_t depth_min = 1, depth_max = 2;
  std::string activations = "relu,tanh,silu";
  std::vector<std::int64_t> conv_widths = {4, 8};
  std::int64_t conv_depth_min = 1, conv_depth_max = 3;
  double weight_prior = 1.4, bias_prior = 1.0;

  template <class V>
  void visit(V&& v) {
    visit_images(v);
    visit_networks(v);
  }

 protected:
  template <class V>
  void visit_images(V& v) {
    v("sets", sets,
      FieldInfo{.doc = "Folders with images-idx3-ubyte.gz and labels-idx1-ubyte.gz, with commas "
                       "between; FOLDER:2 is drawn twice as often as FOLDER. Relative ones start "
                       "at the preset's folder, then at the folder of shipped presets."});
    v("sides", sides,
      FieldInfo{.min = 2,
                .max = 256,
                .unit = "pixels",
                .doc = "Height and width of the images, each entry equally often; the mean over "
                       "the area that a pixel covers."});
    v("images_min", images_min,
      FieldInfo{.min = 4, .max = 1e8, .doc = "Fewest training images; drawn log-uniformly."});
    v("images_max", images_max,
      FieldInfo{.min = 4,
                .max = 1e8,
                .doc = "Most training images; fewer where a set has not so many beside those of "
                       "the meta-loss."});
    v("loss_images", loss_images,
      FieldInfo{.min = 1,
                .max = 1e6,
                .doc = "Images of the meta-loss, none of them a training image, the same for both "
                       "arms."});
    v("classes", classes, FieldInfo{.min = 2, .max = 256, .doc = "Labels are 0 to one less."});
    v("label_noise", label_noise,
      FieldInfo{.min = 0,
                .max = 1,
                .doc = "Largest share of training labels that are drawn anew; each task's share "
                       "is uniform from 0."});
  }

  template <class V>
  void visit_networks(V& v) {
    v("batch_size", batch_size,
      FieldInfo{.min = 1, .max = 1e6, .doc = "Training images of a gradient."});
    v("networks", networks,
      FieldInfo{.doc = "Kinds of networks, with commas between: mlp, conv, conv_residual; mlp:3 is "
                       "drawn three times as often as mlp."});
    v("width_min", width_min,
      FieldInfo{.min = 1, .max = 4096, .doc = "Narrowest hidden layer of an mlp."});
    v("width_max", width_max,
      FieldInfo{.min = 1, .max = 4096, .doc = "Widest hidden layer of an mlp."});
    v("depth_min", depth_min,
      FieldInfo{.min = 1, .max = 16, .doc = "Fewest hidden layers of an mlp."});
    v("depth_max", depth_max,
      FieldInfo{.min = 1, .max = 16, .doc = "Most hidden layers of an mlp."});
    v("activations", activations,
      FieldInfo{.doc = "Activations of the multilayer perceptrons, with commas between, each "
                       "equally often."});
    v("conv_widths", conv_widths,
      FieldInfo{
          .min = 1, .max = 1024, .doc = "Filters of a convolution, each entry equally often."});
    v("conv_depth_min", conv_depth_min,
      FieldInfo{.min = 1, .max = 16, .doc = "Fewest convolutions of a network with them."});
    v("conv_depth_max", conv_depth_max,
      FieldInfo{.min = 1, .max = 16, .doc = "Most convolutions of a network with them."});
    v("weight_prior", weight_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "w0 of the weight prior w0 / sqrt(fan_in)."});
    v("bias_prior", bias_prior,
      FieldInfo{.min = 0, .open_min = true, .doc = "sd of the bias prior."});
  }
};

/// Scores of a training on image tasks that it never sees, with longer runs.
struct TransferConfig : ImageFamilyConfig {
  TransferConfig() {
    sides = {28};
    images_min = images_max = 8000;
    loss_images = 2000;
    batch_size = 128;
    width_min = 40, width_max = 60;
    depth_min = depth_max = 2;
  }
  std::int64_t every = 0;
  std::int64_t tasks = 16;
  std::vector<std::int64_t> budgets = {4000, 20000};
  std::string field;
  std::vector<double> values;

  template <class V>
  void visit(V&& v) {
    v("every", every,
      FieldInfo{.min = 0,
                .max = 1e6,
                .doc = "Iterations between transfer scores, a multiple of validate_every; the "
                       "parameters with the best one are kept. 0: none, the training family's "
                       "score decides."});
    v("tasks", tasks, FieldInfo{.min = 2, .max = 1e5, .doc = "Frozen tasks of the score."});
    v("budgets", budgets,
      FieldInfo{.min = 10,
                .max = 1e8,
                .unit = "steps",
                .doc = "Gradient evaluations of a chain; the score is the mean over them."});
    v("field", field,
      FieldInfo{.doc = "Field of dynamics that is chosen anew for each budget by the mean over "
                       "the tasks, as a user would tune it; empty: none."});
    v("values", values, FieldInfo{.doc = "What it is chosen from."});
    visit_images(v);
    visit_networks(v);
  }
};

}  // namespace ergo
