// The only header that shows ONNX Runtime's own; for the files that call it.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/runtime.h"

namespace pith::engine {

// Never destroyed: sessions may outlive static destruction, and the library cannot be unloaded safely.
struct Runtime::Library {
  RuntimeInfo info;
  std::vector<PlaceTried> tried;
  Ort::Env env{nullptr};
};

// ONNX Runtime's message on one line, without status codes and source positions.
[[nodiscard]] std::string short_reason(std::string_view message);

// The result of `call`, with what ONNX Runtime throws as an error "<what>: <reason>" of that code.
template <class Call>
[[nodiscard]] auto guarded(ErrorCode code, std::string_view what, Call&& call)
    -> Result<std::invoke_result_t<Call>> {
  try {
    return std::forward<Call>(call)();
  } catch (const Ort::Exception& exception) {
    return fail(code, std::string(what) + ": " + short_reason(exception.what()));
  }
}

}  // namespace pith::engine
