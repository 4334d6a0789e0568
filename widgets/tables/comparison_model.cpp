// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/tables/comparison_model.h"

#include <QFont>
#include <QPixmap>
#include <cmath>

#include "core/measures/measures.h"
#include "widgets/plots/plot_tools.h"

namespace ergo {
namespace {

/// A mean to the second digit of its spread, so that no digit is shown that the seeds do not tell.
QString rounded(double value, double spread) {
  if (!std::isfinite(spread) || spread <= 0) return QString::number(value, 'g', 4);
  const int digits = 1 - static_cast<int>(std::floor(std::log10(spread)));
  return digits < 0 || digits > 9 ? QString::number(value, 'g', 4)
                                  : QString::number(value, 'f', digits);
}

QString escapedForLatex(QString text) {
  for (const char* special : {"\\", "&", "%", "$", "#", "_", "{", "}"}) {
    const QString plain = QLatin1String(special);
    text.replace(plain, plain == u"\\" ? QStringLiteral("\\textbackslash ") : u'\\' + plain);
  }
  return text.replace(u'·', QStringLiteral("$\\cdot$"));
}

}  // namespace

ComparisonModel::ComparisonModel(QObject* parent)
    : QAbstractTableModel(parent), m_theme(Theme::light()) {}

const ComparedSampler& ComparisonModel::row(int index) const {
  return m_comparison.rows()[static_cast<std::size_t>(index)];
}

void ComparisonModel::consume(const RunEvent& event) {
  if (m_comparison.consume(event)) refresh();
}

/// Cells when only numbers moved, else everything.
void ComparisonModel::refresh() {
  const auto rows = static_cast<int>(m_comparison.rows().size());
  std::vector<std::string> measures = m_comparison.measures();
  if (rows == m_rows && measures == m_measures) {
    if (rows > 0) Q_EMIT dataChanged(index(0, 0), index(rows - 1, columnCount() - 1));
    return;
  }
  beginResetModel();
  m_rows = rows;
  m_measures = std::move(measures);
  if (m_baseline >= rows) m_baseline = -1;
  endResetModel();
}

void ComparisonModel::applyTheme(const Theme& theme) {
  m_theme = theme;
  refresh();
}

void ComparisonModel::setSpread(Spread spread) {
  m_spread = spread;
  refresh();
}

void ComparisonModel::setBaseline(int row) {
  m_baseline = row < rowCount() ? row : -1;
  refresh();
}

void ComparisonModel::removeRun(int row) {
  const QString kept = m_baseline >= 0 ? rowName(m_baseline) : QString();
  m_comparison.remove(this->row(row).number);
  m_baseline = -1;
  for (int i = 0; i < static_cast<int>(m_comparison.rows().size()); ++i)
    if (!kept.isEmpty() && rowName(i) == kept) m_baseline = i;
  refresh();
}

void ComparisonModel::clear() {
  m_comparison.clear();
  m_baseline = -1;
  refresh();
}

QString ComparisonModel::rowName(int index) const {
  return QStringLiteral("#%1 %2")
      .arg(row(index).number)
      .arg(QString::fromStdString(row(index).info.label));
}

int ComparisonModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : m_rows;
}

int ComparisonModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : FixedCount + static_cast<int>(m_measures.size());
}

QString ComparisonModel::measureOf(int column) const {
  if (column < FixedCount || column >= columnCount()) return {};
  return QString::fromStdString(m_measures[static_cast<std::size_t>(column - FixedCount)]);
}

SeedStatistic ComparisonModel::statistic(int at, int column) const {
  if (column == CpuSeconds) return Comparison::cpuSeconds(row(at));
  const std::string measure = measureOf(column).toStdString();
  if (isDifference(at)) return Comparison::difference(row(at), row(m_baseline), measure);
  return Comparison::statistic(row(at), measure);
}

QString ComparisonModel::text(int at, int column, const QString& plusMinus) const {
  if (column == Run) return QStringLiteral("#%1 %2").arg(row(at).number).arg(row(at).run);
  if (column == Sampler) return QString::fromStdString(row(at).info.label);
  if (column == Seeds) return QString::number(row(at).seeds.size());
  const SeedStatistic s = statistic(at, column);
  if (s.n == 0) return QStringLiteral("–");
  if (column == CpuSeconds) return QString::number(s.mean, 'f', 1);
  const bool difference = isDifference(at);
  const bool error = difference || m_spread == Spread::standard_error;
  const double spread = error ? s.standard_error : s.sd;
  const QString sign = difference && s.mean > 0 ? QStringLiteral("+") : QString();
  const QString mean = sign + rounded(s.mean, spread);
  return std::isfinite(spread) ? mean + plusMinus + rounded(spread, spread) : mean;
}

QString ComparisonModel::toolTip(int at, int column) const {
  if (column == Run) return row(at).run;
  if (column == Seeds) {
    QStringList lines;
    for (const SeedOutcome& outcome : row(at).seeds)
      lines << tr("seed %1: %2").arg(outcome.seed).arg(QString::fromStdString(outcome.status));
    return lines.join(u'\n');
  }
  if (column < FixedCount) return {};
  const SeedStatistic s = statistic(at, column);
  if (isDifference(at))
    return tr("Minus %1, mean over %n common seed(s) ± standard error of the differences.", nullptr,
              static_cast<int>(s.n))
        .arg(rowName(m_baseline));
  return m_spread == Spread::sd
             ? tr("Mean over %n seed(s) ± standard deviation (n − 1).", nullptr,
                  static_cast<int>(s.n))
             : tr("Mean over %n seed(s) ± standard error.", nullptr, static_cast<int>(s.n));
}

/// Better than the baseline by more than two standard errors; without one, nothing is claimed.
bool ComparisonModel::isBold(int at, int column) const {
  const Measure* measure = find_measure(measureOf(column).toStdString());
  if (!measure || !isDifference(at)) return false;
  const SeedStatistic s = statistic(at, column);
  if (!(std::abs(s.mean) > 2 * s.standard_error)) return false;
  return (measure->better == Better::lower && s.mean < 0) ||
         (measure->better == Better::higher && s.mean > 0);
}

QVariant ComparisonModel::data(const QModelIndex& at, int role) const {
  if (!checkIndex(at, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
    return {};
  const int row = at.row(), column = at.column();
  switch (role) {
    case Qt::DisplayRole:
      return text(row, column, QStringLiteral(" ± "));
    case Qt::ToolTipRole:
      return toolTip(row, column);
    case Qt::TextAlignmentRole:
      return QVariant::fromValue(Qt::Alignment(Qt::AlignVCenter) |
                                 (column < Seeds ? Qt::AlignLeft : Qt::AlignRight));
    case Qt::DecorationRole: {
      if (column != Sampler) return {};
      QPixmap swatch(12, 12);
      swatch.fill(m_theme.sampler(QString::fromStdString(this->row(row).info.id)));
      return swatch;
    }
    case Qt::FontRole: {
      QFont font;
      font.setBold(isBold(row, column));
      font.setItalic(row == m_baseline);
      return font;
    }
    case Qt::UserRole: {
      if (column <= Sampler) return text(row, column, {});
      if (column == Seeds) return static_cast<int>(this->row(row).seeds.size());
      const SeedStatistic s = statistic(row, column);
      return s.n > 0 ? QVariant(s.mean) : QVariant();
    }
    default:
      return {};
  }
}

QVariant ComparisonModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const Measure* measure = find_measure(measureOf(section).toStdString());
  if (role == Qt::ToolTipRole) return measure ? QString::fromStdString(measure->doc) : QString();
  if (role != Qt::DisplayRole) return {};
  if (section < FixedCount)
    return QStringList{tr("Run"), tr("Sampler"), tr("Seeds"), tr("CPU s")}[section];
  return measure ? QString::fromStdString(measure->title) : measureOf(section);
}

QStringList ComparisonModel::headings() const {
  QStringList list;
  for (int column = 0; column < columnCount(); ++column)
    list << headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
  return list;
}

QString ComparisonModel::csv() const {
  QString all =
      csvRow({"run", "name", "sampler", "seeds", "measure", "mean", "sd", "standard_error", "n"});
  for (const ComparedSampler& row : m_comparison.rows()) {
    for (const std::string& measure : m_measures) {
      const SeedStatistic s = Comparison::statistic(row, measure);
      all +=
          csvRow({QString::number(row.number), csvText(row.run),
                  csvText(QString::fromStdString(row.info.id)), QString::number(row.seeds.size()),
                  csvText(QString::fromStdString(measure)), csvNumber(s.mean), csvNumber(s.sd),
                  csvNumber(s.standard_error), QString::number(s.n)});
    }
  }
  return all;
}

QString ComparisonModel::markdown() const {
  const auto line = [](const QStringList& cells) {
    return QStringLiteral("| ") + cells.join(QStringLiteral(" | ")) + QStringLiteral(" |\n");
  };
  QString all = line(headings());
  all += line(QStringList(columnCount(), QStringLiteral("---")));
  for (int at = 0; at < rowCount(); ++at) {
    QStringList cells;
    for (int column = 0; column < columnCount(); ++column)
      cells << text(at, column, QStringLiteral(" ± ")).replace(u'|', QStringLiteral("\\|"));
    all += line(cells);
  }
  return all;
}

QString ComparisonModel::latex() const {
  const QString end = QStringLiteral(" \\\\\n");
  QStringList titles;
  for (const QString& heading : headings()) titles << escapedForLatex(heading);
  QString all =
      QStringLiteral("\\begin{tabular}{ll%1}\n\\toprule\n").arg(QString(columnCount() - 2, u'r'));
  all += titles.join(QStringLiteral(" & ")) + end + QStringLiteral("\\midrule\n");
  for (int at = 0; at < rowCount(); ++at) {
    QStringList cells;
    for (int column = 0; column < columnCount(); ++column) {
      const QString cell = text(at, column, QStringLiteral(" \\pm "));
      const bool number = column > Sampler && cell != QStringLiteral("–");
      cells << (number         ? u'$' + cell + u'$'
                : cell == u"–" ? QStringLiteral("--")
                               : escapedForLatex(cell));
    }
    all += cells.join(QStringLiteral(" & ")) + end;
  }
  return all + QStringLiteral("\\bottomrule\n\\end{tabular}\n");
}

}  // namespace ergo
