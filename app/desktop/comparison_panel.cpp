// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/comparison_panel.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/tables/comparison_model.h"

namespace ergo {

ComparisonPanel::ComparisonPanel(QWidget* parent)
    : QWidget(parent),
      m_model(new ComparisonModel(this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_view(new QTableView(this)),
      m_baseline(new QComboBox(this)),
      m_spread(new QComboBox(this)),
      m_copy(new QToolButton(this)) {
  makeTable();
  makeActions();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(makeControls());
  column->addWidget(m_view, 1);
  fillBaselines();
  connect(m_model, &QAbstractItemModel::modelReset, this, &ComparisonPanel::fillBaselines);
}

void ComparisonPanel::makeTable() {
  m_view->setObjectName(QStringLiteral("comparisonTable"));
  m_view->setAccessibleName(tr("Runs and seeds compared"));
  m_view->setToolTip(
      tr("A row per sampler and comparison: runs of one preset with the same settings and other "
         "seeds are one. Choose a baseline to see differences on common seeds."));
  m_sorted->setSourceModel(m_model);
  m_sorted->setSortRole(Qt::UserRole);
  m_view->setModel(m_sorted);
  m_view->setSortingEnabled(true);
  m_view->sortByColumn(-1, Qt::AscendingOrder);  // the order of the runs until a header is clicked
  m_view->setAlternatingRowColors(true);
  m_view->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_view->setSelectionMode(QAbstractItemView::SingleSelection);
  m_view->verticalHeader()->hide();
  m_view->verticalHeader()->setDefaultSectionSize(m_view->fontMetrics().height() + 8);
  m_view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_view->horizontalHeader()->setStretchLastSection(true);
}

void ComparisonPanel::makeActions() {
  m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
  const auto add = [this](const QString& name, const QString& text, auto slot) {
    auto* action = new QAction(text, m_view);
    action->setObjectName(name);
    connect(action, &QAction::triggered, this, slot);
    m_view->addAction(action);
  };
  add(QStringLiteral("pinBaseline"), tr("Compare with this row"), [this] {
    m_model->setBaseline(selectedRow());
    fillBaselines();
  });
  add(QStringLiteral("removeRun"), tr("Remove this comparison"), [this] {
    if (selectedRow() >= 0) m_model->removeRun(selectedRow());
  });
  add(QStringLiteral("clearRuns"), tr("Remove all but the latest"), [this] { m_model->clear(); });
}

QWidget* ComparisonPanel::makeControls() {
  auto* strip = new QWidget(this);
  auto* row = new QHBoxLayout(strip);
  row->setContentsMargins(6, 2, 6, 2);
  auto* label = new QLabel(tr("Baseline"), strip);
  label->setBuddy(m_baseline);
  m_baseline->setObjectName(QStringLiteral("comparisonBaseline"));
  m_baseline->setAccessibleName(tr("Baseline"));
  m_baseline->setToolTip(tr("The row that the others are compared with, on common seeds."));
  m_baseline->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  m_spread->setObjectName(QStringLiteral("comparisonSpread"));
  m_spread->setAccessibleName(tr("Spread over seeds"));
  m_spread->setToolTip(
      tr("What stands behind the mean: the standard deviation over seeds, or the standard error of "
         "the mean."));
  m_spread->addItems({tr("± sd"), tr("± standard error")});
  m_copy->setObjectName(QStringLiteral("comparisonCopy"));
  m_copy->setText(tr("Copy"));
  m_copy->setAccessibleName(tr("Copy the table"));
  m_copy->setToolTip(tr("Copies the table as CSV, Markdown or LaTeX."));
  m_copy->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(m_copy);
  menu->addAction(tr("As CSV"), this, [this] { copy(m_model->csv()); });
  menu->addAction(tr("As Markdown"), this, [this] { copy(m_model->markdown()); });
  menu->addAction(tr("As LaTeX"), this, [this] { copy(m_model->latex()); });
  m_copy->setMenu(menu);
  for (QWidget* widget : std::initializer_list<QWidget*>{label, m_baseline, m_spread})
    row->addWidget(widget);
  row->addStretch();
  row->addWidget(m_copy);
  connect(m_baseline, &QComboBox::activated, this,
          [this](int index) { m_model->setBaseline(index - 1); });
  connect(m_spread, &QComboBox::activated, this, [this](int index) {
    m_model->setSpread(index == 0 ? ComparisonModel::Spread::sd
                                  : ComparisonModel::Spread::standard_error);
  });
  return strip;
}

void ComparisonPanel::fillBaselines() {
  const QSignalBlocker quiet(m_baseline);
  m_baseline->clear();
  m_baseline->addItem(tr("none"));
  for (int row = 0; row < m_model->rowCount(); ++row) m_baseline->addItem(m_model->rowName(row));
  m_baseline->setCurrentIndex(m_model->baseline() + 1);
  m_copy->setEnabled(m_model->rowCount() > 0);
}

void ComparisonPanel::copy(const QString& text) { QApplication::clipboard()->setText(text); }

int ComparisonPanel::selectedRow() const {
  const QModelIndex current = m_view->currentIndex();
  return current.isValid() ? m_sorted->mapToSource(current).row() : -1;
}

void ComparisonPanel::consume(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) m_model->consume(event);
}

void ComparisonPanel::applyTheme(const Theme& theme) { m_model->applyTheme(theme); }

}  // namespace ergo
