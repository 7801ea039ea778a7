// "did you mean": the known word closest to what the user typed.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pith::passes {

// The known word with the smallest Levenshtein distance (the first of equals), or an empty string
// when none is closer than half of the typed word's length plus one.
[[nodiscard]] std::string nearest(std::string_view typed, std::span<const std::string> known);

// "did you mean 'prune'?", or a list of what is known when nothing is near.
[[nodiscard]] std::string suggestion(std::string_view typed, std::span<const std::string> known);

}  // namespace pith::passes
