// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/distributed/peer_message.h"

#include <bit>
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

std::string encode(const PeerMessage& m) {
  nlohmann::json values = nlohmann::json::array();
  for (const auto& [index, value] : m.values) {
    values.push_back({index, std::bit_cast<std::uint64_t>(value)});
  }
  const nlohmann::json object = {{"operation", m.operation}, {"state", static_cast<int>(m.state)},
                                 {"code", m.code}, {"text", m.text}, {"values", values}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

PeerMessage decode(const std::string& bytes) {
  try {
    const nlohmann::json object = nlohmann::json::parse(bytes);
    PeerMessage m;
    m.operation = object.at("operation");
    m.state = static_cast<PeerMessage::State>(object.at("state").get<int>());
    m.code = object.at("code");
    m.text = object.at("text");
    for (const nlohmann::json& pair : object.at("values")) {
      m.values[pair.at(0).get<std::size_t>()] =
          std::bit_cast<double>(pair.at(1).get<std::uint64_t>());
    }
    return m;
  } catch (const nlohmann::json::exception&) {
    throw Error(ExitCode::io, "A process of the job sent something that is no message.");
  }
}

}  // namespace ergo
