#include <fmt/core.h>

#include "ir/result.h"

namespace pith {

void throw_internal_error(const char* condition, const char* message, const char* file, int line) {
  throw InternalError(fmt::format("{} ({} is false at {}:{})", message, condition, file, line));
}

}  // namespace pith
