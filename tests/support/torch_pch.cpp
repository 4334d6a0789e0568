// SPDX-License-Identifier: GPL-3.0-or-later
// Owner of the precompiled header that every test with torch reuses.
