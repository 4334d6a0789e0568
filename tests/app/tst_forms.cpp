// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <cmath>

#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_form.h"
#include "widgets/forms/field_text.h"
#include "widgets/forms/number_edit.h"

using namespace ergo;

namespace {

struct Everything {
  double step_size = 1e-4;
  std::int64_t steps = 5000000000;
  bool bias = true;
  std::string file = "a.csv";
  std::string activation = "tanh";
  std::vector<std::int64_t> hidden{40, 40};
  std::vector<double> grid{0.1, 1e-3};
  double friction = 10.0;
  std::string device = "cpu";
  template <class V>
  void visit(V&& v) {
    v("step_size", step_size,
      FieldInfo{.min = 0, .max = 1, .open_min = true, .choices = {}, .unit = "m", .doc = "Step."});
    v("steps", steps,
      FieldInfo{.min = 1, .max = 1e12, .choices = {}, .unit = "", .doc = "Transitions."});
    v("bias", bias, FieldInfo{.choices = {}, .unit = "", .doc = "Biases."});
    v("file", file, FieldInfo{.choices = {}, .unit = "", .doc = "A file.", .file = true});
    v("activation", activation, FieldInfo{.choices = {"tanh", "relu"}, .unit = "", .doc = "Kind."});
    v("hidden", hidden,
      FieldInfo{.min = 1, .max = 4096, .choices = {}, .unit = "", .doc = "Widths."});
    v("grid", grid, FieldInfo{.min = 0, .max = 1, .choices = {}, .unit = "", .doc = "Grid."});
    v("device", device,
      FieldInfo{.doc = "Where.", .suggestions = {{"cpu", "4 cores"}, {"cuda:0", "A GPU"}}});
    v("friction", friction,
      FieldInfo{.min = 0, .choices = {}, .unit = "", .doc = "C.", .advanced = true});
  }
};

void retype(QWidget* control, const QString& text) {
  control->setFocus();
  QTest::keyClick(control, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(control, text);
  QTest::keyClick(control, Qt::Key_Return);
}

}  // namespace

class TestForms : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init();
  void showsEveryType();
  void editsEveryType_data();
  void editsEveryType();
  void refusesWithTheSentence_data();
  void refusesWithTheSentence();
  void namesEveryControl();
  void foldsAdvanced();
  void stepsOnTheLadder();
  void staysInRange();
  void setValueEmitsNothing();
  void leavesUndoToTheWindow();
  void offersButTakesOthers();
  void fileFieldAsksForAFile();

 private:
  QWidget* control(const char* name) { return m_form->editor(QLatin1String(name))->control(); }
  std::unique_ptr<FieldForm> m_form;
};

void TestForms::init() {
  m_form = std::make_unique<FieldForm>();
  m_form->setFields("sghmc", fields_of(Everything{}));
  m_form->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_form.get()));
}

void TestForms::showsEveryType() {
  QCOMPARE(m_form->editor("step_size")->text(), "0.0001");
  QCOMPARE(m_form->editor("steps")->text(), "5000000000");
  QCOMPARE(m_form->editor("bias")->text(), "true");
  QCOMPARE(m_form->editor("file")->text(), "a.csv");
  QCOMPARE(m_form->editor("activation")->text(), "tanh");
  QCOMPARE(m_form->editor("hidden")->text(), "40,40");
  QCOMPARE(m_form->editor("grid")->text(), "0.1,0.001");
  QCOMPARE(m_form->editor("device")->text(), "cpu");
  QVERIFY(qobject_cast<QCheckBox*>(control("bias")));
  QVERIFY(qobject_cast<QComboBox*>(control("activation")));
  QVERIFY(qobject_cast<NumberEdit*>(control("step_size")));
  QVERIFY(qobject_cast<NumberEdit*>(control("steps")));
}

/// A choice of devices: the list explains each, and a preset for another machine may name one that
/// is not here.
void TestForms::offersButTakesOthers() {
  auto* box = qobject_cast<QComboBox*>(control("device"));
  QVERIFY(box && box->isEditable());
  QCOMPARE(box->count(), 2);
  QCOMPARE(box->itemData(1, Qt::ToolTipRole).toString(), "A GPU");
  QSignalSpy edited(m_form.get(), &FieldForm::fieldEdited);
  box->setCurrentIndex(1);
  Q_EMIT box->activated(1);
  QCOMPARE(edited.count(), 1);
  QCOMPARE(edited[0][1].toString(), "cuda:0");
  retype(box->lineEdit(), "cuda:7");
  QCOMPARE(edited.count(), 2);
  QCOMPARE(edited[1][1].toString(), "cuda:7");
  QCOMPARE(box->count(), 2);
  m_form->editor("device")->setValue("cuda:9");
  QCOMPARE(m_form->editor("device")->text(), "cuda:9");
  QCOMPARE(edited.count(), 2);
}

void TestForms::editsEveryType_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("typed");
  QTest::addRow("real, scientific") << "step_size"
                                    << "2.5e-3";
  QTest::addRow("integer beyond 32 bits") << "steps"
                                          << "7000000000";
  QTest::addRow("text") << "file"
                        << "b.csv";
  QTest::addRow("integer list") << "hidden"
                                << "16,32,8";
  QTest::addRow("real list") << "grid"
                             << "1e-4,0.5";
}

void TestForms::editsEveryType() {
  QFETCH(QString, name);
  QFETCH(QString, typed);
  QSignalSpy edited(m_form.get(), &FieldForm::fieldEdited);
  retype(control(qPrintable(name)), typed);
  QCOMPARE(edited.count(), 1);
  QCOMPARE(edited[0][0].toString(), name);
  QCOMPARE(edited[0][1].toString(), typed);
  QVERIFY(m_form->firstProblem().isEmpty());
  retype(control(qPrintable(name)), typed);  // the same value again is no edit
  QCOMPARE(edited.count(), 1);
}

void TestForms::refusesWithTheSentence_data() {
  QTest::addColumn<QString>("name");
  QTest::addColumn<QString>("typed");
  QTest::addRow("zero, but must be above") << "step_size"
                                           << "0";
  QTest::addRow("too large") << "step_size"
                             << "2";
  QTest::addRow("a comma for a point") << "step_size"
                                       << "0,5";
  QTest::addRow("not a number") << "step_size"
                                << "abc";
  QTest::addRow("not finite") << "step_size"
                              << "nan";
  QTest::addRow("empty") << "steps"
                         << "";
  QTest::addRow("fraction") << "steps"
                            << "1.5";
  QTest::addRow("list with a word") << "hidden"
                                    << "40,x";
  QTest::addRow("list out of range") << "hidden"
                                     << "40,0";
}

void TestForms::refusesWithTheSentence() {
  QFETCH(QString, name);
  QFETCH(QString, typed);
  QSignalSpy edited(m_form.get(), &FieldForm::fieldEdited);
  QWidget* editor = control(qPrintable(name));
  if (typed.isEmpty()) {
    editor->setFocus();
    QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(editor, Qt::Key_Delete);
    QTest::keyClick(editor, Qt::Key_Return);
  } else {
    retype(editor, typed);
  }
  QCOMPARE(edited.count(), 0);
  const QString sentence = m_form->firstProblem();
  QVERIFY2(sentence.contains("sghmc." + name), qPrintable(sentence));
  auto* message = m_form->findChild<QLabel*>("sghmc." + name + ".problem");
  QVERIFY(message && message->isVisible());
  QCOMPARE(message->text(), sentence);
  m_form->setValue(name, fields_of(Everything{})[name == "steps"    ? 1
                                                 : name == "hidden" ? 5
                                                                    : 0]
                             .value);
  QVERIFY(m_form->firstProblem().isEmpty());
  QVERIFY(!message->isVisible());
}

void TestForms::namesEveryControl() {
  for (const Field& field : fields_of(Everything{})) {
    QWidget* widget = control(field.name.c_str());
    QCOMPARE(widget->objectName(), QString::fromStdString("sghmc." + field.name));
    QVERIFY(!widget->accessibleName().isEmpty());
    QCOMPARE(widget->toolTip(), QString::fromStdString(field.info.doc));
  }
}

void TestForms::foldsAdvanced() {
  auto* fold = m_form->findChild<QToolButton*>("sghmc.advanced");
  QVERIFY(fold);
  QVERIFY(!control("friction")->isVisible());
  QTest::mouseClick(fold, Qt::LeftButton);
  QVERIFY(control("friction")->isVisible());
  QVERIFY(control("step_size")->isVisible());
}

void TestForms::stepsOnTheLadder() {
  QSignalSpy edited(m_form.get(), &FieldForm::fieldEdited);
  auto* number = qobject_cast<NumberEdit*>(control("step_size"));
  for (const char* expected : {"0.0002", "0.0005", "0.001"}) {
    number->stepBy(1);
    QCOMPARE(m_form->editor("step_size")->text(), QString(expected));
  }
  number->stepBy(-1);
  QCOMPARE(m_form->editor("step_size")->text(), "0.0005");
  QCOMPARE(edited.count(), 4);
  qobject_cast<NumberEdit*>(control("steps"))->stepBy(10);
  QCOMPARE(m_form->editor("steps")->text(), "5000000010");
}

void TestForms::staysInRange() {
  m_form->setValue("step_size", 1.0);
  qobject_cast<NumberEdit*>(control("step_size"))->stepBy(1);
  QCOMPARE(m_form->editor("step_size")->text(), "1");
  m_form->setValue("steps", 1);
  qobject_cast<NumberEdit*>(control("steps"))->stepBy(-1);
  QCOMPARE(m_form->editor("steps")->text(), "1");
  QVERIFY(m_form->firstProblem().isEmpty());
}

void TestForms::setValueEmitsNothing() {
  QSignalSpy edited(m_form.get(), &FieldForm::fieldEdited);
  m_form->setValue("step_size", 0.5);
  m_form->setValue("bias", false);
  m_form->setValue("activation", "relu");
  m_form->setValue("hidden", {1, 2});
  QCOMPARE(edited.count(), 0);
  QCOMPARE(m_form->editor("hidden")->text(), "1,2");
  QTest::keyClick(control("bias"), Qt::Key_Space);
  QCOMPARE(edited.count(), 1);
  QCOMPARE(edited[0][1].toString(), "true");
  QTest::keyClick(control("activation"), Qt::Key_Up);
  QCOMPARE(edited.count(), 2);
  QCOMPARE(edited[1][1].toString(), "tanh");
}

void TestForms::leavesUndoToTheWindow() {
  auto* line = qobject_cast<QLineEdit*>(control("file"));
  line->setFocus();
  QKeyEvent key(QEvent::ShortcutOverride, Qt::Key_Z, Qt::ControlModifier);
  key.ignore();
  QCoreApplication::sendEvent(line, &key);
  QVERIFY(!key.isAccepted());
  QTest::keyClicks(line, "x");  // now the line has something of its own to undo
  QCoreApplication::sendEvent(line, &key);
  QVERIFY(key.isAccepted());
}

void TestForms::fileFieldAsksForAFile() {
  QVERIFY(!m_form->findChild<QToolButton*>("sghmc.activation.browse"));
  auto* button = m_form->findChild<QToolButton*>("sghmc.file.browse");
  QVERIFY(button && !button->accessibleName().isEmpty());
  QSignalSpy edited(m_form->editor("file"), &FieldEditor::edited);
  button->click();
  auto* dialog = m_form->findChild<QFileDialog*>("sghmc.file.dialog");
  QVERIFY(dialog);
  Q_EMIT dialog->fileSelected("/data/b.csv");
  QCOMPARE(edited.count(), 1);
  QCOMPARE(edited.first().first().toString(), QString("/data/b.csv"));
  QCOMPARE(m_form->editor("file")->text(), QString("/data/b.csv"));
}

QTEST_MAIN(TestForms)
#include "tst_forms.moc"
