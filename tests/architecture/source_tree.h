// The source files of the repository, as text.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pith::test {

// The text of each file by its path from the root, as in "ir/onnx/read.cpp".
using SourceTree = std::map<std::string, std::string>;
// One sentence a violation, beginning with the file.
using Violations = std::vector<std::string>;

// Every .h and .cpp file of our folders, and of tests/.
[[nodiscard]] SourceTree read_source_tree();

}  // namespace pith::test
