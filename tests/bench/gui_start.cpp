// SPDX-License-Identifier: GPL-3.0-or-later
// How long from the start of the program to its first useful picture? Starts the desktop program
// with toy-foong running, in a process of its own and as if for the first time, and waits until
// the window has painted traces of the chains and a predictive band. Prints seconds, never passes
// or fails by them. Needs a display (packaging/bench.sh gives it Xvfb).
// Usage: gui_start [--json FILE] [repetitions, 5]
#include <time.h>

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <clocale>
#include <cstdio>

#include "app/desktop/program.h"
#include "core/base/error.h"
#include "core/io/atomic_file.h"
#include "tests/bench/figures.h"
#include "tests/bench/first_picture.h"
#include "tests/bench/table.h"

using namespace ergo;
using bench::Figures;

namespace {

/// Of a clock that all processes share.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The program itself: prints "trace T" and "predictive T" with the clock's times of these
/// paintings, and closes its window.
int child(char* name) {
  std::string words[] = {name, "--preset", "toy-foong", "--run", "--size", "1600x1000"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return runProgram(static_cast<int>(std::size(words)), arguments.data(), [](MainWindow& window) {
    window.setSavesInterrupted(false);  // it is closed on purpose
    auto* first = new bench::FirstPicture(&window, {"trace", "predictive"});
    QObject::connect(first, &bench::FirstPicture::painted, [](const QString& plot) {
      std::printf("%s %.6f\n", qPrintable(plot), seconds());
      std::fflush(stdout);
    });
    QObject::connect(first, &bench::FirstPicture::allPainted, &window, &QWidget::close);
  });
}

[[noreturn]] void fail(const QString& what) {
  throw Error(ExitCode::internal, "the program " + what.toStdString());
}

/// One start. Settings of the user of this machine neither help nor suffer.
Figures start() {
  constexpr int patience = 120000;  // ms; a machine that needs more has no figure
  const QTemporaryDir home;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("XDG_CONFIG_HOME"), home.path());
  QProcess program;
  program.setProcessEnvironment(environment);
  program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
  const double began = seconds();
  program.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--child")});
  if (!program.waitForFinished(patience)) fail("did not paint within 120 s");
  if (program.exitStatus() != QProcess::NormalExit) fail("crashed");
  Figures figures;
  for (const QByteArray& line : program.readAllStandardOutput().split('\n')) {
    const QList<QByteArray> words = line.split(' ');
    if (words.size() == 2) figures[words[0].toStdString() + "_s"] = words[1].toDouble() - began;
  }
  if (figures.size() != 2)
    fail(QStringLiteral("ended with status %1 before it had painted").arg(program.exitCode()));
  figures["first_picture_s"] = std::max(figures["trace_s"], figures["predictive_s"]);
  return figures;
}

int parent(const QStringList& arguments) {
  QCommandLineParser parser;
  parser.addOption(
      {QStringLiteral("json"), QStringLiteral("Writes the figures."), QStringLiteral("file")});
  if (!parser.parse(arguments)) throw Error(ExitCode::usage, parser.errorText().toStdString());
  bool fine = true;
  const int repetitions = parser.positionalArguments().value(0, QStringLiteral("5")).toInt(&fine);
  if (!fine || repetitions < 1) throw Error(ExitCode::usage, "repetitions must be a number >= 1");
  std::vector<Figures> all;
  std::vector<double> first;
  for (int i = 0; i < repetitions; ++i) {
    all.push_back(start());
    first.push_back(all.back()["first_picture_s"]);
    std::printf("start to: traces %.2f s, predictive bands %.2f s\n", all.back()["trace_s"],
                all.back()["predictive_s"]);
  }
  std::printf("start to first useful picture (goal <= 3): median %.2f s, most %.2f s\n",
              bench::quantile(first, 0.5), bench::quantile(first, 1.0));
  const QString json = parser.value(QStringLiteral("json"));
  if (!json.isEmpty()) io::write_file(json.toStdString(), bench::figures_json("gui_start", all));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--child") return child(argv[0]);
  const QCoreApplication app(argc, argv);
  std::setlocale(LC_NUMERIC, "C");
  try {
    return parent(QCoreApplication::arguments());
  } catch (const Error& error) {
    std::fprintf(stderr, "gui_start: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
