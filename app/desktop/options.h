// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QSize>
#include <QString>
#include <QStringList>
#include <optional>

namespace ergo {

/// What the command line of the desktop program says.
struct Options {
  QString preset;
  QString seed;         ///< as written; empty: the preset's
  QStringList edits;    ///< "field=value", in order
  QStringList budgets;  ///< gradient evaluations of runs before the preset's own, in order
  QString exportFolder;
  QString theme;  ///< "light", "dark", or empty: as remembered
  QString screenshot;
  std::optional<double> screenshotAt;  ///< seconds after the start of the run; unset: at its end
  QSize size;                          ///< of the window; invalid: as remembered
  bool run = false, headless = false, force = false;
  QString printAndExit;  ///< answer to --help or --version
};

/// Needs no display. @throws Error{usage} naming the option and what it accepts.
Options parseOptions(const QStringList& arguments);

}  // namespace ergo
