# SPDX-License-Identifier: GPL-3.0-or-later
# Every package that the build looks for, and why. System package names: debian-packages.txt.
include(FeatureSummary)

# A LibTorch with CUDA asks the machine for its devices unless it is told what to build for.
if(NOT DEFINED TORCH_CUDA_ARCH_LIST)
  set(TORCH_CUDA_ARCH_LIST "7.5;8.0;9.0")
endif()
find_package(Torch 1.13 QUIET)
if(NOT Torch_FOUND)
  find_package(Torch REQUIRED)  # Debian's calls itself 1.13.0; a wheel's version file may refuse 1.13
endif()
# CUDA: kernels of our own, only where LibTorch has a CUDA back end to feed them.
set(ERGO_CUDA_USABLE OFF)
if(ERGO_CUDA AND TARGET torch_cuda)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(ERGO_CUDA_USABLE ON)
  endif()
endif()
add_feature_info(CUDA ERGO_CUDA_USABLE
  "chains on a CUDA device (needs a LibTorch with CUDA, and nvcc; without: CUDA was not built)")

find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(spdlog REQUIRED)
# Some LibTorch packages bring another fmt, which would be found before the one that spdlog was built with.
get_target_property(fmt_dir fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
list(GET TORCH_INCLUDE_DIRS 0 torch_dir)
if(EXISTS ${torch_dir}/fmt AND NOT torch_dir STREQUAL fmt_dir)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/one_fmt)
  file(CREATE_LINK ${fmt_dir}/fmt ${CMAKE_BINARY_DIR}/one_fmt/fmt SYMBOLIC)
  set(ERGO_FMT_DIR ${CMAKE_BINARY_DIR}/one_fmt)
endif()
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

# Gloo, LibTorch's c10d: LibTorch brings the library, not always the headers that fit it; only
# headers beside LibTorch's own are trusted.
if(ERGO_GLOO)
  find_path(GLOO_INCLUDE_DIR gloo/rendezvous/store.h PATHS ${TORCH_INCLUDE_DIRS} NO_DEFAULT_PATH)
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
  "processes of one job exchange over connections of their own (without: through rank 0's store)")
