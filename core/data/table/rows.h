// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ergo::tables {

/// How the cells of a table are written.
struct Dialect {
  char separator = ',';  ///< a blank means blanks and tabs, any number of them
  char decimal = '.';
  std::string comment = "#";  ///< lines that begin with it are passed over; empty: none
};

/// A cell without the blanks around it; of a quoted one what stands between the quotes.
struct Cell {
  std::string_view raw;
  bool quoted = false;
  std::string text() const;  ///< with doubled quotes taken apart
};

/// Goes through the rows of a text. A line ends with \n, \r\n or \r, or inside a quoted cell not at
/// all. Blank lines and comments are no rows. Quotes are RFC 4180's, and count only at the start of
/// a cell.
class RowReader {
 public:
  /// @param line  number of the first line of `text` in its file.
  RowReader(std::string_view text, const Dialect& dialect, std::string source,
            std::int64_t line = 1);

  /// Passes over blank lines and comments. @return false at the end of the text.
  bool to_row();
  /// Reads the row that to_row() found.
  /// @throws Error{data} for a quote that is never closed.
  void read(std::vector<Cell>& cells);
  bool next(std::vector<Cell>& cells);
  /// Passes over `count` lines, whatever they hold.
  void skip_lines(std::int64_t count);

  std::int64_t line() const { return row_line_; }  ///< of the row's beginning, from 1
  std::string_view rest() const { return rest_; }
  std::int64_t next_line() const { return line_; }  ///< at which rest() begins
  /// For a reader that knows a faster way through this row, which it has left at `rest`, behind the
  /// end of the line.
  void advance(std::string_view rest);

 private:
  void end_line();
  Cell read_cell();
  bool read_quoted(Cell& cell);
  void skip_blanks();
  bool at_separator() const;
  bool at_line_end() const;

  std::string_view rest_;
  const Dialect& dialect_;
  std::string source_;
  std::int64_t line_, row_line_;
};

bool is_blank(char c);
bool is_line_end(char c);

}  // namespace ergo::tables
