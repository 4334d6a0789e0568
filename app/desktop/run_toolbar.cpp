// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run_toolbar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QRegularExpressionValidator>
#include <cmath>

#include "app/desktop/actions.h"
#include "app/desktop/preset_document.h"
#include "app/desktop/workers_field.h"
#include "core/base/error.h"
#include "widgets/forms/field_editor.h"

namespace ergo {
namespace {

constexpr const char* budgetField = "gradient_evaluations";

}  // namespace

QString timeLeft(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return {};
  const auto whole = static_cast<qint64>(std::ceil(seconds));
  if (whole < 60) return RunToolbar::tr("%1 s left").arg(whole);
  if (whole < 3600) return RunToolbar::tr("%1 min %2 s left").arg(whole / 60).arg(whole % 60);
  return RunToolbar::tr("%1 h %2 min left").arg(whole / 3600).arg(whole / 60 % 60);
}

RunToolbar::RunToolbar(const Actions& actions, PresetDocument* document, QWidget* parent)
    : QToolBar(tr("Run"), parent), m_document(document), m_budgetBox(new QWidget(this)) {
  setObjectName(QStringLiteral("runToolbar"));
  setAccessibleName(tr("Run controls"));
  setMovable(false);
  setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  for (QAction* action : {actions.run, actions.pause, actions.step, actions.stop}) {
    addAction(action);
    QWidget* button = widgetForAction(action);
    button->setObjectName(action->objectName() + QStringLiteral("Button"));
    button->setAccessibleName(action->text());
  }
  addSeparator();
  addSeed();
  auto* row = new QHBoxLayout(m_budgetBox);
  row->setContentsMargins(8, 0, 8, 0);
  addWidget(m_budgetBox);
  addWorkers();
  addSeparator();
  addProgress();
  connect(document, &PresetDocument::opened, this, &RunToolbar::rebuildBudget);
  connect(document, &PresetDocument::opened, this, &RunToolbar::showSeed);
  connect(document, &PresetDocument::seedChanged, this, &RunToolbar::showSeed);
  connect(document, &PresetDocument::fieldChanged, this, [this](const QString& path) {
    const auto field = m_document->field(path);
    if (m_budget && field && path == QLatin1String(budgetField)) m_budget->setValue(field->value);
  });
}

void RunToolbar::addSeed() {
  auto* label = new QLabel(tr("Seed"), this);
  label->setContentsMargins(8, 0, 4, 0);
  m_seed = new QLineEdit(m_document->seedText(), this);
  m_seed->setObjectName(QStringLiteral("seed"));
  m_seed->setAccessibleName(tr("Seed"));
  m_seed->setToolTip(
      tr("Drives initial positions, batches and noise; the same seed gives the same "
         "draws. A whole number from 0 to 18446744073709551615, or a range such as 1-5: one run "
         "after the other, together in the picture against cost."));
  m_seed->setMaximumWidth(m_seed->fontMetrics().averageCharWidth() * 14);
  m_seed->setValidator(new QRegularExpressionValidator(
      QRegularExpression(QStringLiteral("[0-9]{1,20}(-[0-9]{0,20})?")), m_seed));
  label->setBuddy(m_seed);
  addWidget(label);
  addWidget(m_seed);
  connect(m_seed, &QLineEdit::editingFinished, this, &RunToolbar::commitSeed);
}

void RunToolbar::addWorkers() {
  auto* label = new QLabel(tr("Workers"), this);
  label->setContentsMargins(0, 0, 4, 0);
  m_workers = new WorkersField(this);
  label->setBuddy(m_workers);
  addWidget(label);
  addWidget(m_workers);
  connect(m_workers, &WorkersField::refused, this, &RunToolbar::editRefused);
}

void RunToolbar::addProgress() {
  m_progress = new QProgressBar(this);
  m_progress->setObjectName(QStringLiteral("progress"));
  m_progress->setAccessibleName(tr("Progress of the run"));
  m_progress->setToolTip(tr("Gradient evaluations done, of all samplers together."));
  m_progress->setRange(0, 1000);
  m_progress->setValue(0);
  m_progress->setMinimumWidth(160);
  m_progress->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  m_left = new QLabel(this);
  m_left->setObjectName(QStringLiteral("timeLeft"));
  m_left->setContentsMargins(8, 0, 8, 0);
  m_left->setMinimumWidth(fontMetrics().averageCharWidth() * 20);
  addWidget(m_progress);
  addWidget(m_left);
}

void RunToolbar::rebuildBudget() {
  delete m_budget;
  m_budget = nullptr;
  qDeleteAll(m_budgetBox->findChildren<QLabel*>(QString(), Qt::FindDirectChildrenOnly));
  auto field = m_document->field(QString::fromLatin1(budgetField));
  if (!field) return;
  auto* label = new QLabel(tr("Gradient evaluations"), m_budgetBox);
  field->info.unit.clear();  // the label says it
  m_budget = new FieldEditor(*field, QStringLiteral("quick.gradient_evaluations"), m_budgetBox);
  m_budget->control()->setAccessibleName(tr("Gradient evaluations per sampler"));
  label->setBuddy(m_budget->control());
  m_budgetBox->layout()->addWidget(label);
  m_budgetBox->layout()->addWidget(m_budget);
  connect(m_budget, &FieldEditor::edited, this, [this](const QString& text) {
    try {
      m_document->edit(QString::fromLatin1(budgetField), text);
    } catch (const Error& error) {
      refuse(QString::fromStdString(error.what()));
    }
  });
}

void RunToolbar::refuse(const QString& sentence) {
  const auto field = m_document->field(QString::fromLatin1(budgetField));
  if (m_budget && field) m_budget->setValue(field->value);
  showSeed();
  Q_EMIT editRefused(sentence);
}

void RunToolbar::commitSeed() {
  try {
    m_document->editSeed(m_seed->text());
  } catch (const Error& error) {
    refuse(QString::fromStdString(error.what()));
  }
}

void RunToolbar::showSeed() { m_seed->setText(m_document->seedText()); }

QString RunToolbar::firstProblem() const { return m_budget ? m_budget->problem() : QString(); }

void RunToolbar::showState(RunState state) {
  if (state == RunState::stopping) m_left->setText(tr("stopping"));
  if (state == RunState::paused) m_left->setText(tr("paused"));
  if (state == RunState::idle) m_left->clear();
}

void RunToolbar::consume(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) {
    if (std::holds_alternative<RunStarted>(event)) m_progress->setValue(0);
    const auto* progress = std::get_if<Progress>(&event);
    if (!progress || progress->total <= 0) continue;
    m_progress->setValue(static_cast<int>(1000 * progress->done / progress->total));
    m_left->setText(timeLeft(progress->seconds_left));
  }
}

}  // namespace ergo
