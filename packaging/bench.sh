#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds `release` with the benchmarks, runs them one core each, and prints
# the target table with this machine's ratios. Ends with 0 when every benchmark ran, met or not.
# Usage: packaging/bench.sh [--json FILE]
set -eu
json=""
if [ $# -gt 0 ]; then
  if [ "$1" != "--json" ] || [ $# -ne 2 ]; then
    echo "Usage: packaging/bench.sh [--json FILE]" >&2
    exit 64
  fi
  json=$(realpath -m "$2")
fi
cd "$(dirname "$0")/.."
packaging/install-packages.sh
cmake --preset release -DERGO_BENCH=ON
cmake --build --preset release --target ergo_bench bench_table
results=$(mktemp)
trap 'rm -f "$results"' EXIT
ERGOSCOPE_PRESETS="$PWD/presets" OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
  build/release/bin/ergo_bench --benchmark_out="$results" --benchmark_out_format=json
if [ -n "$json" ]; then
  build/release/bin/bench_table --json "$json" "$results"
else
  build/release/bin/bench_table "$results"
fi
