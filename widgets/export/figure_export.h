// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QByteArray>
#include <QMap>
#include <QString>
#include <QStringList>
#include <memory>

namespace ergo {

class Plot;
struct FigurePage;

/// Physical size and resolution of a figure. The defaults are one column of a journal page.
struct FigureSpec {
  double widthMm = 89;   ///< 20..1000
  double heightMm = 60;  ///< 20..1000
  double fontPt = 8;     ///< 4..72, size of axis labels and legends in points
  int dpi = 600;         ///< 72..2400, PNG only
};

/// One picture of a run on its way to files, as it was when this was made: the run and the widget
/// on the screen may go on. In paper style (white, Liberation Sans) whatever theme the screen has;
/// a zoomed plot is exported as zoomed. GUI thread only.
///
/// `pdf`: vector, fonts embedded, colour maps lossless; the page is rounded to whole points (at
/// most 0.18 mm). `svg`: vector, size in mm. `png`: `dpi` written into the file. Beside them lie
/// `<name>.csv`, the numbers, and `<name>.json`, what is drawn of which run (figureRecord); the
/// JSON is also inside: a PDF has it attached, an SVG as `metadata`, a PNG as text "ergoscope".
class Figure {
 public:
  /// @param base folder and name without suffix
  /// @throws Error{usage} when the size is out of range
  Figure(const Plot& plot, const QString& base, const FigureSpec& spec);
  ~Figure();

  /// Draws one picture; nothing is written yet. @param suffix "pdf", "svg" or "png"
  void render(const QString& suffix);
  /// Writes what was rendered, numbers and record: all of it or, where one file cannot be written,
  /// nothing. Replaces what exists.
  /// @throws Error as writeFilesAtomically
  void write() const;
  /// The files that write() makes for pictures of these suffixes.
  static QStringList files(const QString& base, const QStringList& suffixes);

 private:
  FigureSpec m_spec;
  QString m_base;
  QByteArray m_record;
  std::unique_ptr<FigurePage> m_page;
  std::unique_ptr<Plot> m_copy;
  QMap<QString, QByteArray> m_files;
};

/// A figure of one picture; the suffix of `path` says which.
/// @throws Error{usage} for an unknown suffix, otherwise as Figure; nothing is written then.
void exportFigure(const Plot& plot, const QString& path, const FigureSpec& spec = {});

/// The files that exportFigure writes to: `path`, and its numbers and record.
QStringList figureFiles(const QString& path);

/// "<folder>/<name>.<suffix>", or with "-2", "-3", ... after the name: the first of which no file
/// of the figure exists.
QString freshFigure(const QString& folder, const QString& name, const QString& suffix);

/// Writes every file, or none: each is prepared beside its target and renamed when all are whole.
/// @throws Error{cannot_create} or Error{io}, naming every file that is not written; if a rename
/// fails half way it also names those that are.
void writeFilesAtomically(const QMap<QString, QByteArray>& files);

}  // namespace ergo
