// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <signal.h>

#include <QDir>
#include <QProcess>
#include <QTest>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/cli/command_fixture.h"

namespace ergo::test {

inline constexpr int patience = 120000;  // milliseconds

/// The command line as a process with all the threads that its libraries start.
class Program : public QProcess {
 public:
  /// @param before called in the new process before the program begins.
  explicit Program(const std::vector<std::string>& arguments, std::function<void()> before = {}) {
    if (before) setChildProcessModifier(std::move(before));
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"})
      environment.remove(QString::fromLatin1(name));
    setProcessEnvironment(environment);
    QStringList list;
    for (const std::string& argument : arguments) list << QString::fromStdString(argument);
    start(QStringLiteral(ERGOSCOPE_CLI), list);
    waitForStarted();
  }

  void send(int number) const { ::kill(static_cast<pid_t>(processId()), number); }
  int threads() const {
    return static_cast<int>(
        QDir(QStringLiteral("/proc/%1/task").arg(processId())).entryList(QDir::Dirs).size() - 2);
  }

  /// Exit status, or minus the signal that ended it.
  int end() {
    if (state() != QProcess::NotRunning && !waitForFinished(patience)) return -1000;
    out = readAllStandardOutput().toStdString();
    err = readAllStandardError().toStdString();
    return exitStatus() == QProcess::NormalExit ? exitCode() : -exitCode();
  }

  std::string out, err;
};

}  // namespace ergo::test
