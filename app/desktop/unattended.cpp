// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/unattended.h"

#include <QBuffer>
#include <QDir>
#include <QFileInfo>
#include <QPixmap>
#include <QTimer>
#include <algorithm>
#include <csignal>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/printable.h"
#include "core/io/atomic_file.h"
#include "core/run/summary.h"

namespace ergo {
namespace {

void printLine(const QString& line) {
  std::fprintf(stderr, "ergoscope: %s\n", printable(line.toStdString()).c_str());
}

constexpr const char* budgetField = "gradient_evaluations";

using Results = std::vector<std::shared_ptr<const RunResult>>;

/// The same as the command line's.
std::string tableOf(const Results& results) {
  if (results.size() == 1) return table(*results.front());
  std::vector<RunResult> all;
  for (const auto& result : results) all.push_back(*result);
  return summary_table(summarise(all));
}

/// Several seeds have a folder each, as with `ergoscope-cli run --seeds`.
void save(const Results& results, io::ResultFolder& folder) {
  if (results.size() == 1) return archive(*results.front(), folder, false);
  for (const auto& result : results)
    archive(*result, folder.inner(QStringLiteral("s%1").arg(result->seed).toStdString()),
            {true, false});
}

}  // namespace

Unattended::Unattended(Options options, MainWindow* window)
    : QObject(window), m_options(std::move(options)), m_window(window) {
  connect(window, &MainWindow::errorShown, this, &Unattended::complain);
  connect(window->runs(), &RunController::ended, this, &Unattended::endRun);
  connect(window->figures(), &FigureJob::finished, this, &Unattended::endExport);
  if (!m_options.exportFolder.isEmpty()) window->setSavesInterrupted(false);
}

void Unattended::start() {
  try {
    prepare();
  } catch (const Error& error) {
    m_window->showError(static_cast<int>(error.code()), QString::fromStdString(error.what()));
    return leave();
  }
  if (m_options.run && m_exitCode == 0) {
    m_started = true;
    startNext();
  }
  if (m_options.run && m_window->runs()->state() == RunState::idle) return leave();
  schedulePicture();
}

void Unattended::startNext() {
  if (!m_budgets.isEmpty())
    m_window->document()->edit(QLatin1String(budgetField), m_budgets.takeFirst());
  m_window->startRun();
}

void Unattended::prepare() {
  if (m_options.preset.isEmpty()) m_window->openFirstPreset();
  if (!m_options.preset.isEmpty() && !m_window->openPreset(m_options.preset)) return;
  if (m_options.run && !m_window->document()->isOpen())
    throw Error(
        ExitCode::usage,
        tr("Preset '%1' is for meta-training, but --run and --headless run comparisons; use "
           "ergoscope-cli meta-train.")
            .arg(m_options.preset)
            .toStdString());
  for (const QString& edit : m_options.edits)
    m_window->document()->edit(edit.section('=', 0, 0), edit.section('=', 1));
  if (!m_options.seed.isEmpty()) m_window->document()->editSeed(m_options.seed);
  prepareBudgets();
  prepareFiles();
}

/// Every budget is tried before the first run.
void Unattended::prepareBudgets() {
  if (m_options.budgets.isEmpty()) return;
  PresetDocument* document = m_window->document();
  const auto own = document->field(QLatin1String(budgetField));
  m_budgets = m_options.budgets;
  m_budgets << QString::number(own ? own->value.get<std::int64_t>() : 0);
  for (const QString& budget : m_budgets) document->edit(QLatin1String(budgetField), budget);
}

/// Before anything is computed: what the run will write must not replace anything unasked.
void Unattended::prepareFiles() {
  if (!m_options.screenshot.isEmpty() && !m_options.force &&
      QFileInfo::exists(m_options.screenshot))
    throw Error(
        ExitCode::cannot_create,
        tr("The file '%1' exists; --force replaces it.").arg(m_options.screenshot).toStdString());
  if (!m_options.exportFolder.isEmpty())
    m_folder.emplace(m_options.exportFolder.toStdString(), m_options.force);
}

void Unattended::schedulePicture() {
  if (m_options.screenshot.isEmpty() || (m_options.run && !m_options.screenshotAt)) return;
  const auto delay = static_cast<int>(1000 * m_options.screenshotAt.value_or(1.0));
  QTimer::singleShot(delay, this, &Unattended::takePicture);
}

void Unattended::takePicture() {
  m_window->board()->refresh(10000);  // every dirty picture, whatever it takes
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  m_window->grab().save(&buffer, "PNG");
  try {
    io::write_file(m_options.screenshot.toStdString(),
                   {bytes.constData(), static_cast<std::size_t>(bytes.size())});
  } catch (const Error& error) {
    complain(static_cast<int>(error.code()), QString::fromStdString(error.what()));
  }
}

void Unattended::endRun() {
  if (!m_started) return;
  const bool whole = !m_window->runs()->results().empty() && m_exitCode == 0;
  if (whole && !m_window->runs()->wasStopped() && !m_budgets.isEmpty()) return startNext();
  m_started = false;
  if (!m_options.screenshot.isEmpty() && !m_options.screenshotAt) takePicture();
  const Results& results = m_window->runs()->results();
  if (results.empty()) return leave();
  if (std::any_of(results.begin(), results.end(), [](const auto& r) { return r->all_diverged(); }))
    complain(static_cast<int>(ExitCode::internal), tr("All chains diverged."));
  if (m_options.headless) {
    std::fputs(tableOf(results).c_str(), stdout);
    std::fflush(stdout);
  }
  if (m_options.exportFolder.isEmpty()) return leave();
  exportResult();
}

void Unattended::exportResult() {
  m_window->background()->run(
      [this, results = m_window->runs()->results()] {
        save(results, *m_folder);
        m_folder->inner("figures");  // not through a link to somewhere else
      },
      [this](int code, const QString& sentence) {
        if (code != 0) {
          m_window->showError(code, sentence);
          return leave();
        }
        m_window->figures()->start(m_options.exportFolder + QStringLiteral("/figures"),
                                   m_options.force);
      });
}

void Unattended::endExport(int code, const QString& sentence) {
  if (m_options.exportFolder.isEmpty()) return;
  m_folder.reset();
  if (code == 0)
    printLine(tr("%1: %2").arg(QDir::toNativeSeparators(m_options.exportFolder), sentence));
  leave();
}

void Unattended::complain(int code, const QString& sentence) {
  printLine(sentence);
  if (m_exitCode == 0 && (m_options.headless || m_options.run)) m_exitCode = code;
}

void Unattended::interrupt(int signalNumber) {
  m_exitCode =
      static_cast<int>(signalNumber == SIGUSR1 ? ExitCode::temporary : ExitCode::interrupted);
  m_window->close();
}

/// Without a window nobody could close it; a visible one stays for its user.
void Unattended::leave() {
  if (m_options.headless) QTimer::singleShot(0, m_window, &QWidget::close);
}

}  // namespace ergo
