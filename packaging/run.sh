#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds `release`, and opens the application with a preset running.
# Without a display the same preset runs headless and writes figures and tables below out/.
# Usage: packaging/run.sh [PRESET] [SEED]        default: toy-foong 1
set -eu
cd "$(dirname "$0")/.."
preset=${1:-toy-foong}
seed=${2:-1}
packaging/install-packages.sh
cmake --preset release
cmake --build --preset release --target ergoscope ergoscope-cli
if [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; then
  exec build/release/bin/ergoscope --preset "$preset" --seed "$seed" --run
fi
name=$(basename "$preset" .json)
folder="out/$name-s$seed"
counter=2
while [ -e "$folder" ]; do
  folder="out/$name-s$seed-$counter"
  counter=$((counter + 1))
done
echo "No display: running $preset headless, figures and table go to $folder"
mkdir -p out
build/release/bin/ergoscope --headless --preset "$preset" --seed "$seed" --export "$folder"
echo "Done: figures and table are in $folder"
