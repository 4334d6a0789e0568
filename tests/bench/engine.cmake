# SPDX-License-Identifier: GPL-3.0-or-later
# The target table and the benchmarks of the engine; neither needs a window.
# bench_results: what the table is made of. Always built, so that its test always runs.
add_library(bench_results STATIC figures.cpp results.cpp table.cpp targets.cpp)
target_link_libraries(bench_results PUBLIC core_plain PRIVATE spdlog::spdlog)
add_executable(bench_table bench_table.cpp)
target_link_libraries(bench_table PRIVATE bench_results)
ergo_test(NAME tst_bench_table SOURCES tst_bench_table.cpp LIBS bench_results LABELS fast)
target_compile_definitions(tst_bench_table PRIVATE BENCH_TABLE="$<TARGET_FILE:bench_table>")
add_dependencies(tst_bench_table bench_table)

# ergo_bench: compiling it costs about a minute, so that it is asked for (packaging/bench.sh does).
option(ERGO_BENCH "Build the benchmarks of the engine (needs Google Benchmark)" OFF)
if(ERGO_BENCH)
  find_package(benchmark REQUIRED)
  # As the product's kernels: once per instruction set, no precompiled header, no torch.
  add_library(bench_fma OBJECT fma_peak.cpp)
  target_link_libraries(bench_fma PRIVATE ergo_settings hwy::hwy benchmark::benchmark)
  add_executable(ergo_bench ergo_bench.cpp measure.cpp kernel_call.cpp toy.cpp eager_conv.cpp
    eager_network.cpp eager_peers.cpp bench_conv.cpp bench_kernel.cpp bench_toy.cpp
    bench_run.cpp bench_resnet.cpp bench_growth.cpp ${CMAKE_SOURCE_DIR}/app/desktop/event_queue.cpp)
  target_link_libraries(ergo_bench PRIVATE core bench_fma benchmark::benchmark spdlog::spdlog
    ${CMAKE_DL_LIBS})
  target_precompile_headers(ergo_bench REUSE_FROM torch_pch)
  target_compile_options(ergo_bench PRIVATE -fPIC)  # as the header was compiled
endif()
