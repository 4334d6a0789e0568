#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests alone do not see. Installs what is missing, runs the named stages (without names all
# of them, in this order), says how long each took, and ends with the first one that fails.
# Usage: packaging/check.sh [--base REV] [STAGE...]
#   format    clang-format changes nothing
#   includes  no include runs upward
#   tidy      clang-tidy says nothing of the files that differ from REV (default: origin/main)
#   werror    `release` builds without a warning; packaging/test.sh finds it built
#   locale    readers, command line and widgets where a comma separates decimals
#   asan      address and undefined-behaviour sanitizers: readers, core and engine
#   tsan      thread sanitizer: engine and run bridge
# The tests of a stage are those with its label: ergo_check() in the CMakeLists.txt below tests/.
set -eu
cd "$(dirname "$0")/.."
stages="format includes tidy werror locale asan tsan"
base=origin/main
if [ "${1:-}" = "--base" ]; then
  base=${2:?"--base needs a revision"}
  shift 2
fi
for stage in "$@"; do
  case " $stages " in *" $stage "*) ;; *)
    echo "Usage: packaging/check.sh [--base REV] [STAGE...], stages: $stages" >&2
    exit 64 ;;
  esac
done

# $1: preset, $2: label. Builds the tests with that label and nothing else, and runs them.
labelled_tests() {
  cmake --preset "$1" >/dev/null
  tests=$(ctest --preset "$1" -N -L "^$2\$" | sed -n 's/^ *Test *#[0-9]*: //p')
  # shellcheck disable=SC2086  # the list is meant to be split
  cmake --build --preset "$1" --target $tests
  ctest --preset "$1" -L "^$2\$"
}

check_format() {
  git ls-files -z '*.h' '*.cpp' '*.cu' | xargs -0 clang-format-14 --dry-run --Werror
}

check_includes() { packaging/check-includes.sh; }

# A changed header is looked at through the source file of its name.
changed_sources() {
  git diff --name-only --diff-filter=d "$(git merge-base "$base" HEAD)" -- '*.cpp' '*.h' |
    sed 's/\.h$/.cpp/' | sort -u | while read -r file; do
    [ ! -f "$file" ] || echo "$file"
  done
}

check_tidy() {
  files=$(changed_sources)
  if [ -z "$files" ]; then
    echo "No source file differs from $base."
    return
  fi
  cmake --preset tidy >/dev/null
  # The files that moc makes are included by others.
  cmake --build --preset tidy --target help | sed -n 's/^\([a-z0-9_]*_autogen\): phony$/\1/p' |
    xargs cmake --build --preset tidy --target >/dev/null
  echo "$files" | xargs -n 1 -P "$(nproc)" clang-tidy-14 -p build/tidy --quiet
}

check_werror() {
  cmake --preset release -DERGO_WARNINGS_AS_ERRORS=ON >/dev/null
  cmake --build --preset release
}

# The locale is made below build/, so that nothing on the machine changes. The messages of the system,
# which tests compare, stay English.
check_locale() (
  mkdir -p build/locale
  localedef -i de_DE -f UTF-8 build/locale/de_DE.UTF-8
  unset LC_ALL LC_NUMERIC
  export LOCPATH="$PWD/build/locale" LANG=de_DE.UTF-8 LC_MESSAGES=C
  if [ "$(locale decimal_point)" != "," ]; then
    echo "The locale de_DE.UTF-8 was made but is not used." >&2
    exit 1
  fi
  labelled_tests release locale
)

check_asan() { labelled_tests dev-asan asan; }

check_tsan() { labelled_tests dev-tsan tsan; }

packaging/install-packages.sh
# shellcheck disable=SC2086  # the list is meant to be split
[ $# -gt 0 ] || set -- $stages
failed=""
trap '[ -z "$failed" ] || echo "== $failed: failed" >&2' EXIT
for stage in "$@"; do
  failed=$stage
  echo "== $stage"
  begin=$(date +%s)
  "check_$stage"
  echo "== $stage: passed after $(($(date +%s) - begin)) s"
done
failed=""
