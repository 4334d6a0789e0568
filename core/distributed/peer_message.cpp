// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/peer_message.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace ergo {

void PeerMessage::merge(const PeerMessage& other) {
  values.insert(other.values.begin(), other.values.end());
  if (other.state > state) {
    state = other.state;
    code = other.code;
    text = other.text;
  }
}

void PeerMessage::attempt(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    fail(static_cast<int>(error.code()), error.what());
  } catch (const std::exception& error) {
    fail(static_cast<int>(ExitCode::internal), error.what());
  }
}

std::string encode(const PeerMessage& m) {
  nlohmann::json sizes = nlohmann::json::array();
  for (const auto& [index, bytes] : m.values) sizes.push_back({index, bytes.size()});
  const nlohmann::json head = {{"operation", m.operation},
                               {"state", static_cast<int>(m.state)},
                               {"code", m.code},
                               {"text", m.text},
                               {"values", sizes}};
  std::string text = head.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  for (const auto& [index, bytes] : m.values) text += bytes;
  return text;
}

PeerMessage decode(const std::string& bytes) {
  const auto wrong = [] {
    return Error(ExitCode::io, "A process of the job sent something that is no message.");
  };
  const std::size_t line = bytes.find('\n');
  if (line == std::string::npos) throw wrong();
  try {
    const auto head =
        nlohmann::json::parse(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(line));
    PeerMessage m;
    m.operation = head.at("operation");
    m.state = static_cast<PeerMessage::State>(head.at("state").get<int>());
    m.code = head.at("code");
    m.text = head.at("text");
    std::size_t at = line + 1;
    for (const nlohmann::json& pair : head.at("values")) {
      const auto size = pair.at(1).get<std::size_t>();
      if (size > bytes.size() - at) throw wrong();
      m.values[pair.at(0).get<std::size_t>()] = bytes.substr(at, size);
      at += size;
    }
    if (at != bytes.size()) throw wrong();
    return m;
  } catch (const nlohmann::json::exception&) {
    throw wrong();
  }
}

}  // namespace ergo
