// What precedes the segments of a `fast` stream (docs/coders.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/fast_model.h"
#include "loader/fast_side_inl.h"
#include "loader/status.h"

namespace pith::loader {

// What precedes the segments of a stream with tables, and where those are.
struct FastHeader {
  FastModel model;
  Vector<AliasEntry> entries;    // of all tables, one after the other
  Vector<std::size_t> segments;  // where they start in the stream, and where the last one ends
};

// Reads the header of a stream with tables of `weights` > 0 weights; `bytes` is the stream without its check
// byte, of which `side` has read the kind. Refuses what fast_format.h does not allow, and segments that are
// not inside the stream. Throws when memory is short.
[[nodiscard]] Status read_fast_header(SideReader& side, std::span<const std::uint8_t> bytes,
                                      const CodeShape& shape, std::size_t weights, FastHeader& header);

}  // namespace pith::loader
