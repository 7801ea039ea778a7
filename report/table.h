// Columns of text.
#pragma once

#include <string>
#include <vector>

namespace pith::report {

enum class Align : unsigned char { left, right };

// Rows of cells as lines, columns two blanks apart, without trailing blanks. Cells beyond the alignments
// are aligned left. Width counts code points of UTF-8.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows,
                                const std::vector<Align>& columns);

}  // namespace pith::report
