// Independent pieces of work on several threads.
#pragma once

#include <cstdint>
#include <functional>

#include "ir/result.h"

namespace pith::passes {

// Calls work(0) ... work(count - 1), each once, on the calling thread and `threads` - 1 more
// (fewer when the system gives no more); starts no
// further piece after a failure. Returns the failure of the lowest index, whatever the number of threads;
// an exception of a piece is thrown again here.
[[nodiscard]] Result<void> for_each_index(std::uint64_t count, unsigned threads,
                                          const std::function<Result<void>(std::uint64_t)>& work);

// Bytes that pieces of work may take together: what two threads may hold, whatever the size of a model.
inline constexpr std::uint64_t kWorkingMemory = std::uint64_t{128} << 20;

// The same, for pieces that take cost(i) bytes of memory: as many at a time as stay below `budget` together,
// and any piece alone.
[[nodiscard]] Result<void> for_each_index(std::uint64_t count, unsigned threads,
                                          const std::function<std::uint64_t(std::uint64_t)>& cost,
                                          std::uint64_t budget,
                                          const std::function<Result<void>(std::uint64_t)>& work);

}  // namespace pith::passes
