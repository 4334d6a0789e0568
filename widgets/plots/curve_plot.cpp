// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/curve_plot.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/measures/measures.h"
#include "widgets/plots/plot_tools.h"
#include "widgets/seed_statistic.h"

namespace ergo {
namespace {

bool asksForCurves(const std::string& resolved_preset) {
  const auto preset = nlohmann::json::parse(resolved_preset, nullptr, false);
  return preset.is_object() && preset.value("curve_points", 0) > 0;
}

}  // namespace

CurvePlot::CurvePlot(QWidget* parent) : LivePlot(parent) {
  setAccessibleName(tr("Measures against cost"));
  addControls();
}

void CurvePlot::addControls() {
  auto* strip = new QWidget(this);
  strip->setAutoFillBackground(true);
  strip->setMinimumWidth(1);  // neither a dock nor a page is as wide as its controls would like
  strip->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  auto* row = new QHBoxLayout(strip);
  row->setContentsMargins(6, 2, 6, 0);
  m_measure = new QComboBox(strip);
  m_measure->setObjectName(QStringLiteral("curveMeasure"));
  m_measure->setAccessibleName(tr("Measure"));
  m_measure->setToolTip(
      tr("Automatic: two measures against both costs where there is room, else one."));
  m_against = new QComboBox(strip);
  m_against->setObjectName(QStringLiteral("curveCost"));
  m_against->setAccessibleName(tr("Cost"));
  m_against->setToolTip(tr("What the measure is drawn against."));
  m_against->addItems({tr("gradient evaluations"), tr("CPU seconds")});
  for (QComboBox* box : {m_measure, m_against})
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  row->addWidget(m_measure);
  row->addWidget(new QLabel(tr("against"), strip));
  row->addWidget(m_against);
  row->addStretch();
  static_cast<QVBoxLayout*>(layout())->insertWidget(1, strip);
  connect(m_measure, &QComboBox::activated, this,
          [this] { setMeasure(m_measure->currentData().toString().toStdString()); });
  connect(m_against, &QComboBox::activated, this,
          [this](int index) { setAgainstSeconds(index == 1); });
  showControls();
}

/// The choices follow from the data; what is chosen stays.
void CurvePlot::showControls() {
  const QSignalBlocker quiet(m_measure);
  m_measure->clear();
  m_measure->addItem(tr("Automatic"), QString());
  for (const std::string& id : measuresThere())
    m_measure->addItem(measureTitle(id, false), QString::fromStdString(id));
  m_measure->setCurrentIndex(m_measure->findData(QString::fromStdString(m_state.measure)));
  m_against->setCurrentIndex(m_state.seconds ? 1 : 0);
  m_against->setEnabled(!m_state.measure.empty());
  m_measure->parentWidget()->setPalette(applicationPalette(theme()));
  m_measure->parentWidget()->setVisible(!isEmpty() && !theme().print);
}

void CurvePlot::setMeasure(const std::string& id) {
  m_state.measure = id;
  rebuild();
  fit();
}

void CurvePlot::setAgainstSeconds(bool seconds) {
  m_state.seconds = seconds;
  rebuild();
  fit();
}

bool CurvePlot::take(const RunEvent& event) {
  if (const auto* start = std::get_if<RunStarted>(&event)) {
    takeStart(*start);
    return true;
  }
  const auto* update = std::get_if<CurveUpdated>(&event);
  if (!update || update->sampler < 0 || m_state.seeds.empty()) return false;
  const auto index = static_cast<std::size_t>(update->sampler);
  auto& curves = m_state.seeds.back().curves;
  if (index >= curves.size()) return false;
  const std::size_t before = measuresThere().size();
  curves[index] = update->points;
  if (measuresThere().size() != before) rebuild();
  return true;
}

void CurvePlot::takeStart(const RunStarted& event) {
  const std::string settings = event.preset + '\n' + event.resolved_preset;
  const std::string problem = problemOf(event.resolved_preset);
  const std::int64_t budget = budgetOf(event.resolved_preset);
  if (event.preset != m_state.preset || problem != m_state.problem || problem.empty())
    m_state.planned.clear();
  else if (budget != m_state.budget)
    keepAsPlanned();
  std::erase_if(m_state.planned, [&](const PlannedRun& run) { return run.budget == budget; });
  if (settings != m_state.settings) m_state.seeds.clear();
  m_state.preset = event.preset;
  m_state.problem = problem;
  m_state.budget = budget;
  std::erase_if(m_state.seeds, [&](const Seed& seed) { return seed.seed == event.seed; });
  m_state.settings = settings;
  m_state.samplers = event.samplers;
  m_state.asked = asksForCurves(event.resolved_preset);
  m_state.seeds.push_back({event.seed, {}});
  m_state.seeds.back().curves.resize(event.samplers.size());
}

/// The lines become marks, in the place of older ones of their budget.
void CurvePlot::keepAsPlanned() {
  std::erase_if(m_state.planned,
                [this](const PlannedRun& run) { return run.budget == m_state.budget; });
  for (const Seed& seed : m_state.seeds)
    m_state.planned.push_back(plannedRun(m_state.budget, seed.seed, seed.curves));
}

bool CurvePlot::isEmpty() const {
  return std::all_of(m_state.seeds.begin(), m_state.seeds.end(), [](const Seed& seed) {
    return std::all_of(seed.curves.begin(), seed.curves.end(),
                       [](const auto& curve) { return curve.empty(); });
  });
}

/// Those with a finite value somewhere, in the order of tables.
std::vector<std::string> CurvePlot::measuresThere() const {
  std::set<std::string> ids;
  for (const Seed& seed : m_state.seeds)
    for (const auto& curve : seed.curves)
      for (const CurvePoint& point : curve)
        for (const auto& [id, value] : point.metrics)
          if (std::isfinite(value)) ids.insert(id);
  std::vector<std::string> list(ids.begin(), ids.end());
  std::sort(list.begin(), list.end(), measure_before);
  return list;
}

QString CurvePlot::measureTitle(const std::string& id, bool unit) const {
  const Measure* measure = find_measure(id);
  if (!measure) return QString::fromStdString(id);
  const QString title = QString::fromStdString(measure->title);
  if (!unit || measure->unit.empty()) return title;
  return tr("%1 (%2)").arg(title, QString::fromStdString(measure->unit));
}

/// NLL and the distance to HMC or, where there is none, the next measure that has a direction.
std::vector<std::string> CurvePlot::twoMeasures() const {
  const std::vector<std::string> there = measuresThere();
  std::vector<std::string> two;
  const auto add = [&two](const std::string& id) {
    if (two.size() < 2 && (two.empty() || two[0] != id)) two.push_back(id);
  };
  for (const char* id : {"nll", "wasserstein_to_reference"})
    if (std::find(there.begin(), there.end(), id) != there.end()) add(id);
  for (const std::string& id : there) {
    const Measure* measure = find_measure(id);
    if (measure && measure->better != Better::neither && id != "validation_nll") add(id);
  }
  return two;
}

bool CurvePlot::hasRoom() const {
  const int em = QFontMetrics(theme().font).height();
  const int wide = canvas()->width() / em, high = canvas()->height() / em;
  return (wide >= 58 && high >= 13) || (wide >= 38 && high >= 20);
}

std::vector<CurvePlot::Panel> CurvePlot::chosen() const {
  const std::vector<std::string> there = measuresThere();
  if (std::find(there.begin(), there.end(), m_state.measure) != there.end())
    return {{m_state.measure, m_state.seconds}};
  std::vector<Panel> panels;
  for (const bool seconds : {false, true})
    for (const std::string& id : twoMeasures()) panels.push_back({id, seconds});
  if (!panels.empty() && !hasRoom()) panels.resize(1, panels.front());
  return panels;
}

void CurvePlot::resizeEvent(QResizeEvent* event) {
  if (chosen().size() != m_panels.size()) rebuild();
  LivePlot::resizeEvent(event);
}

/// Looks of the same number of evaluations belong together; a seed without one is left out there.
CurvePlot::Summary CurvePlot::summarise(const Panel& panel, std::size_t sampler) const {
  std::map<std::int64_t, std::pair<std::vector<double>, std::vector<double>>> looks;
  for (const Seed& seed : m_state.seeds) {
    for (const CurvePoint& point : seed.curves[sampler]) {
      const auto value = point.metrics.find(panel.measure);
      if (value == point.metrics.end() || !std::isfinite(value->second)) continue;
      auto& [seconds, values] = looks[point.gradient_evaluations];
      seconds.push_back(point.cpu_seconds);
      values.push_back(value->second);
    }
  }
  Summary all;
  for (const auto& [evaluations, look] : looks) {
    const double seconds = statisticOf(look.first).mean;
    if (panel.seconds && seconds <= 0) continue;  // it has no place on a logarithmic axis
    const SeedStatistic spread = statisticOf(look.second);
    all.x.push_back(panel.seconds ? seconds : static_cast<double>(evaluations));
    all.mean.push_back(spread.mean);
    all.low.push_back(spread.mean - spread.sd);
    all.high.push_back(spread.mean + spread.sd);
  }
  return all;
}

QString CurvePlot::seedText() const {
  const auto whole = std::count_if(m_state.seeds.begin(), m_state.seeds.end(), [](const Seed& s) {
    return std::any_of(s.curves.begin(), s.curves.end(),
                       [](auto& curve) { return !curve.empty(); });
  });
  return whole < 2 ? QString() : tr("mean ± sd of %1 seeds").arg(whole);
}

QString CurvePlot::costTitle(bool seconds) const {
  return seconds ? tr("CPU seconds") : tr("gradient evaluations");
}

void CurvePlot::build() {
  m_panels = chosen();
  showControls();
  if (m_panels.empty()) {
    grid().showMessage(
        m_state.samplers.empty() ? tr("Start a run to see its measures against their cost.")
        : m_state.asked
            ? tr("The first point comes with the first draws.")
            : tr("Set \"curve points\" to 20 to follow every measure against its cost."),
        theme());
    return;
  }
  grid().reset(static_cast<int>(m_panels.size()), {.legend = true, .min_width_em = 16});
  for (int i = 0; i < grid().count(); ++i) buildPanel(i);
}

void CurvePlot::buildPanel(int index) {
  Panel& panel = m_panels[static_cast<std::size_t>(index)];
  QCPAxisRect* rect = grid().rect(index);
  grid().x(index)->setScaleType(QCPAxis::stLogarithmic);
  grid().x(index)->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
  grid().setAxisLabels(index, costTitle(panel.seconds), measureTitle(panel.measure, true));
  for (const SamplerInfo& info : m_state.samplers) {
    QColor shade = theme().sampler(QString::fromStdString(info.id));
    shade.setAlphaF(0.22f);  // bands overlap, and none must hide another
    panel.lines.push_back({nullptr, addBand(rect, shade)});
  }
  for (std::size_t s = 0; s < m_state.samplers.size(); ++s) {  // lines lie above all bands
    const SamplerInfo& info = m_state.samplers[s];
    const QColor color = theme().sampler(QString::fromStdString(info.id));
    QCPGraph* mean =
        addGraph(rect, QString::fromStdString(info.label), index == 0 ? grid().legend() : nullptr);
    mean->setPen(curvePen(color));
    mean->setScatterStyle(
        {QCPScatterStyle::ssDisc, QPen(color), QBrush(color), theme().print ? 2.0 : 4.0});
    panel.lines[s].mean = mean;
    if (!m_state.planned.empty()) addMarks(panel.lines[s], index, color);
  }
}

/// Open diamonds with bars of one standard deviation; the legend names them once.
void CurvePlot::addMarks(Line& line, int index, const QColor& color) {
  const bool named = index == 0 && &line == &m_panels.front().lines.back();
  line.marks = addGraph(grid().rect(index), named ? tr("planned for that budget") : QString(),
                        named ? grid().legend() : nullptr);
  line.marks->setLineStyle(QCPGraph::lsNone);
  line.marks->setScatterStyle({QCPScatterStyle::ssDiamond, curvePen(color),
                               QBrush(theme().background), theme().print ? 4.5 : 9.0});
  line.bars = new QCPErrorBars(grid().x(index), grid().y(index));
  line.bars->removeFromLegend();
  line.bars->setDataPlottable(line.marks);
  line.bars->setPen(curvePen(color));
  line.bars->setWhiskerWidth(theme().print ? 2.0 : 5.0);
}

void CurvePlot::draw() {
  for (const Panel& panel : m_panels) {
    for (std::size_t s = 0; s < panel.lines.size(); ++s) {
      const Summary all = summarise(panel, s);
      setGraphData(panel.lines[s].mean, all.x, all.mean, !panel.seconds);
      setBandData(panel.lines[s].band, all.x, all.low, all.high);
      if (!panel.lines[s].marks) continue;
      const PlannedMarks marks = marksOf(m_state.planned, s, panel.measure, panel.seconds);
      setGraphData(panel.lines[s].marks, marks.x, marks.mean, false);
      panel.lines[s].bars->setData(QVector<double>(marks.sd.begin(), marks.sd.end()));
    }
  }
  if (!m_panels.empty()) grid().setTitle(0, seedText(), theme().text, theme());
}

void CurvePlot::fitRanges() {
  for (int i = 0; i < static_cast<int>(m_panels.size()); ++i) fitPanel(i);
}

/// The first looks are often far away from where samplers differ. The range shows where they have
/// come to: from the lowest value to the highest one at an end, and as much again and a half.
void CurvePlot::fitPanel(int index) {
  const Panel& panel = m_panels[static_cast<std::size_t>(index)];
  FiniteRange across, all, ends;
  for (std::size_t s = 0; s < panel.lines.size(); ++s) {
    const Summary summary = summarise(panel, s);
    const PlannedMarks marks = marksOf(m_state.planned, s, panel.measure, panel.seconds);
    for (const auto& [x, y] :
         {std::pair(summary.x, summary.mean), std::pair(marks.x, marks.mean)}) {
      across.add(x);
      all.add(y);
    }
    if (!summary.mean.empty()) ends.add(summary.mean.back());  // not marks of smaller budgets
  }
  if (all.isEmpty() || across.isEmpty()) return;
  const double room = ends.high() - all.low();
  FiniteRange seen;
  seen.add(all.low());
  seen.add(room > 0 ? std::min(all.high(), ends.high() + 1.5 * room) : all.high());
  grid().y(index)->setRange(seen.padded(0.08));
  grid().x(index)->setRange(across.low() / 1.15, across.high() * 1.15);
}

/// The columns of curves.csv; where there are marks, one more that says what a run was planned for.
QString CurvePlot::csv() const {
  const bool marked = !m_state.planned.empty();
  const auto row = [marked](QStringList cells, const QString& budget) {
    if (marked) cells.insert(2, budget);
    return csvRow(cells);
  };
  QString text =
      row({"sampler", "seed", "gradient_evaluations", "cpu_seconds", "draws", "measure", "value"},
          QStringLiteral("planned_for"));
  const auto add = [&](std::size_t sampler, std::uint64_t seed, std::int64_t budget,
                       const CurvePoint& point) {
    for (const auto& [id, value] : point.metrics) {
      text +=
          row({csvText(QString::fromStdString(m_state.samplers[sampler].id)), QString::number(seed),
               QString::number(point.gradient_evaluations), csvNumber(point.cpu_seconds),
               QString::number(point.draws), csvText(QString::fromStdString(id)), csvNumber(value)},
              QString::number(budget));
    }
  };
  for (const PlannedRun& run : m_state.planned)
    for (std::size_t s = 0; s < run.ends.size() && s < m_state.samplers.size(); ++s)
      if (run.ends[s]) add(s, run.seed, run.budget, *run.ends[s]);
  for (const Seed& seed : m_state.seeds)
    for (std::size_t s = 0; s < seed.curves.size(); ++s)
      for (const CurvePoint& point : seed.curves[s]) add(s, seed.seed, m_state.budget, point);
  return text;
}

QString CurvePlot::explanation() const {
  return tr(
      "What a sampler has reached for what it has cost: each point measures the draws that the run "
      "would have kept had it ended there, after as many gradient evaluations or CPU seconds as "
      "the "
      "axis says. Schedules are those of the whole run, so a curve is not what a run planned for "
      "fewer evaluations would give: such runs of the same problem stay as open diamonds where "
      "they ended. Several seeds of one preset with unchanged settings give a "
      "mean and a band of one standard deviation.\n\n"
      "burn-in b of T steps: of the first n steps those after b·n/T count, K draws at most");
}

QString CurvePlot::summary() const {
  if (m_state.samplers.empty()) return tr("No run yet.");
  if (chosen().empty()) return tr("No curves yet.");
  QStringList parts;
  const Panel panel = chosen().front();
  for (std::size_t s = 0; s < m_state.samplers.size(); ++s) {
    const Summary all = summarise(panel, s);
    if (all.mean.empty()) continue;
    parts << tr("%1 %2 at %3")
                 .arg(QString::fromStdString(m_state.samplers[s].label),
                      shortNumber(all.mean.back()), shortNumber(all.x.back()));
  }
  return tr("%1 against %2: %3.")
      .arg(measureTitle(panel.measure, true), costTitle(panel.seconds),
           parts.join(QStringLiteral("; ")));
}

std::unique_ptr<Plot> CurvePlot::clone() const { return copyOf(*this); }

}  // namespace ergo
