// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/panel_grid.h"

#include <algorithm>
#include <numeric>

namespace ergo {
namespace {

constexpr int outer_margin = 3;  ///< above the legend
constexpr int column_gap = 4;

}  // namespace

void PanelGrid::clear() {
  m_plot->clearPlottables();
  m_plot->plotLayout()->clear();
  m_plot->plotLayout()->setMargins(QMargins());
  m_panels.clear();
  m_grid = nullptr;
  m_legend = nullptr;
  m_columns = 0;
}

void PanelGrid::reset(int count, const Options& options) {
  clear();
  m_options = options;
  QCPLayoutGrid* root = m_plot->plotLayout();
  root->setRowSpacing(2);
  if (options.legend) {
    auto* head = new QCPLayoutGrid;
    root->addElement(0, 0, head);  // first: children take their plot from their parent
    m_legend = new QCPLegend;
    m_legend->setFillOrder(QCPLegend::foColumnsFirst);
    head->addElement(0, 0, m_legend);
    head->addElement(0, 1, new QCPLayoutElement(m_plot));
    head->setColumnStretchFactors({0.001, 1.0});
    root->setRowStretchFactor(0, 0.001);
    m_legend->setLayer(QStringLiteral("legend"));
  }
  m_grid = new QCPLayoutGrid;
  root->addElement(options.legend ? 1 : 0, 0, m_grid);
  for (int i = 0; i < count; ++i) addPanel();
  m_columns = std::max(1, count);
  placePanels(m_columns);
}

void PanelGrid::addPanel() {
  Panel panel;
  panel.rect = new QCPAxisRect(m_plot, true);
  panel.title = new QCPTextElement(m_plot);
  panel.title->setTextFlags(Qt::AlignLeft | Qt::AlignBottom | Qt::TextDontClip);
  panel.title->setMinimumSize(1, 1);  // a long title must not dictate the width of its panel
  panel.title->setMaximumSize(QWIDGETSIZE_MAX, 1);  // none yet: no room
  // One point of room keeps the last tick label inside; live labels must not move the picture.
  panel.rect->setMinimumSize(8, 8);
  panel.rect->setMinimumMargins(QMargins(4, 2, 8, 4));
  // axes() has them in the order of a hash, which differs from process to process, and a layer
  // draws in the order in which things came to it.
  for (const auto side : {QCPAxis::atLeft, QCPAxis::atBottom, QCPAxis::atTop, QCPAxis::atRight}) {
    panel.rect->axis(side)->setLayer(QStringLiteral("axes"));
    panel.rect->axis(side)->grid()->setLayer(QStringLiteral("grid"));
  }
  panel.rect->setupFullAxesBox(true);
  for (const auto side : {QCPAxis::atTop, QCPAxis::atRight}) {
    panel.rect->axis(side)->setTicks(false);
    panel.rect->axis(side)->setTickLabels(false);
  }
  m_panels.push_back(panel);
}

void PanelGrid::showMessage(const QString& text, const Theme& theme) {
  clear();
  auto* element = new QCPTextElement(m_plot, text, theme.font);
  element->setTextColor(theme.muted);
  element->setTextFlags(Qt::AlignCenter);
  element->setMaximumSize(QWIDGETSIZE_MAX, QWIDGETSIZE_MAX);
  m_plot->plotLayout()->addElement(0, 0, element);
}

void PanelGrid::setAxisLabels(const QString& x_label, const QString& y_label) {
  m_xLabel = x_label;
  m_yLabel = y_label;
  if (m_columns > 0) labelAxes(m_columns);
}

void PanelGrid::setAxisLabels(int panel, const QString& x_label, const QString& y_label) {
  m_panels[static_cast<std::size_t>(panel)].xLabel = x_label;
  m_panels[static_cast<std::size_t>(panel)].yLabel = y_label;
  if (m_columns > 0) labelAxes(m_columns);
}

void PanelGrid::setSharedAxes(bool shared) {
  if (shared == m_options.shared_axes) return;
  m_options.shared_axes = shared;
  labelAxes(m_columns);
}

void PanelGrid::setTitle(int panel, const QString& text, const QColor& color, const Theme& theme) {
  QCPTextElement* title = m_panels[static_cast<std::size_t>(panel)].title;
  QFont font = theme.font;
  font.setBold(true);
  title->setFont(font);
  title->setTextColor(color);
  title->setText(text);
  title->setMinimumSize(1, 0);
  title->setMaximumSize(QWIDGETSIZE_MAX, QWIDGETSIZE_MAX);
}

int PanelGrid::columnsFor(int em) const {
  const int fit =
      std::max(1, static_cast<int>(m_plot->viewport().width() / (m_options.min_width_em * em)));
  const int n = count();
  if (fit >= n) return n;
  const int rows = (n + fit - 1) / fit;
  return (n + rows - 1) / rows;  // rows as equal as possible: 4 panels become 2 x 2, never 3 + 1
}

void PanelGrid::placePanels(int columns) {
  for (const Panel& panel : m_panels) {
    if (panel.rect->layout()) panel.rect->layout()->take(panel.rect);
    if (panel.title->layout()) panel.title->layout()->take(panel.title);
  }
  m_grid->simplify();
  m_grid->setRowSpacing(2);
  m_grid->setColumnSpacing(column_gap);
  for (int i = 0; i < count(); ++i) {
    const Panel& panel = m_panels[static_cast<std::size_t>(i)];
    m_grid->addElement(2 * (i / columns), i % columns, panel.title);
    m_grid->addElement(2 * (i / columns) + 1, i % columns, panel.rect);
  }
  labelAxes(columns);
}

void PanelGrid::labelAxes(int columns) {
  for (int i = 0; i < count(); ++i) {
    const bool left = i % columns == 0, bottom = i + columns >= count();
    const Panel& panel = m_panels[static_cast<std::size_t>(i)];
    x(i)->setLabel(panel.xLabel.isEmpty() && bottom ? m_xLabel : panel.xLabel);
    y(i)->setLabel(panel.yLabel.isEmpty() && left ? m_yLabel : panel.yLabel);
    x(i)->setTickLabels(bottom || !m_options.shared_axes);
    y(i)->setTickLabels(left || !m_options.shared_axes);
  }
}

// As many columns as fit, each as wide as its widest entry.
void PanelGrid::wrapLegend(const Theme& theme) {
  if (!m_legend) return;
  const QFontMetrics metrics(theme.font);
  std::vector<int> widths;
  for (int i = 0; i < m_legend->elementCount(); ++i) {
    auto* item = qobject_cast<QCPPlottableLegendItem*>(m_legend->elementAt(i));
    if (!item) continue;                     // an empty cell of the last row
    item->setMargins(QMargins(0, 1, 0, 2));  // room for descenders, else clipped
    widths.push_back(metrics.horizontalAdvance(item->plottable()->name()) + 2 +
                     m_legend->iconSize().width() + m_legend->iconTextPadding());
  }
  const auto needed = [&](std::size_t columns) {
    std::vector<int> widest(columns, 0);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widest[i % columns] = std::max(widest[i % columns], widths[i]);
    }
    return std::accumulate(widest.begin(), widest.end(),
                           static_cast<int>(columns) * m_legend->columnSpacing());
  };
  std::size_t columns = std::max<std::size_t>(1, widths.size());
  while (columns > 1 && needed(columns) > m_plot->viewport().width() - 4) --columns;
  m_legend->setWrap(static_cast<int>(columns));
  m_legend->setFillOrder(QCPLegend::foColumnsFirst, true);
}

void PanelGrid::tickDensity(int em) {
  for (int i = 0; i < count(); ++i) {
    const QRect inner = rect(i)->rect();
    x(i)->ticker()->setTickCount(std::clamp(inner.width() / (5 * em), 2, 8));
    y(i)->ticker()->setTickCount(std::clamp(inner.height() / (2 * em), 3, 6));
  }
}

void PanelGrid::layOut() {
  QCPLayoutGrid* root = m_plot->plotLayout();
  root->setOuterRect(m_plot->viewport());
  root->update(QCPLayoutElement::upPreparation);
  root->update(QCPLayoutElement::upMargins);
  root->update(QCPLayoutElement::upLayout);
}

// The grid shares out outer sizes; a panel with tick labels would get a smaller inner area.
void PanelGrid::balance() {
  std::vector<int> across(static_cast<std::size_t>(m_grid->columnCount()), 0);
  std::vector<int> down(static_cast<std::size_t>(m_grid->rowCount()), 0);
  int width = 0, height = 0;
  for (int i = 0; i < count(); ++i) {
    const auto column = static_cast<std::size_t>(i % m_columns);
    const auto row = static_cast<std::size_t>(2 * (i / m_columns) + 1);
    const QMargins margins = rect(i)->margins();
    across[column] = std::max(across[column], margins.left() + margins.right());
    down[row] = std::max(down[row], margins.top() + margins.bottom());
    if (row == 1) width += rect(i)->outerRect().width();
    if (column == 0) height += rect(i)->outerRect().height();
  }
  const int rows = (count() + m_columns - 1) / m_columns;
  for (const int margin : across) width -= margin;
  for (const int margin : down) height -= margin;
  const double inner_w = std::max(8.0, static_cast<double>(width) / m_columns);
  const double inner_h = std::max(8.0, static_cast<double>(height) / rows);
  for (std::size_t c = 0; c < across.size(); ++c) {
    m_grid->setColumnStretchFactor(static_cast<int>(c), inner_w + across[c]);
  }
  for (std::size_t r = 1; r < down.size(); r += 2) {
    m_grid->setRowStretchFactor(static_cast<int>(r), inner_h + down[r]);
    m_grid->setRowStretchFactor(static_cast<int>(r) - 1, 0.001);
  }
}

/// How far the longest title sticks out of a panel of this width.
int PanelGrid::titleOverhang(int width) const {
  int overhang = 0;
  for (const Panel& panel : m_panels) {
    const QFontMetrics metrics(panel.title->font());
    const QRect box =
        metrics.boundingRect(0, 0, 0, 0, panel.title->textFlags(), panel.title->text());
    overhang = std::max(overhang, box.width() + 4 - width);
  }
  return overhang;
}

void PanelGrid::makeSquare() {
  const QSize inner = rect(0)->rect().size();
  const int side = std::min(inner.width(), inner.height());
  const int rows = (count() + m_columns - 1) / m_columns;
  const int spare_w = (inner.width() - side) * m_columns;
  const int spare_h = (inner.height() - side) * rows;
  // Between the panels, where titles are longer than panels are wide, and the rest outside.
  const int gap = std::min(spare_w / m_columns, titleOverhang(side) + 2 * column_gap);
  m_grid->setColumnSpacing(column_gap + gap);
  const int after = std::min(gap, titleOverhang(side));
  const int side_w = (spare_w - gap * (m_columns - 1) - after) / 2;
  const QMargins sides(side_w, 0, side_w, 0);
  const QMargins ends(0, spare_h / 2, after, spare_h - spare_h / 2);
  // A legend keeps the whole width; a colour scale stays beside the panels.
  if (!m_legend) m_plot->plotLayout()->setMargins(sides + QMargins(0, outer_margin, 0, 0));
  m_grid->setMargins(m_legend ? sides + ends : ends);
  layOut();
  balance();
}

void PanelGrid::alignTitles() {
  for (const Panel& panel : m_panels) {
    panel.title->setMargins(QMargins(panel.rect->margins().left(), 1, 0, 1));
  }
}

void PanelGrid::arrange(const Theme& theme) {
  if (m_panels.empty() || !m_grid) return;
  const int em = QFontMetrics(theme.font).height();
  const int columns = columnsFor(em);
  if (columns != m_columns) {
    placePanels(columns);
    m_columns = columns;
  }
  wrapLegend(theme);
  m_plot->plotLayout()->setMargins(QMargins(0, outer_margin, 0, 0));
  m_grid->setMargins(QMargins());
  m_grid->setColumnSpacing(column_gap);
  layOut();
  tickDensity(em);
  layOut();
  balance();
  if (m_options.square) {
    layOut();
    makeSquare();
  }
  layOut();
  alignTitles();
}

}  // namespace ergo
