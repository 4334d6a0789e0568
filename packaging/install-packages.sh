#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what debian-packages.txt lists and this system lacks; says what, and uses sudo only
# when it is not root already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
missing=""
for package in $(sed 's/#.*//' "$here/debian-packages.txt"); do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "All system packages are installed."
  exit 0
fi
echo "Installing:$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Not root and no sudo: install these packages first." >&2; exit 1; }
  as_root=sudo
fi
$as_root apt-get update -q
# shellcheck disable=SC2086  # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
