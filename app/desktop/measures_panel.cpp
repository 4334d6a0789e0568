// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/measures_panel.h"

#include <QHeaderView>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include "widgets/caption_label.h"
#include "widgets/tables/metrics_model.h"

namespace ergo {
namespace {

QTableView* makeTable(MetricsModel* model, QWidget* parent) {
  auto* view = new QTableView(parent);
  view->setObjectName(QStringLiteral("metricsTable"));
  view->setAccessibleName(MeasuresPanel::tr("Measures of the samplers"));
  view->setToolTip(
      MeasuresPanel::tr("Work and measures of every sampler; the best of a column is bold."));
  auto* sorted = new QSortFilterProxyModel(view);
  sorted->setSourceModel(model);
  sorted->setSortRole(Qt::UserRole);
  view->setModel(sorted);
  view->setSortingEnabled(true);
  view->sortByColumn(-1, Qt::AscendingOrder);  // the preset's order until a header is clicked
  view->setAlternatingRowColors(true);
  view->setSelectionBehavior(QAbstractItemView::SelectRows);
  view->verticalHeader()->hide();
  view->verticalHeader()->setDefaultSectionSize(view->fontMetrics().height() + 8);
  view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  view->horizontalHeader()->setStretchLastSection(true);
  return view;
}

}  // namespace

MeasuresPanel::MeasuresPanel(QWidget* parent)
    : QWidget(parent), m_model(new MetricsModel(this)), m_caption(new CaptionLabel(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_caption);
  column->addWidget(makeTable(m_model, this), 1);
}

void MeasuresPanel::consume(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) {
    m_model->consume(event);
    if (const auto* start = std::get_if<RunStarted>(&event)) m_record.begin(*start);
    if (const auto* end = std::get_if<RunFinished>(&event)) m_record.end(*end);
  }
  m_caption->setCaption(m_record.caption());
}

void MeasuresPanel::setOutdated(bool outdated) { m_caption->setOutdated(outdated); }

void MeasuresPanel::applyTheme(const Theme& theme) {
  m_model->applyTheme(theme);
  m_caption->applyTheme(theme);
}

}  // namespace ergo
