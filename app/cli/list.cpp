// SPDX-License-Identifier: GPL-3.0-or-later
#include <spdlog/fmt/fmt.h>

#include <memory>
#include <ostream>

#include "app/cli/command.h"
#include "core/base/device.h"
#include "core/base/printable.h"
#include "core/presets/store.h"
#include "core/registry/registry.h"

namespace ergo::cli {
namespace {

template <class Entries>
void print_entries(std::ostream& out, const Entries& entries) {
  for (const RegistryEntry& entry : entries) {
    out << fmt::format("{:<15} {}\n", entry.id, entry.label);
    if (!entry.doc.empty()) out << fmt::format("{:<15}   {}\n", "", entry.doc);
    if (!entry.source.empty()) out << fmt::format("{:<15}   {}\n", "", entry.source);
    for (const Field& field : entry.fields) {
      out << fmt::format("{:<15}   {} = {}{}\n", "", field.name, field.value.dump(),
                         field.info.doc.empty() ? "" : "  " + field.info.doc);
    }
  }
}

/// A file that is no preset is named beside the others.
void print_presets(Session& session) {
  for (const std::string& id : preset_ids()) {
    try {
      const Preset preset = load_preset(id);
      session.out << fmt::format("{:<24} {:<10} {}\n", printable(id), preset.kind(),
                                 printable(preset.title(), 200));
    } catch (const std::exception& error) {
      session.err << fmt::format("warning: preset '{}' cannot be read: {}\n", printable(id),
                                 printable(error.what()));
    }
  }
}

void print_devices(std::ostream& out) {
  for (const DeviceInfo& device : devices()) {
    out << fmt::format("{:<15} {}\n", device.name, describe(with_free_memory(device.name)));
  }
  if (!built_with_cuda()) out << "This program was built without CUDA.\n";
}

void list(const std::string& what, Session& session) {
  std::ostream& out = session.out;
  if (what == "presets")
    print_presets(session);
  else if (what == "samplers")
    print_entries(out, sampler_entries());
  else if (what == "models")
    print_entries(out, model_entries());
  else if (what == "datasets")
    print_entries(out, dataset_entries());
  else if (what == "likelihoods")
    print_entries(out, likelihood_entries());
  else if (what == "targets")
    print_entries(out, target_entries());
  else if (what == "devices")
    print_devices(out);
  else
    throw Error(ExitCode::usage,
                fmt::format("'{}' cannot be listed{}", what,
                            nearest_hint(what, {"presets", "samplers", "models", "likelihoods",
                                                "targets", "datasets", "devices"})));
}

}  // namespace

void add_list(CLI::App& app, Session& session) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "list", "List presets, samplers, models, likelihoods, targets, datasets or devices");
  command
      ->add_option("what", *what,
                   "presets, samplers, models, likelihoods, targets, datasets or devices")
      ->required();
  command->callback([what, &session] { list(*what, session); });
}

}  // namespace ergo::cli
