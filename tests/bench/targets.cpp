// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/targets.h"

namespace ergo::bench {
namespace {

constexpr const char* no_device = "no CUDA device, or no benchmark of this on one";
constexpr const char* no_window = "no results of the window benchmarks were given";
constexpr const char* under_xvfb =
    "16 chains, 1600 x 1000 pixels, drawn by the processor; painting is part of a frame";
std::vector<Target> one_core_targets() {
  return {
      {.text = "L2E network kernel, share of the core's FMA peak",
       .benchmark = "l2e_kernel",
       .numerators = {"kernel_gflops"},
       .denominator = "peak_gflops",
       .goal = 0.70,
       .unit = "share"},
      {.text = "toy gradient, LibTorch eager over ours, 1 core",
       .benchmark = "toy_gradient",
       .numerators = {"autograd_s", "decay_s"},
       .denominator = "ours_s",
       .goal = 6.0,
       .unit = "x",
       .remark = "the faster of two peers: prior by autograd, prior added as weight decay"},
      {.text = "toy L2E step, share of the core's FMA peak",
       .benchmark = "toy_l2e_step",
       .numerators = {"limit_s"},
       .denominator = "ours_s",
       .goal = 0.80,
       .unit = "share",
       .remark = "limit_s: gradient and two network evaluations at the FMA peak of this run; "
                 "addmm_s, loop_s: LibTorch eager"},
  };
}

Target conv_over_peer(const char* what, const char* benchmark) {
  return {.text = std::string("gradient of conv ") + what + ", LibTorch eager over ours, 1 core",
          .benchmark = benchmark,
          .numerators = {"eager_s"},
          .denominator = "ours_s",
          .goal = 4.0,
          .unit = "x"};
}

Target conv_of_peak(const char* what, const char* benchmark) {
  return {.text = std::string("gradient of conv ") + what + ", share of the core's FMA peak",
          .benchmark = benchmark,
          .numerators = {"gflops"},
          .denominator = "peak_gflops",
          .goal = 0.55,
          .unit = "share",
          .remark = "eager_s: the same by LibTorch"};
}

std::vector<Target> conv_targets() {
  return {
      conv_over_peer("28 px, width 8, depth 3, batch 128", "conv_gradient/28px_width8"),
      conv_over_peer("14 px, width 8, depth 2, batch 32", "conv_gradient/14px_width8"),
      conv_of_peak("28 px, width 16, depth 5, batch 128", "conv_gradient/28px_width16"),
      conv_of_peak("32 px in colour, width 16, depth 3, batch 128",
                   "conv_gradient/32px_rgb_width16"),
  };
}

std::vector<Target> chain_targets() {
  return {
      {.text = "independent chains, 2 workers over 1",
       .benchmark = "scaling",
       .numerators = {"one_worker_s"},
       .denominator = "two_workers_s",
       .goal = 1.8,
       .unit = "x",
       .cause = "wall time: everything else that ran on these cores counts against it"},
      {.text = "streaming to a window, 16 chains, extra CPU time per step",
       .benchmark = "streaming",
       .numerators = {"live_s"},
       .denominator = "headless_s",
       .goal = 0.02,
       .at_least = false,
       .offset = 1.0,
       .unit = "share",
       .remark = "one worker, events drained at 60 Hz by another thread; SHA-256 of draws equal"},
  };
}

std::vector<Target> resnet_targets() {
  return {
      {.text = "L2E step over SGHMC step, ResNet20-FRN, batch 128, CPU",
       .benchmark = "resnet20_frn_step/cpu",
       .numerators = {"l2e_s"},
       .denominator = "sghmc_s",
       .goal = 1.10,
       .at_least = false,
       .unit = "x"},
      {.text = "Meta-SGMCMC step over SGHMC step, the same (official code: 1.36)",
       .benchmark = "resnet20_frn_step/cpu",
       .numerators = {"meta_sgmcmc_s"},
       .denominator = "sghmc_s",
       .goal = 1.36,
       .at_least = false,
       .unit = "x"},
      {.text = "L2E step over SGHMC step, ResNet20-FRN, batch 128, GPU",
       .benchmark = "resnet20_frn_step/cuda",
       .numerators = {"l2e_s"},
       .denominator = "sghmc_s",
       .goal = 1.10,
       .at_least = false,
       .unit = "x",
       .when_absent = no_device},
      {.text = "GPU: L2E epoch of ResNet20-FRN, batch 128 (320 steps)",
       .benchmark = "resnet20_frn_step/cuda",
       .numerators = {"l2e_s"},
       .goal = 1.3,
       .at_least = false,
       .scale = 320.0,
       .unit = "s",
       .when_absent = no_device},
      {.text = "GPU: outer iteration of the paper's recipe, amortised over a population",
       .benchmark = "outer_iteration/cuda",
       .numerators = {"iteration_s"},
       .goal = 1.5,
       .at_least = false,
       .unit = "s",
       .when_absent = no_device},
  };
}

std::vector<Target> window_targets() {
  return {
      {.text = "frame time p99, 10^6 points a chain, 8 plots",
       .benchmark = "gui_frames",
       .numerators = {"frame_p99_ms"},
       .goal = 33.0,
       .at_least = false,
       .unit = "ms",
       .when_absent = no_window,
       .remark = under_xvfb,
       .cause = "wall time: everything else that ran on these cores counts against it"},
      {.text = "input latency p99, 10^6 points a chain, 8 plots",
       .benchmark = "gui_frames",
       .numerators = {"input_p99_ms"},
       .goal = 50.0,
       .at_least = false,
       .unit = "ms",
       .when_absent = no_window,
       .remark = "wheel, mouse and key events on a trace plot, posted every 25 ms",
       .cause = "wall time: everything else that ran on these cores counts against it"},
      {.text = "start to first useful picture",
       .benchmark = "gui_start",
       .numerators = {"first_picture_s"},
       .goal = 3.0,
       .at_least = false,
       .unit = "s",
       .when_absent = no_window,
       .remark = "from before the program is executed until traces and predictive bands of "
                 "toy-foong are painted"},
  };
}

std::vector<Target> all_targets() {
  std::vector<Target> all;
  for (const auto& part :
       {one_core_targets(), conv_targets(), chain_targets(), resnet_targets(), window_targets()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all = all_targets();
  return all;
}

}  // namespace ergo::bench
