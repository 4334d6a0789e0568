// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/live_plot.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QMessageBox>
#include <QScopedValueRollback>
#include <QVBoxLayout>

#include "widgets/plots/focus_ring.h"
#include "widgets/plots/plot_interaction.h"
#include "widgets/plots/plot_tools.h"

namespace ergo {

LivePlot::LivePlot(QWidget* parent)
    : Plot(parent),
      m_caption(new CaptionLabel(this)),
      m_plot(new QCustomPlot(this)),
      m_grid(m_plot) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_caption);
  layout->addWidget(m_plot, 1);
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(160, 120);
  m_plot->setMinimumSize(1, 1);         // else its content dictates the size of docks and figures
  m_plot->setFocusPolicy(Qt::NoFocus);  // a click goes on to this widget, which has the keys
  m_plot->setObjectName(QStringLiteral("canvas"));
  m_plot->setAccessibleName(tr("Picture"));
  m_plot->setLocale(QLocale::c());
  m_plot->setAutoAddPlottableToLegend(false);
  m_plot->setPlottingHints(QCP::phFastPolylines | QCP::phCacheLabels);
  m_plot->setNoAntialiasingOnDrag(true);
  m_interaction = std::make_unique<PlotInteraction>(m_plot, this);
  makeActions();
  makeBadge();
  m_ring = new FocusRing(this);
  m_dirty = true;
}

LivePlot::~LivePlot() = default;

void LivePlot::consume(const RunEvent& event) {
  const std::int64_t run = run_of(event);
  const bool starts = std::holds_alternative<RunStarted>(event);
  if (!starts && (run < m_run || (run != m_run && !adoptsRuns()))) return;  // of an earlier run
  const bool taken = take(event);
  if (taken || !starts) note(event);
  if (!taken) return;
  m_dirty = true;
  if (!starts && run == m_run) return;
  m_run = run;
  beginRun();
}

/// What the first and the last event say about the run as a whole.
void LivePlot::note(const RunEvent& event) {
  const auto* start = std::get_if<RunStarted>(&event);
  const auto* end = std::get_if<RunFinished>(&event);
  if (end && end->run != m_run) end = nullptr;
  if (start) m_record.begin(*start);
  if (end) {
    m_record.end(*end);
    m_live = false;
    rebuild();
    m_dirty = true;
  }
  if (start || end) m_caption->setCaption(m_record.caption());
}

void LivePlot::beginRun() {
  m_live = true;
  rebuild();
  setFollowing(true);
}

void LivePlot::refresh() {
  if (m_dirty && isVisible()) redraw();
}

void LivePlot::applyTheme(const Theme& theme) {
  m_theme = theme;
  m_caption->applyTheme(theme);
  rebuild();
  m_dirty = true;
  refresh();
}

void LivePlot::setPaused(bool paused) {
  if (m_paused == paused) return;
  m_paused = paused;
  if (!m_live) return;
  rebuild();
  m_dirty = true;
}

void LivePlot::redraw() {
  if (m_stale) {
    const QVector<QCPRange> kept = view();
    m_links.clear();
    m_interaction->forgetPanels();
    clearNotes();
    build();
    stylePlot(*m_plot, m_theme);
    m_plot->setNotAntialiasedElements(isLive() ? QCP::aeAll : QCP::aeNone);
    watchAxes();
    if (!m_following) setView(kept);
    m_stale = false;
  }
  m_dirty = false;
  draw();
  m_grid.arrange(m_theme);
  if (m_following) {
    const QScopedValueRollback guard(m_adjusting, true);
    fitRanges();
    m_grid.arrange(m_theme);  // the new tick labels may need other margins,
    fitRanges();              // and equal scales other ranges
  }
  m_interaction->restyle(m_theme);
  m_plot->replot(QCustomPlot::rpRefreshHint);
  setAccessibleDescription(summary());
}

QPen LivePlot::curvePen(const QColor& color) const {
  return solidPen(color, isLive() ? 1.0 : m_theme.line_width);
}

QVector<QCPRange> LivePlot::view() const {
  QVector<QCPRange> ranges;
  for (int i = 0; i < m_grid.count(); ++i) ranges << m_grid.x(i)->range() << m_grid.y(i)->range();
  return ranges;
}

void LivePlot::setView(const QVector<QCPRange>& ranges) {
  if (ranges.size() != 2 * m_grid.count()) return;  // another number of panels: another picture
  const QScopedValueRollback guard(m_adjusting, true);
  for (int i = 0; i < m_grid.count(); ++i) {
    m_grid.x(i)->setRange(ranges[2 * i]);
    m_grid.y(i)->setRange(ranges[2 * i + 1]);
  }
}

void LivePlot::link(const std::vector<QCPAxis*>& axes) {
  for (QCPAxis* axis : axes) {
    for (QCPAxis* other : axes) {
      if (other != axis) m_links[axis].append(other);
    }
  }
}

// Every change of a range that this class did not make itself is somebody's zoom or pan.
void LivePlot::watchAxes() {
  for (int i = 0; i < m_grid.count(); ++i) {
    for (QCPAxis* axis : {m_grid.x(i), m_grid.y(i)}) {
      connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
              [this, axis](const QCPRange& range) {
                for (QCPAxis* other : m_links.value(axis)) other->setRange(range);
                if (!m_adjusting) setFollowing(false);
              });
    }
  }
}

void LivePlot::setFollowing(bool following) {
  if (m_following == following) return;
  m_following = following;
  m_badge->setVisible(!following);
  m_caption->setReserve(following ? 0 : m_badge->width());
  if (following) {
    m_dirty = true;
    refresh();
  }
  Q_EMIT followingChanged(following);
}

void LivePlot::fit() {
  if (!m_following) return setFollowing(true);  // draws, too
  m_dirty = true;
  refresh();
}

QString LivePlot::readout(QCPAxisRect* rect, double x, double y) const {
  const auto label = [this](QCPAxis* axis, bool horizontal) {
    if (!axis->label().isEmpty()) return axis->label();
    // Inner panels share the title of the outer ones.
    const int edge = horizontal ? m_grid.count() - 1 : 0;
    return (horizontal ? m_grid.x(edge) : m_grid.y(edge))->label();
  };
  return QStringLiteral("%1: %2\n%3: %4")
      .arg(label(rect->axis(QCPAxis::atBottom), true), shortNumber(x),
           label(rect->axis(QCPAxis::atLeft), false), shortNumber(y));
}

QAction* LivePlot::addPlotAction(const QString& name, const QString& text, const QKeySequence& key,
                                 const std::function<void()>& slot, bool checkable) {
  auto* action = new QAction(text, this);
  action->setObjectName(name);
  action->setShortcut(key);
  action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
  action->setCheckable(checkable);
  connect(action, &QAction::triggered, this, slot);
  addAction(action);
  return action;
}

QCPItemText* LivePlot::addNote(int panel, double x, double y, const QString& text,
                               const QColor& color) {
  auto* note = new QCPItemText(m_plot);
  note->position->setAxes(m_grid.x(panel), m_grid.y(panel));
  note->position->setAxisRect(m_grid.rect(panel));
  note->position->setCoords(x, y);
  note->setClipAxisRect(m_grid.rect(panel));
  note->setClipToAxisRect(true);
  note->setSelectable(false);
  note->setText(text);
  note->setFont(m_theme.font);
  note->setColor(color);
  QColor veil = m_theme.background;
  veil.setAlphaF(0.8);
  note->setBrush(veil);
  m_notes.append(note);
  return note;
}

void LivePlot::clearNotes() {
  for (QCPItemText* note : std::as_const(m_notes)) m_plot->removeItem(note);
  m_notes.clear();
}

void LivePlot::makeActions() {
  setContextMenuPolicy(Qt::ActionsContextMenu);
  addPlotAction(QStringLiteral("fitView"), tr("Fit and follow"), Qt::Key_Home, [this] { fit(); });
  addPlotAction(QStringLiteral("toggleFollow"), tr("Toggle follow"), Qt::Key_F,
                [this] { setFollowing(!m_following); });
  makeMenu();
}

/// What the menu holds beside the view: it opens by right click and by the Menu key.
void LivePlot::makeMenu() {
  const auto separate = [this] {
    auto* line = new QAction(this);
    line->setSeparator(true);
    addAction(line);
  };
  separate();
  addPlotAction(QStringLiteral("copyPicture"), tr("Copy picture"), QKeySequence::Copy,
                [this] { copyPicture(); });
  addPlotAction(QStringLiteral("copyData"), tr("Copy data as CSV"), {},
                [this] { QApplication::clipboard()->setText(csv()); });
  addPlotAction(QStringLiteral("exportThis"), tr("Export this picture..."), {},
                [this] { Q_EMIT exportRequested(); });
  separate();
  addPlotAction(QStringLiteral("explain"), tr("What am I looking at?"), Qt::Key_Question,
                [this] { explain(); });
}

void LivePlot::explain() {
  auto* box = new QMessageBox(QMessageBox::NoIcon, accessibleName(), explanation(),
                              QMessageBox::Close, this);
  box->setObjectName(QStringLiteral("explanation"));
  box->setTextFormat(Qt::PlainText);
  box->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->open();
}

/// With the line that names its run, and without the button that lies on it.
void LivePlot::copyPicture() {
  const bool ring = m_ring->isVisible();
  m_badge->hide();
  m_ring->hide();
  QApplication::clipboard()->setPixmap(grab());
  m_badge->setVisible(!m_following);
  m_ring->setVisible(ring);
}

void LivePlot::makeBadge() {
  m_badge = new QToolButton(this);
  m_badge->setObjectName(QStringLiteral("followBadge"));
  m_badge->setText(tr("Following off"));
  m_badge->setToolTip(
      tr("The view stays where you put it while data stream in. "
         "Click, press Home or double-click to fit and follow again."));
  m_badge->setAccessibleName(tr("Following is off; press to fit and follow"));
  m_badge->setFocusPolicy(Qt::TabFocus);
  m_badge->hide();
  connect(m_badge, &QToolButton::clicked, this, &LivePlot::fit);
}

void LivePlot::placeBadge() {
  m_badge->adjustSize();
  m_badge->move(width() - m_badge->width() - 4, 2);
  m_badge->raise();
}

void LivePlot::resizeEvent(QResizeEvent* event) {
  Plot::resizeEvent(event);
  placeBadge();
  m_ring->resize(size());
  m_dirty = true;
  refresh();
}

void LivePlot::showEvent(QShowEvent* event) {
  Plot::showEvent(event);
  placeBadge();
  refresh();
}

void LivePlot::focusInEvent(QFocusEvent* event) {
  Plot::focusInEvent(event);
  // A click shows by itself where it was; the ring is for those who came by keys.
  m_ring->setVisible(event->reason() != Qt::MouseFocusReason);
  m_ring->raise();
}

void LivePlot::focusOutEvent(QFocusEvent* event) {
  Plot::focusOutEvent(event);
  if (event->reason() != Qt::PopupFocusReason) m_ring->hide();
}

void LivePlot::keyPressEvent(QKeyEvent* event) {
  if (!m_interaction->key(event)) Plot::keyPressEvent(event);
}

}  // namespace ergo
