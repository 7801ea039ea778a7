// Checks of text that comes out of a file.
#pragma once

#include <string_view>

namespace pith::loader {

// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, at
// most U+10FFFF) and holds no NUL.
[[nodiscard]] bool is_clean_utf8(std::string_view text);

}  // namespace pith::loader
