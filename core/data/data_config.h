// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/config/field.h"
#include "core/data/table/table_config.h"

namespace ergo {

/// Ids of data_sources().
std::vector<std::string> data_source_ids();

/// The "data" section of a preset: where the data come from and how they are split.
/// Fields of other sources than the chosen one are ignored.
struct DataConfig {
  std::string source = "foong";
  std::string seed = "1";
  std::int64_t train_size = 0, validation_size = 0, test_size = 0;
  bool standardise = true;
  double noise_sd = 0.0;
  double grid_min = 0.0, grid_max = 0.0;
  std::int64_t grid_points = 200;
  double amplitude = 1.0, frequency = 1.0, phase = 0.0, gap_min = -0.3, gap_max = 0.3;
  std::string file, target, leave_out, missing = "refuse", text_columns = "refuse";
  TableConfig table;
  double validation_fraction = 0.1, test_fraction = 0.1;
  std::string train_images, train_labels, test_images, test_labels;
  std::int64_t classes = 10;
  std::string class_names;
  bool normalise = true;

  template <class V>
  void visit(V&& v) {
    v("source", source,
      choice(data_source_ids(),
             "Where the data come from: one of three 1-D regression problems, a CSV file, or IDX "
             "images."));
    v("seed", seed,
      text("Seed of generated data and of the CSV shuffle, an unsigned 64-bit number "
           "in decimal; separate from the seed of the run."));
    visit_sizes(v);
    visit_curve(v);
    visit_csv(v);
    visit_idx(v);
  }

 private:
  static constexpr double no_limit = std::numeric_limits<double>::infinity();

  template <class V>
  void visit_sizes(V& v) {
    constexpr double most = 1e8;
    v("train_size", train_size,
      range(0, most, "points", "Number of training points; 0: the source's own number."));
    v("validation_size", validation_size,
      range(0, most, "points",
            "Number of validation points; 0: the source's own number (CSV: by fraction, IDX: "
            "none)."));
    v("test_size", test_size,
      range(0, most, "points",
            "Number of test points; 0: the source's own number (CSV: by fraction)."));
    v("standardise", standardise,
      text("Regression: shift and scale inputs and targets to mean 0 and sd 1 of the training set. "
           "The source gap always does so with its two inputs x and x^2."));
  }

  template <class V>
  void visit_curve(V& v) {
    v("noise_sd", noise_sd,
      range(0, 1e6, "",
            "Standard deviation of the observation noise of a "
            "generated problem, original units; 0: the source's own (foong and sine 0.1, gap "
            "0.01)."));
    v("grid_min", grid_min,
      range(-no_limit, no_limit, "",
            "Left end of the curve's grid in x; equal to "
            "grid_max: the source's own range.",
            true));
    v("grid_max", grid_max,
      range(-no_limit, no_limit, "",
            "Right end of the curve's grid in x; equal to "
            "grid_min: the source's own range.",
            true));
    v("grid_points", grid_points, range(2, 10000, "points", "Number of points of the grid.", true));
    v("amplitude", amplitude, range(-1e6, 1e6, "", "sine: A of y = A sin(2 pi f x + phase)."));
    v("frequency", frequency, range(0, 1e3, "1/x", "sine: f of y = A sin(2 pi f x + phase)."));
    v("phase", phase, range(-1e3, 1e3, "rad", "sine: phase of y = A sin(2 pi f x + phase)."));
    v("gap_min", gap_min,
      range(-1, 1, "",
            "sine: left end of the interval in [-1, 1] without "
            "training points; at or above gap_max: no gap."));
    v("gap_max", gap_max, range(-1, 1, "", "sine: right end of that interval."));
  }

  template <class V>
  void visit_csv(V& v) {
    v("file", file, file_name("csv: the file; a relative name starts at the preset's folder."));
    v("target", target,
      text("csv: name of the target column, or its number from 1; several with "
           "commas between; empty: the last column. All other columns are inputs."));
    v("leave_out", leave_out,
      text("csv: columns that are no inputs, by name or by number from 1, with commas between."));
    v("missing", missing,
      choice(
          {"refuse", "drop"},
          "csv: what to do with a row in which a used cell is missing (empty, or one of ? . - na "
          "n/a #n/a nan null none); drop: leave the row out."));
    v("text_columns", text_columns,
      choice({"refuse", "one_hot"},
             "csv: what to do with an input column of text; one_hot: an input of 0 or 1 for each "
             "text."));
    table.visit(v);
    v("validation_fraction", validation_fraction,
      range(0, 0.9, "",
            "csv: share of the rows, "
            "chosen by the seed, that become validation points."));
    v("test_fraction", test_fraction,
      range(0, 0.9, "",
            "csv: share of the rows, chosen by the "
            "seed, that become test points; at least one row does."));
  }

  template <class V>
  void visit_idx(V& v) {
    v("train_images", train_images, file_name("idx: IDX or IDX.gz file of the training images."));
    v("train_labels", train_labels, file_name("idx: IDX or IDX.gz file of the training labels."));
    v("test_images", test_images,
      file_name("idx: IDX or IDX.gz file of the test images; empty, like test_labels: the last "
                "test_size rows of the training files are the test points."));
    v("test_labels", test_labels, file_name("idx: IDX or IDX.gz file of the test labels."));
    v("classes", classes,
      range(2, 256, "", "idx: number of classes; labels are 0 to one less, or 1 to this number."));
    v("class_names", class_names,
      text("idx: names of the classes with commas between; empty: their numbers."));
    v("normalise", normalise,
      text("idx: subtract the mean of all training pixels of a channel and divide by "
           "their sd; otherwise pixels are 0 to 1."));
  }

  static FieldInfo text(const char* doc) {
    FieldInfo info;
    info.doc = doc;
    return info;
  }

  static FieldInfo file_name(const char* doc) {
    FieldInfo info = text(doc);
    info.file = true;
    return info;
  }

  static FieldInfo choice(std::vector<std::string> choices, const char* doc,
                          bool advanced = false) {
    FieldInfo info = text(doc);
    info.choices = std::move(choices);
    info.advanced = advanced;
    return info;
  }

  static FieldInfo range(double min, double max, const char* unit, const char* doc,
                         bool advanced = false) {
    FieldInfo info = text(doc);
    info.min = min;
    info.max = max;
    info.unit = unit;
    info.advanced = advanced;
    return info;
  }
};

}  // namespace ergo
