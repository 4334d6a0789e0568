#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds `release` with all tests, runs them headless, ends with ctest's
# summary.
set -eu
cd "$(dirname "$0")/.."
packaging/install-packages.sh
cmake --preset release
cmake --build --preset release
ctest --preset release "$@"
