# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the torch-free core.
foreach(unit checkpoints convergence csv data diagnostics idx io measures number series table)
  ergo_test(NAME tst_${unit} SOURCES tst_${unit}.cpp LIBS core_plain ZLIB::ZLIB LABELS fast)
endforeach()
