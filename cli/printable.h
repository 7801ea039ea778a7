// Names come from files that may be hostile: a terminal must not obey them.
#pragma once

#include <string>
#include <string_view>

namespace pith::cli {

enum class Newlines : unsigned char { keep, escape };

// The text with control characters (C0 but newlines that are kept, DEL, C1) and bytes that are no UTF-8
// written as \xNN.
[[nodiscard]] std::string printable(std::string_view text, Newlines newlines);

}  // namespace pith::cli
