// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include "core/data/data_config.h"
#include "core/posteriors/posterior.h"
#include "core/presets/setting_hash.h"

namespace ergo {

/// What a stored reference was made for: data, network (the preset's section), prior and
/// likelihood.
SettingHash reference_settings(const DataConfig& data, const nlohmann::json& model,
                               const PosteriorConfig& posterior);

}  // namespace ergo
