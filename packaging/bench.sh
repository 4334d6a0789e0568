#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds `release` with the benchmarks, runs them (the engine on one core,
# then the window on a virtual display), and prints the target table with this machine's ratios.
# Ends with 0 when every benchmark ran, met or not; what cannot run here is a row that says why.
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
bin=build/release/bin
packaging/install-packages.sh
cmake --preset release -DERGO_BENCH=ON
targets="ergo_bench bench_table"
no_window=""
if ! cmake --build --preset release --target help | grep -q '^gui_frames:'; then
  no_window="this build has no desktop (ERGO_DESKTOP is OFF)"
else
  targets="$targets gui_frames gui_start"
  command -v xvfb-run >/dev/null || no_window="xvfb-run is not installed"
fi
# shellcheck disable=SC2086  # the list is meant to be split
cmake --build --preset release --target $targets
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export ERGOSCOPE_PRESETS="$PWD/presets"

# $1: a program that measures a window. Leaves its figures, or why there are none, in a file.
measure_window() {
  file="$results/$1.json"
  if [ -n "$no_window" ]; then
    printf '{"context": {"not_measured:%s": "%s"}, "benchmarks": []}' "$1" "$no_window" >"$file"
    return
  fi
  echo "$1"
  status=0
  QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1920x1200x24" "$bin/$1" --json "$file" || status=$?
  [ "$status" -eq 0 ] ||
    printf '{"benchmarks": [{"name": "%s", "error_occurred": true, "error_message": "%s"}]}' \
      "$1" "ended with status $status" >"$file"
}

OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
  $bin/ergo_bench --benchmark_out="$results/engine.json" --benchmark_out_format=json
measure_window gui_frames
measure_window gui_start
set -- "$results/engine.json" "$results/gui_frames.json" "$results/gui_start.json"
[ -z "$json" ] || set -- --json "$json" "$@"
$bin/bench_table "$@"
