# SPDX-License-Identifier: GPL-3.0-or-later
# The target table and the benchmarks of the engine; neither needs a window.
# bench_results: what the table is made of. Always built, so that its test always runs.
add_library(bench_results STATIC results.cpp table.cpp targets.cpp)
target_link_libraries(bench_results PUBLIC core_plain PRIVATE spdlog::spdlog)
add_executable(bench_table bench_table.cpp)
target_link_libraries(bench_table PRIVATE bench_results)
ergo_test(NAME tst_bench_table SOURCES tst_bench_table.cpp LIBS bench_results LABELS fast)
target_compile_definitions(tst_bench_table PRIVATE BENCH_TABLE="$<TARGET_FILE:bench_table>")
add_dependencies(tst_bench_table bench_table)
