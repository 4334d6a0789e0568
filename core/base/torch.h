// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
/// What this project uses of LibTorch: tensors, their operations and automatic differentiation. Not
/// torch/torch.h, whose networks, optimisers and data loaders every file would instantiate again
/// (15 s of CPU a file with a precompiled header against 5).
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>
