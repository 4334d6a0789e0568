// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/run_record.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

namespace ergo {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ergo::RunRecord", text); }

QString endOf(const std::string& reason) {
  if (reason == "stopped") return tr("stopped early");
  if (reason == "diverged") return tr("diverged");
  return reason == "failed" ? tr("failed") : QString();
}

}  // namespace

void RunRecord::begin(const RunStarted& event) {
  run = event.run;
  preset = event.preset;
  title = event.title;
  task = event.task;
  resolved_preset = event.resolved_preset;
  versions = event.versions;
  seed = event.seed;
  gradient_evaluations = event.gradient_evaluations;
  samplers = event.samplers;
  reason = "running";
  draws_sha256.clear();
}

void RunRecord::end(const RunFinished& event) {
  if (event.run != run) return;
  reason = event.reason;
  draws_sha256 = event.draws_sha256;
}

QString RunRecord::caption() const {
  if (isEmpty()) return {};
  QStringList parts{QString::fromStdString(preset), tr("seed %1").arg(seed)};
  if (gradient_evaluations > 0) {
    const QLocale grouped(QLocale::English, QLocale::UnitedStates);  // 20,000 in every locale
    parts << tr("%1 gradient evaluations each")
                 .arg(grouped.toString(static_cast<qlonglong>(gradient_evaluations)));
  }
  if (const QString end = endOf(reason); !end.isEmpty()) parts << end;
  return parts.join(QStringLiteral(" · "));
}

}  // namespace ergo
