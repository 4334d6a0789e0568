// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/control.h"

namespace ergo {

/// What a process adds to an operation, and what all together make of it.
struct PeerMessage {
  enum class State { ok, stopped, stopped_again, failed };  ///< stopped_again: Stop::again
  std::int64_t operation = 0;  ///< counted from 0 in every process alike
  State state = State::ok;
  int code = 0;                               ///< of a failure: exit code
  std::string text;                           ///< of a failure
  std::map<std::size_t, std::string> values;  ///< bytes by index

  void fail(int exit_code, const std::string& why) {
    state = State::failed;
    code = exit_code;
    text = why;
  }
  /// Calls `work`; what it throws makes this a failure.
  void attempt(const std::function<void()>& work);
  /// Adds another one's values; one failure makes all a failure, else one stop a stop.
  void merge(const PeerMessage& other);
};

/// The state of a process that was stopped.
inline PeerMessage::State stop_state(const RunControl& control) {
  return control.again() ? PeerMessage::State::stopped_again : PeerMessage::State::stopped;
}

/// A line of JSON, then the values' bytes one after the other.
std::string encode(const PeerMessage& message);

/// @throws Error{io} for bytes that encode() did not make.
PeerMessage decode(const std::string& bytes);

}  // namespace ergo
