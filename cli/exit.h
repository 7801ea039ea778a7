// Exit codes of the command line's contract.
#pragma once

#include "ir/result.h"

namespace pith::cli {

enum class Exit : int {
  done = 0,
  failed = 1,  // ran, and a comparison failed
  usage = 2,
  model = 3,
  data = 4,
  environment = 5,
  not_smaller = 6,
  self_check = 7,
  internal = 70,
  terminated = 75,
  interrupted = 130,
};

[[nodiscard]] constexpr Exit exit_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return Exit::usage;
    case ErrorCode::model:
      return Exit::model;
    case ErrorCode::data:
      return Exit::data;
    case ErrorCode::environment:
      return Exit::environment;
    case ErrorCode::not_smaller:
      return Exit::not_smaller;
    case ErrorCode::self_check:
      return Exit::self_check;
    case ErrorCode::terminated:
      return Exit::terminated;
    case ErrorCode::interrupted:
      return Exit::interrupted;
    case ErrorCode::internal:
      return Exit::internal;
  }
  return Exit::internal;
}

}  // namespace pith::cli
