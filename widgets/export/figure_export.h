// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QByteArray>
#include <QString>

namespace ergo {

class Plot;

/// Physical size and resolution of a figure. The defaults are one column of a journal page.
struct FigureSpec {
  double widthMm = 89;   ///< 20..1000
  double heightMm = 60;  ///< 20..1000
  double fontPt = 8;     ///< 4..72, size of axis labels and legends in points
  int dpi = 600;         ///< 72..2400, PNG only
};

/// Writes the picture in paper style (white, Liberation Sans) whatever theme the screen has, and
/// its numbers as CSV beside it (same name, suffix `csv`). Works on a copy: the widget on the
/// screen is not touched. A zoomed plot is exported as zoomed.
///
/// `.pdf`: vector, fonts embedded, colour maps lossless; the page is rounded to whole points
/// (at most 0.18 mm). `.svg`: vector, size in mm. `.png`: `dpi` written into the file.
/// Both files are written atomically. GUI thread only.
/// @throws Error{usage} for an unknown suffix or a size out of range, Error{cannot_create} when a
/// file cannot be opened, Error{io} when writing fails; each names the file.
void exportFigure(const Plot& plot, const QString& path, const FigureSpec& spec = {});

/// Writes `bytes` to `path` atomically. @throws Error{cannot_create} or Error{io} naming the file.
void writeFileAtomically(const QString& path, const QByteArray& bytes);

}  // namespace ergo
