#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks that no arrow runs upward between the folders of core: a file includes only files of its own
# folder and of folders that stand above it in the table "The tree" of ARCHITECTURE.md.
# Usage: packaging/check-includes.sh [ROOT]     prints each violation; 0: none, 1: some, 2: no table
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

order=$(sed -n 's#^| `core/\([a-z_]*\)` |.*#\1#p' ARCHITECTURE.md)
if [[ -z $order ]]; then
  echo "ARCHITECTURE.md: no row of the table begins with | \`core/...\` |" >&2
  exit 2
fi
grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"core/' core \
    --include='*.h' --include='*.cpp' --include='*.cu' |
  awk -F: -v order="$order" '
    BEGIN {
      count = split(order, names, "\n")
      for (i = 1; i <= count; ++i) level[names[i]] = i
    }
    {
      split($1, from, "/")
      split($3, quoted, "\"")
      split(quoted[2], to, "/")
      if (level[from[2]] && level[to[2]] && level[to[2]] <= level[from[2]]) next
      wrong = 1
      if (!level[from[2]] || !level[to[2]]) {
        printf "%s:%s: core/%s has no row in the table of ARCHITECTURE.md\n", $1, $2,
               level[from[2]] ? to[2] : from[2]
      } else {
        printf "%s:%s: core/%s must not know %s, which does not stand above it in ARCHITECTURE.md\n",
               $1, $2, from[2], quoted[2]
      }
    }
    END { exit wrong }'
