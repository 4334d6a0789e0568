// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>

/// The arithmetic of a leapfrog trajectory apart from the gradient. Free of torch, whose own bits
/// depend on what it finds of the processor, and on ATEN_CPU_CAPABILITY.
namespace ergo {

/// y += a x, with one rounding where the instruction set has a fused multiply-add. Thread-safe.
void add_scaled(float a, const float* x, float* y, std::int64_t count);
void add_scaled(double a, const double* x, double* y, std::int64_t count);

/// 0.5 sum r^2 in double, added one after the other. Thread-safe.
double kinetic_energy(const float* r, std::int64_t count);
double kinetic_energy(const double* r, std::int64_t count);

}  // namespace ergo
