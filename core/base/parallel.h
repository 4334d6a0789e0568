// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstddef>
#include <functional>

namespace ergo {

/// Number of workers for a request of `asked`: 0 means one per core, one fewer (at least 1) with a
/// window watching. @throws Error{config} when more are asked for than there are cores.
int worker_count(int asked, bool live);

/// One LibTorch and one BLAS thread for the calling thread: workers compute chain by chain, and
/// results must not depend on the cores.
void limit_library_threads();

/// Runs task(i) for i < count on `workers` threads with one LibTorch thread each; returns when all
/// are done. The first exception is rethrown. Results must go to places of their own.
void parallel_for(std::size_t count, int workers, const std::function<void(std::size_t)>& task);

}  // namespace ergo
