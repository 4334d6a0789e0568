# SPDX-License-Identifier: GPL-3.0-or-later
# Settings that every target of the project shares, and one function per kind of target.
add_library(ergo_settings INTERFACE)
# GCC 12 reports its own AVX-512 headers as uninitialised (gcc.gnu.org PR 105593).
target_compile_options(ergo_settings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
                       -Wno-uninitialized -Wno-maybe-uninitialized)
target_include_directories(ergo_settings INTERFACE ${CMAKE_SOURCE_DIR} ${ERGO_FMT_DIR})
if(ERGO_WARNINGS_AS_ERRORS)
  # GCC 12 takes the assignment of a short text for one that overlaps (gcc.gnu.org PR 105651).
  target_compile_options(ergo_settings INTERFACE -Werror -Wno-error=restrict)
endif()
if(ERGO_NATIVE)
  # One flag for the whole build, never for single files: Eigen's alignment depends on it.
  target_compile_options(ergo_settings INTERFACE -march=native)
endif()
if(ERGO_SANITIZE)
  target_compile_options(ergo_settings INTERFACE -fsanitize=${ERGO_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ergo_settings INTERFACE -fsanitize=${ERGO_SANITIZE})
endif()

# ergo_check(STAGE TEST...): packaging/check.sh runs these tests under STAGE too.
function(ergo_check stage)
  set_property(TEST ${ARGN} APPEND PROPERTY LABELS ${stage})
endfunction()

# ergo_test(NAME tst_x SOURCES ... LIBS ... LABELS ...): one Qt Test executable, one ctest entry.
function(ergo_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${T_NAME} ${T_SOURCES})
  set_target_properties(${T_NAME} PROPERTIES AUTOMOC ON)
  target_link_libraries(${T_NAME} PRIVATE ${T_LIBS} Qt6::Test)
  add_test(NAME ${T_NAME} COMMAND ${T_NAME})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  set_tests_properties(${T_NAME} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT} ENVIRONMENT
    "QT_QPA_PLATFORM=offscreen;OMP_NUM_THREADS=1;OPENBLAS_NUM_THREADS=1;ERGOSCOPE_PRESETS=${CMAKE_SOURCE_DIR}/presets")
endfunction()
