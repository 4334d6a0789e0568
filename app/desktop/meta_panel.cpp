// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/meta_panel.h"

#include <QCheckBox>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QStandardPaths>
#include <QVBoxLayout>
#include <cmath>

#include "app/desktop/preset_gallery.h"
#include "app/desktop/run_toolbar.h"
#include "app/desktop/settings_panel.h"
#include "core/base/error.h"

namespace ergo {
namespace {

template <class Control>
Control* named(Control* control, const char* name, const QString& label, const QString& tip) {
  control->setObjectName(QString::fromLatin1(name));
  control->setAccessibleName(label);
  control->setToolTip(tip);
  return control;
}

QString defaultFile(const std::string& id) {
  const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
  return QStringLiteral("%1/meta/%2.safetensors").arg(folder, QString::fromStdString(id));
}

QString trainedSampler(const Preset& preset) {
  for (const Section& section : sections(preset)) {
    for (const Field& field : section.fields)
      if (section.name.empty() && field.name == "sampler")
        return QString::fromStdString(field.value.get<std::string>());
  }
  return {};
}

}  // namespace

MetaPanel::MetaPanel(MetaFunction function, QWidget* parent)
    : QWidget(parent), m_function(std::move(function)) {
  setObjectName(QStringLiteral("metaPanel"));
  setAccessibleName(tr("Meta-training"));
  build();
  connect(m_gallery, &PresetGallery::chosen, this, &MetaPanel::choose);
  connect(m_settings, &SettingsPanel::editRefused, this, &MetaPanel::failed);
  connect(m_file, &QLineEdit::textChanged, this, &MetaPanel::refreshButtons);
  connect(&m_bridge, &RunBridge::drained, this, &MetaPanel::consume);
  connect(&m_bridge, &RunBridge::controlChanged, this, &MetaPanel::refreshButtons);
  connect(&m_bridge, &RunBridge::failed, this, [this](int, const QString& sentence) {
    m_result.reset();
    Q_EMIT failed(sentence);
  });
  connect(&m_bridge, &RunBridge::finished, this, &MetaPanel::wrapUp);
  refreshButtons();
}

void MetaPanel::build() {
  m_gallery = new PresetGallery(QStringLiteral("meta-train"), this);
  m_settings = new SettingsPanel(&m_document, this);
  m_settings->setObjectName(QStringLiteral("metaSettings"));
  auto* split = new QSplitter(Qt::Vertical, this);
  split->setChildrenCollapsible(false);
  split->addWidget(m_gallery);
  split->addWidget(m_settings);
  split->setSizes({110, 160});
  m_progress = named(new QProgressBar(this), "metaProgress", tr("Progress of the meta-training"),
                     tr("Outer iterations done"));
  m_progress->setRange(0, 1000);
  m_progress->setValue(0);
  m_status = named(new QLabel(this), "metaStatus", tr("State of the meta-training"), QString());
  m_status->setWordWrap(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(4, 4, 4, 4);
  column->addWidget(split, 1);
  column->addWidget(makeFileRow());
  column->addWidget(makeButtons());
  column->addWidget(m_progress);
  column->addWidget(m_status);
}

QWidget* MetaPanel::makeFileRow() {
  auto* row = new QWidget(this);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  m_file = named(new QLineEdit(row), "metaFile", tr("File of the meta-parameters"),
                 tr("Where the best meta-parameters go (safetensors); the state to resume from "
                    "goes beside it."));
  auto* browseButton = named(new QPushButton(tr("Browse..."), row), "metaBrowse", tr("Browse"),
                             tr("Chooses the file"));
  m_replace =
      named(new QCheckBox(tr("Replace"), row), "metaReplace", tr("Replace an existing file"),
            tr("Allows a new training to replace an existing file."));
  layout->addWidget(m_file, 1);
  layout->addWidget(browseButton);
  layout->addWidget(m_replace);
  connect(browseButton, &QPushButton::clicked, this, &MetaPanel::browse);
  return row;
}

QWidget* MetaPanel::makeButtons() {
  auto* row = new QWidget(this);
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  m_start = named(new QPushButton(tr("Train"), row), "metaStart", tr("Start meta-training"),
                  tr("Starts a meta-training from the beginning."));
  m_resume = named(new QPushButton(tr("Resume"), row), "metaResume", tr("Resume meta-training"),
                   tr("Goes on from the state beside the file."));
  m_stop = named(new QPushButton(tr("Stop"), row), "metaStop", tr("Stop meta-training"),
                 tr("Ends it soon; the best meta-parameters so far are kept."));
  m_use = named(new QPushButton(tr("Use in comparison"), row), "metaUse", tr("Use in comparison"),
                tr("Makes L2E of the open comparison use this file."));
  for (QPushButton* button : {m_start, m_resume, m_stop, m_use}) layout->addWidget(button);
  connect(m_start, &QPushButton::clicked, this, [this] { start(false); });
  connect(m_resume, &QPushButton::clicked, this, [this] { start(true); });
  connect(m_stop, &QPushButton::clicked, this, &MetaPanel::stop);
  connect(m_use, &QPushButton::clicked, this,
          [this] { Q_EMIT useRequested(trainedSampler(m_document.preset()), m_file->text()); });
  return row;
}

void MetaPanel::fill() { m_gallery->fill(); }

void MetaPanel::choose(const QString& id) {
  try {
    openPreset(id);
  } catch (const Error& error) {
    Q_EMIT failed(QString::fromStdString(error.what()));
  }
}

void MetaPanel::openPreset(const QString& idOrPath) {
  m_document.open(idOrPath);
  m_gallery->select(QString::fromStdString(m_document.preset().id));
  m_file->setText(defaultFile(m_document.preset().id));
  refreshButtons();
}

void MetaPanel::browse() {
  auto* dialog = new QFileDialog(this, tr("File of the meta-parameters"), m_file->text(),
                                 tr("Safetensors (*.safetensors)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setOption(QFileDialog::DontConfirmOverwrite);  // "Replace" decides that
  dialog->setDefaultSuffix(QStringLiteral("safetensors"));
  connect(dialog, &QFileDialog::fileSelected, m_file, &QLineEdit::setText);
  dialog->open();
}

QString MetaPanel::stateFile() const {
  return m_file->text() + QStringLiteral(".state.safetensors");
}

/// Its picture names the training as those of a comparison name their run.
RunStarted MetaPanel::startEvent() const {
  const Preset& preset = m_document.preset();
  RunStarted event;
  event.preset = preset.id;
  event.title = preset.title();
  event.task = "meta-training";
  event.seed = m_document.seed();
  event.resolved_preset = preset.document.dump();
  return event;
}

void MetaPanel::start(bool resume) {
  if (const QString problem = m_settings->firstProblem(); !problem.isEmpty())
    return Q_EMIT failed(problem);
  QDir().mkpath(QFileInfo(m_file->text()).path());  // a failure is reported by meta_train()
  MetaOptions options;
  options.out = m_file->text().toStdString();
  if (resume) options.resume = stateFile().toStdString();
  options.workers = m_workers;
  options.force = resume || m_replace->isChecked();
  m_result = std::make_shared<MetaResult>();
  Q_EMIT startRequested();
  m_bridge.start(
      [function = m_function, preset = m_document.preset(), options, result = m_result,
       start = startEvent()](std::int64_t run, const EventSink& sink, RunControl& control) mutable {
        options.run = start.run = run;
        sink(start);
        *result = function(preset, options, sink, control);
      });
  m_progress->setValue(0);
  m_status->setText(tr("Meta-training runs."));
  refreshButtons();
}

void MetaPanel::consume(const std::vector<RunEvent>& events) {
  for (const RunEvent& event : events) {
    if (const auto* progress = std::get_if<Progress>(&event); progress && progress->total > 0) {
      m_progress->setValue(static_cast<int>(1000 * progress->done / progress->total));
      m_progress->setFormat(QStringLiteral("%p %  ") + timeLeft(progress->seconds_left));
    }
    if (const auto* iteration = std::get_if<MetaIteration>(&event))
      m_status->setText(tr("Iteration %1: meta-loss %2 nats, best score %3")
                            .arg(iteration->iteration)
                            .arg(iteration->smoothed, 0, 'g', 5)
                            .arg(std::isfinite(iteration->best_score)
                                     ? QString::number(iteration->best_score, 'g', 5)
                                     : tr("not yet known")));
  }
}

void MetaPanel::wrapUp() {
  if (m_result)
    m_status->setText(tr("%1 after %2 iterations, best score %3 nats, %4 s.")
                          .arg(m_result->reason == "completed" ? tr("Completed") : tr("Stopped"))
                          .arg(m_result->iterations)
                          .arg(m_result->best_score, 0, 'g', 5)
                          .arg(m_result->seconds, 0, 'f', 1));
  else
    m_status->setText(tr("The meta-training failed."));
  m_result.reset();
  refreshButtons();
}

void MetaPanel::refreshButtons() {
  const bool running = m_bridge.isRunning();
  const bool ready = m_document.isOpen() && !m_file->text().isEmpty();
  m_start->setEnabled(!running && ready);
  m_resume->setEnabled(!running && ready && QFileInfo::exists(stateFile()));
  m_stop->setEnabled(running && !m_bridge.isStopping());
  m_use->setEnabled(QFileInfo(m_file->text()).isFile());
}

}  // namespace ergo
