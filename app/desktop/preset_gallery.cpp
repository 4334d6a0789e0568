// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/preset_gallery.h"

#include <QApplication>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "core/base/error.h"
#include "core/presets/store.h"

namespace ergo {
namespace {

enum Role { Id = Qt::UserRole, Description };
constexpr int margin = 6;

/// A bold title above at most two lines of description.
class CardDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
    return {120, 3 * option.fontMetrics.lineSpacing() + 2 * margin};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override {
    QStyleOptionViewItem card = option;
    initStyleOption(&card, index);
    card.text.clear();
    const QWidget* view = option.widget;
    view->style()->drawControl(QStyle::CE_ItemViewItem, &card, painter, view);
    painter->save();
    drawText(painter, option, index);
    painter->restore();
  }

 private:
  static void drawText(QPainter* painter, const QStyleOptionViewItem& option,
                       const QModelIndex& index) {
    const bool selected = option.state & QStyle::State_Selected;
    const bool enabled = option.state & QStyle::State_Enabled;
    const auto group = enabled ? QPalette::Active : QPalette::Disabled;
    painter->setPen(
        option.palette.color(group, selected ? QPalette::HighlightedText : QPalette::Text));
    const QRect area = option.rect.adjusted(margin, margin, -margin, -margin);
    QFont bold = option.font;
    bold.setBold(true);
    painter->setFont(bold);
    const QString title =
        QFontMetrics(bold).elidedText(index.data().toString(), Qt::ElideRight, area.width());
    painter->drawText(area, Qt::AlignTop | Qt::AlignLeft, title);
    painter->setFont(option.font);
    const QRect below = area.adjusted(0, option.fontMetrics.lineSpacing(), 0, 0);
    painter->drawText(below, Qt::TextWordWrap | Qt::AlignTop, index.data(Description).toString());
  }
};

void fillItem(QListWidgetItem* item, const std::string& id, const Preset& preset) {
  item->setText(QString::fromStdString(preset.title()));
  item->setData(Id, QString::fromStdString(id));
  item->setData(Description, QString::fromStdString(preset.description()));
  item->setToolTip(QStringLiteral("<p><b>%1</b></p><p>%2</p>")
                       .arg(QString::fromStdString(id).toHtmlEscaped(),
                            QString::fromStdString(preset.description()).toHtmlEscaped()));
}

}  // namespace

PresetGallery::PresetGallery(const QString& kind, QWidget* parent)
    : QWidget(parent), m_kind(kind), m_list(new QListWidget(this)) {
  m_list->setObjectName(QStringLiteral("presets.") + kind);
  m_list->setAccessibleName(kind == QLatin1String("compare") ? tr("Presets of comparisons")
                                                             : tr("Presets of meta-training"));
  m_list->setToolTip(tr("Select a preset to load it; double-click or Return also starts it."));
  m_list->setItemDelegate(new CardDelegate(m_list));
  m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_list->setUniformItemSizes(true);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_list);
  connect(m_list, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
    if (item) Q_EMIT chosen(item->data(Id).toString());
  });
  connect(m_list, &QListWidget::itemActivated, this,
          [this](QListWidgetItem* item) { Q_EMIT activated(item->data(Id).toString()); });
}

void PresetGallery::fill() {
  const QSignalBlocker block(m_list);
  m_list->clear();
  for (const std::string& id : preset_ids()) {
    auto item = std::make_unique<QListWidgetItem>();
    try {
      const Preset preset = load_preset(id);
      if (preset.kind() != m_kind.toStdString()) continue;
      fillItem(item.get(), id, preset);
    } catch (const std::exception& error) {
      item->setText(QString::fromStdString(id));
      item->setData(Description, QString::fromStdString(error.what()));
      item->setFlags(Qt::NoItemFlags);
    }
    m_list->addItem(item.release());
  }
}

QString PresetGallery::current() const {
  return m_list->currentItem() ? m_list->currentItem()->data(Id).toString() : QString();
}

void PresetGallery::select(const QString& id) {
  const QSignalBlocker block(m_list);
  m_list->setCurrentItem(nullptr);
  for (int row = 0; row < m_list->count(); ++row)
    if (m_list->item(row)->data(Id).toString() == id) m_list->setCurrentRow(row);
}

QString PresetGallery::firstToTry() const {
  QString first;
  for (int row = 0; row < m_list->count(); ++row) {
    const QListWidgetItem* item = m_list->item(row);
    const QString id = item->data(Id).toString();
    if (!(item->flags() & Qt::ItemIsEnabled)) continue;
    if (id.startsWith(QLatin1String("toy-"))) return id;  // needs no file of the user
    if (first.isEmpty()) first = id;
  }
  return first;
}

int PresetGallery::count() const { return m_list->count(); }

}  // namespace ergo
