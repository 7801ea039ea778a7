// Decodes a `fast` stream of integers (docs/coders.md).
#pragma once

#include <cstdint>
#include <span>

#include "loader/fast_model.h"
#include "loader/status.h"

namespace pith::loader {

// What part of the machine to use; the result is the same.
enum class FastPath : std::uint8_t { best, scalar };

// Decodes exactly `out.size()` integers, the elements of a tensor of shape `shape`, from exactly the bytes
// of `stream`. T is int8, uint8, int16 or int32.
//
// Refuses a shape that does not hold out.size() elements, a header that is not one, a table outside the
// limits of fast_format.h, segment sizes that do not add up, words that run out or are left over, lanes
// that do not end in the state every writer starts from, and values that T does not hold. After a failure
// the contents of `out` are unspecified. Allocates, whatever the stream says, at most 900 KiB and two
// bytes a weight, and 225 KiB for each other thread that helps (parallel.h). Throws nothing: a failed
// allocation is a status.
template <class T>
[[nodiscard]] Status decode_fast(std::span<const std::uint8_t> stream, const CodeShape& shape,
                                 std::span<T> out, FastPath path = FastPath::best) noexcept;

}  // namespace pith::loader
