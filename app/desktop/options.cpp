// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/options.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QRegularExpression>

#include "core/base/error.h"

namespace ergo {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ergo::Options", text); }

[[noreturn]] void refuse(const QString& sentence) {
  throw Error(ExitCode::usage, sentence.toStdString());
}

void declare(QCommandLineParser& parser) {
  parser.setApplicationDescription(
      tr("Compares samplers of Bayesian neural networks live, and meta-trains L2E.\n"
         "The command-line twin is ergoscope-cli."));
  parser.addOptions({
      {"preset", tr("Opens a shipped preset, or a file."), tr("id or path")},
      {"seed", tr("Seed of the run, or a range such as 1-5: one run after the other."),
       tr("number")},
      {"set", tr("Changes a field of the preset; may be repeated."), tr("field=value")},
      {"budgets",
       tr("Runs planned for so many gradient evaluations, e.g. 2000,6000, come first; they stay as "
          "marks in the picture of measures against cost."),
       tr("numbers")},
      {"run", tr("Starts the run at once.")},
      {"headless",
       tr("Shows no window: runs the preset, exports, and ends with the exit code of the run.")},
      {"export",
       tr("When the run has ended, writes its result, and all figures as PDF, SVG and PNG "
          "with their numbers, into a new or empty folder."),
       tr("folder")},
      {"force", tr("Replaces what exists in the export folder, and the screenshot.")},
      {"theme", tr("light or dark."), tr("name")},
      {"size", tr("Size of the window, e.g. 1600x1000."), tr("WxH")},
      {"screenshot", tr("Writes a picture of the window when the run ends, or as --at says."),
       tr("file")},
      {"at", tr("Takes the screenshot this many seconds after the run started; the run goes on."),
       tr("seconds")},
      {"version", tr("Prints the version.")},
      {"help", tr("Prints this help.")},
  });
}

QSize parseSize(const QString& text) {
  static const QRegularExpression pattern(QStringLiteral("^([0-9]{3,5})x([0-9]{3,5})$"));
  const auto match = pattern.match(text);
  const QSize size(match.captured(1).toInt(), match.captured(2).toInt());
  if (!match.hasMatch() || size.width() > 16384 || size.height() > 16384)
    refuse(tr("--size is '%1', but must be WxH with both from 100 to 16384, e.g. 1600x1000.")
               .arg(text));
  return size;
}

double parseSeconds(const QString& text) {
  bool fine = false;
  const double seconds = text.toDouble(&fine);  // C locale by definition of QString
  if (!fine || !(seconds >= 0 && seconds <= 86400))
    refuse(tr("--at is '%1', but must be a number of seconds from 0 to 86400.").arg(text));
  return seconds;
}

void readValues(const QCommandLineParser& parser, Options& options) {
  options.preset = parser.value("preset");
  options.seed = parser.value("seed");
  options.edits = parser.values("set");
  if (parser.isSet("budgets")) options.budgets = parser.value("budgets").split(',');
  options.exportFolder = parser.value("export");
  options.theme = parser.value("theme");
  options.screenshot = parser.value("screenshot");
  options.force = parser.isSet("force");
  options.headless = parser.isSet("headless");
  options.run = parser.isSet("run") || options.headless;
  if (parser.isSet("size")) options.size = parseSize(parser.value("size"));
  if (parser.isSet("at")) options.screenshotAt = parseSeconds(parser.value("at"));
}

void check(const Options& options) {
  if (options.run && options.preset.isEmpty())
    refuse(tr("--run and --headless need --preset with the id or path of a preset."));
  if (!options.edits.isEmpty() && options.preset.isEmpty())
    refuse(tr("--set needs --preset with the id or path of a preset."));
  if (!options.budgets.isEmpty() && !options.run)
    refuse(tr("--budgets needs --run or --headless: it says which runs come first."));
  if (!options.exportFolder.isEmpty() && !options.run)
    refuse(tr("--export needs --run or --headless: it writes what a run has made."));
  if (options.screenshotAt && options.screenshot.isEmpty())
    refuse(tr("--at needs --screenshot with the file to write."));
  if (!QStringList{QString(), "light", "dark"}.contains(options.theme))
    refuse(tr("--theme is '%1', but must be light or dark.").arg(options.theme));
  for (const QString& edit : options.edits)
    if (edit.indexOf('=') < 1) refuse(tr("--set is '%1', but must be field=value.").arg(edit));
}

}  // namespace

Options parseOptions(const QStringList& arguments) {
  QCommandLineParser parser;
  declare(parser);
  if (!parser.parse(arguments)) refuse(parser.errorText());
  Options options;
  if (parser.isSet("help"))
    options.printAndExit = parser.helpText();
  else if (parser.isSet("version"))
    options.printAndExit =
        QStringLiteral("ergoscope %1\n").arg(QCoreApplication::applicationVersion());
  if (!options.printAndExit.isEmpty()) return options;
  if (!parser.positionalArguments().isEmpty())
    refuse(tr("'%1' is not an option; a preset is given with --preset.")
               .arg(parser.positionalArguments().first()));
  readValues(parser, options);
  check(options);
  return options;
}

}  // namespace ergo
