#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the engine, its tests and the command line for CUDA, without the desktop, and runs the tests
# on this machine's device. Needs nvcc, a LibTorch 2.x with CUDA, and the packages of
# debian-packages.txt without the window's (Qt 6 Core and Test are enough).
# Usage: packaging/test-cuda.sh [--compile-only] [LIBTORCH]
#   LIBTORCH        folder with share/cmake/Torch; default: the one of python3's torch
#   --compile-only  end after the build: for a machine without a device
# Ends with 0 when every test passed, 69 when there is no device to run them on.
set -eu
cd "$(dirname "$0")/.."
compile_only=no
if [ "${1:-}" = "--compile-only" ]; then
  compile_only=yes
  shift
fi
case ${1:-} in -*)
  echo "Usage: packaging/test-cuda.sh [--compile-only] [LIBTORCH]" >&2
  exit 64 ;;
esac
libtorch=${1:-$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))')}
# The wheel's own CUDA libraries lie beside it; others of this machine may be older.
links=""
for folder in "$libtorch"/../nvidia/*/lib; do
  [ ! -d "$folder" ] || links="$links -Wl,-rpath-link,$folder"
done
cmake --preset cuda -DCMAKE_EXE_LINKER_FLAGS="$links" -DCMAKE_PREFIX_PATH="$libtorch;${CMAKE_PREFIX_PATH:-}"
cmake --build --preset cuda
devices=$(build/cuda/bin/ergoscope-cli list devices)
echo "$devices"
case $devices in *"without CUDA"*)
  echo "CUDA was not built: '$libtorch' has no CUDA, or nvcc was not found." >&2
  exit 70 ;;
esac
[ "$compile_only" = no ] || exit 0
case $devices in *cuda:0*) ;; *)
  echo "No CUDA device: the tests of the device were not run." >&2
  exit 69 ;;
esac
ctest --preset cuda
