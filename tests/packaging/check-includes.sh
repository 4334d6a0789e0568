#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# packaging/check-includes.sh on small trees: it lets arrows run down and names those that run up.
set -euo pipefail
check=$(cd "$(dirname "$0")/../.." && pwd)/packaging/check-includes.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/core/{base,run,stray}

fail() {
  echo "FAIL: $*" >&2
  exit 1
}
expect() {  # expect STATUS TEXT: what the check ends with and prints
  local status=0 printed
  printed=$("$check" "$tree" 2>&1) || status=$?
  [[ $status == "$1" ]] || fail "status $status instead of $1: $printed"
  [[ $printed == *"$2"* ]] || fail "'$printed' does not say '$2'"
}

echo 'no table' >"$tree/ARCHITECTURE.md"
expect 2 'ARCHITECTURE.md: no row'

printf '| `core/base` | ground |\n| `core/run` | upper floor |\n' >"$tree/ARCHITECTURE.md"
echo '#include "core/base/error.h"' >"$tree/core/run/run.cpp"
printf '#include <vector>\n#include "core/base/error.h"\n' >"$tree/core/base/error.cpp"
expect 0 ''

printf '#pragma once\n  # include "core/run/run.h"\n' >"$tree/core/base/error.h"
expect 1 'core/base/error.h:2: core/base must not know core/run/run.h'

echo >"$tree/core/base/error.h"
echo '#include "core/base/error.h"' >"$tree/core/stray/new.cu"
expect 1 'core/stray/new.cu:1: core/stray has no row'
