// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/events/emitter.h"
#include "core/events/events.h"
#include "core/run/chains.h"
#include "core/run/curve.h"
#include "core/run/report.h"
#include "core/run/run.h"

namespace ergo {

/// Turns what the chains did into events. Ten times a second the traces and the progress; where
/// `live`, a few times a second also predictions, diversity, calibration, metrics, curves and the
/// common PCA plane, on its own thread and from copies, so that no chain ever waits for a picture.
class Monitor {
 public:
  Monitor(const Experiment& experiment, const Chains& chains, const Reference* reference,
          Emitter& emit, int workers, bool live);
  ~Monitor();
  void start();
  void set_reference(const Reference* reference);  ///< before finish, once chains have ended
  /// Of every sampler, in their order; before finish, once chains have ended.
  void set_convergence(std::vector<SamplerConvergence> convergence);
  void finish();  ///< stops the thread, then emits everything once more from the final state

 private:
  struct Watched {
    Report report;
    std::vector<std::size_t> used;  ///< draws taken over per chain
    std::size_t divergences = 0;
    GrowingCurve curve;
  };
  struct Snapshots {
    std::vector<torch::Tensor> positions;
    bool ended = false;
  };
  void join();
  void loop();
  void emit_cheap();
  void emit_trace(std::size_t chain);
  void emit_derived(bool final_state);
  void update_report(int sampler);
  void settle_report(int sampler);
  void emit_sampler(int sampler, bool final_state);
  void emit_curve(int sampler);
  void emit_divergences();
  void update_snapshots();
  void emit_trajectory();
  void emit_progress();

  const Experiment& experiment_;
  const Chains& chains_;
  const Reference* reference_;
  Emitter& emit_;
  std::vector<SamplerConvergence> convergence_;  ///< empty while chains run
  int workers_;
  bool live_;
  std::vector<Watched> watched_;
  std::vector<bool> reported_;        ///< chains whose divergence was told
  std::vector<Snapshots> snapshots_;  ///< per chain
  std::size_t snapshots_seen_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::jthread thread_;
};

}  // namespace ergo
