# SPDX-License-Identifier: GPL-3.0-or-later
# Every package that the build looks for, and why. System package names: debian-packages.txt.
include(FeatureSummary)

find_package(Torch 1.13 QUIET)
if(NOT Torch_FOUND)
  find_package(Torch REQUIRED)  # Debian's calls itself 1.13.0; a wheel's version file may refuse 1.13
endif()
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(hwy REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)

set_package_properties(Torch PROPERTIES PURPOSE "tensors, autograd, any network on any device")
set_package_properties(Eigen3 PROPERTIES PURPOSE "small dense algebra of the diagnostics")
set_package_properties(spdlog PROPERTIES PURPOSE "log of the programs")
set_package_properties(nlohmann_json PROPERTIES PURPOSE "presets and results")
set_package_properties(CLI11 PROPERTIES PURPOSE "command line")
set_package_properties(hwy PROPERTIES PURPOSE "SIMD kernels chosen at run time")
set_package_properties(ZLIB PROPERTIES PURPOSE "IDX.gz data")

if(ERGO_DESKTOP)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets PrintSupport Svg)
  find_package(QCustomPlotQt6 REQUIRED)  # needs Qt6 Widgets and PrintSupport found before it
  set_package_properties(QCustomPlotQt6 PROPERTIES PURPOSE "live plots and their vector export")
endif()
find_package(Qt6 6.4 REQUIRED COMPONENTS Core Test)

# Gloo, LibTorch's c10d: LibTorch brings the library, not always the headers that fit it.
if(ERGO_GLOO)
  find_path(GLOO_INCLUDE_DIR gloo/rendezvous/store.h)
  if(GLOO_INCLUDE_DIR)
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_LIBRARIES ${TORCH_LIBRARIES})
    set(CMAKE_REQUIRED_INCLUDES ${TORCH_INCLUDE_DIRS} ${GLOO_INCLUDE_DIR})
    set(CMAKE_REQUIRED_DEFINITIONS -DUSE_C10D_GLOO)
    check_cxx_source_compiles("#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
      int main() { return !c10d::ProcessGroupGloo::createDeviceForInterface(\"lo\"); }"
      ERGO_GLOO_USABLE)
    unset(CMAKE_REQUIRED_LIBRARIES)
    unset(CMAKE_REQUIRED_INCLUDES)
    unset(CMAKE_REQUIRED_DEFINITIONS)
  endif()
endif()
if(NOT ERGO_GLOO OR NOT GLOO_INCLUDE_DIR)
  set(ERGO_GLOO_USABLE OFF)
endif()
add_feature_info(Gloo ERGO_GLOO_USABLE
  "processes of one job exchange over a network interface (without: over a shared folder)")
