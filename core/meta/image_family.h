// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/config/image_family.h"
#include "core/meta/task.h"

namespace ergo {

/// Classifications of images: of a set drawn by weight and a side, n training images (log-uniform)
/// and others for the meta-loss, standardised by the training pixels, minibatches, and a
/// network of a random kind, width, depth and (mlp) activation.
/// @param section  that the config was read from, for sentences.
/// @param folders  where relative names of sets start (find_file()).
/// @throws Error{config} for fields that do not fit each other or the sets, {no_input}, {data}.
std::unique_ptr<TaskFamily> make_image_family(const ImageFamilyConfig& config,
                                              const std::string& section,
                                              const std::vector<std::filesystem::path>& folders);

}  // namespace ergo
