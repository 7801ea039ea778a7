// Small containers of every form and coder, which mutants are made of (two_parsers.py).
#pragma once

#include <filesystem>

namespace pith {

// Writes FOLDER/NAME.pith for each; says on stderr what cannot be made.
[[nodiscard]] bool write_seeds(const std::filesystem::path& folder);

}  // namespace pith
