// Independent pieces of work on several threads.
#pragma once

#include <cstddef>
#include <functional>

#include "passes/pass.h"

namespace pith::quantize {

// Calls work(0) .. work(count - 1), each once, on up to context.threads threads and in no set order. Between
// two calls the calling thread looks whether the user wants to stop. Rethrows what `work` throws.
[[nodiscard]] Result<void> for_each_index(std::size_t count, const passes::PassContext& context,
                                          const std::function<void(std::size_t)>& work);

}  // namespace pith::quantize
