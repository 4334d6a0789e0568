// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QToolBar>
#include <vector>

#include "app/desktop/run_controller.h"
#include "core/events/events.h"

class QLabel;
class QLineEdit;
class QProgressBar;

namespace ergo {

struct Actions;
class FieldEditor;
class PresetDocument;
class WorkersField;

/// Transport buttons, the two fields that are changed most (seed and budget), and progress.
class RunToolbar : public QToolBar {
  Q_OBJECT
 public:
  RunToolbar(const Actions& actions, PresetDocument* document, QWidget* parent = nullptr);
  void showState(RunState state);
  void consume(const std::vector<RunEvent>& events);
  QString firstProblem() const;  ///< of the seed or the budget as typed, or empty
  WorkersField* workers() { return m_workers; }

 Q_SIGNALS:
  void editRefused(const QString& sentence);

 private:
  void addSeed();
  void addWorkers();
  void addProgress();
  void rebuildBudget();
  void commitSeed();
  void showSeed();
  void refuse(const QString& sentence);
  PresetDocument* m_document;
  QWidget* m_budgetBox;
  QLineEdit* m_seed = nullptr;
  FieldEditor* m_budget = nullptr;
  WorkersField* m_workers = nullptr;
  QProgressBar* m_progress = nullptr;
  QLabel* m_left = nullptr;
};

/// "1 min 20 s left", or empty when `seconds` is not finite.
QString timeLeft(double seconds);

}  // namespace ergo
