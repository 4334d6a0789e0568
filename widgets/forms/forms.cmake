# SPDX-License-Identifier: GPL-3.0-or-later
# Editors built from field lists.
target_sources(widgets PRIVATE
  forms/field_editor.cpp
  forms/field_form.cpp
  forms/field_text.cpp
  forms/number_edit.cpp
)
