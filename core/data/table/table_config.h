// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>

#include "core/config/field.h"

namespace ergo {

/// The fields of the data section that say how a table is written. Each guess of "auto" is printed
/// with the run, and can be overridden here.
struct TableConfig {
  std::string encoding = "auto", separator = "auto", decimal = "auto";
  std::string header = "auto", units_row = "auto", comment = "#";
  std::int64_t skip_lines = 0;

  template <class V>
  void visit(V&& v) {
    v("encoding", encoding,
      choice({"auto", "utf-8", "utf-16", "latin-1"},
             "csv: how the file stores letters; auto: by its first bytes."));
    v("separator", separator,
      choice({"auto", "comma", "semicolon", "tab", "bar", "blanks"},
             "csv: what stands between cells; blanks: any number of blanks and tabs; auto: the one "
             "that makes an even table of numbers, or the one of a line 'sep=;'."));
    v("decimal", decimal,
      choice({"auto", "point", "comma"},
             "csv: decimal mark; auto: the comma where it does not separate cells and makes more "
             "cells numbers."));
    v("header", header,
      choice({"auto", "yes", "no"},
             "csv: whether the first row holds names; auto: it does when it has text over columns "
             "of numbers."));
    v("units_row", units_row,
      choice({"auto", "yes", "no"},
             "csv: whether the row below the names is left out; auto: when no cell of it is a "
             "number."));
    v("comment", comment,
      FieldInfo{.doc = "csv: lines that begin with this are passed over; empty: none.",
                .advanced = true});
    v("skip_lines", skip_lines,
      FieldInfo{.min = 0,
                .max = 1e6,
                .unit = "lines",
                .doc = "csv: lines at the top of the file that do not belong to the table.",
                .advanced = true});
  }

 private:
  static FieldInfo choice(std::vector<std::string> choices, const char* doc) {
    return FieldInfo{.choices = std::move(choices), .doc = doc, .advanced = true};
  }
};

}  // namespace ergo
