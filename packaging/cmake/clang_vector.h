// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
/// For the preset `tidy` alone, included before everything. Clang instantiates constexpr members
/// when they are named, and LibTorch names std::vector<c10::IValue> where IValue is still
/// incomplete. GCC does not mind, so the headers of C++20's constexpr vector are read without that
/// word.
#include <string>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 fill_of_bits  // declared constexpr before
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
