// The repository against the rules of docs/architecture.md, and each rule against a tree that breaks it.

#include "tests/architecture/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>

#include "tests/support/catch.h"

namespace pith::test {
namespace {

// The folders of ours with a library each, and those that each may include, directly or not.
const std::map<std::string, std::vector<std::string>>& folder_table() {
  static const std::map<std::string, std::vector<std::string>> kTable{
      {"loader", {}},
      {"ir", {}},
      {"ir/onnx", {"ir"}},
      {"passes", {"ir"}},
      {"prune", {"ir", "passes"}},
      {"quantize", {"ir", "loader", "passes"}},
      {"codec", {"ir", "ir/onnx", "loader", "passes"}},
      {"engine", {"ir", "ir/onnx", "passes"}},
      {"search", {"codec", "engine", "ir", "ir/onnx", "loader", "passes", "prune", "quantize"}},
      {"report", {"codec", "engine", "ir", "ir/onnx", "loader", "passes", "prune", "quantize", "search"}},
      {"cli",
       {"codec", "engine", "ir", "ir/onnx", "loader", "passes", "prune", "quantize", "report", "search"}},
  };
  return kTable;
}

struct Include {
  std::string path;
  bool quoted = false;
};

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex kInclude(R"(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*)[>"])",
                                   std::regex::ECMAScript | std::regex::multiline);
  std::vector<Include> found;
  for (std::sregex_iterator match(text.begin(), text.end(), kInclude), end; match != end; ++match)
    found.push_back({(*match)[2], (*match)[1] == "\""});
  return found;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/");
}

// The folder of the table that a path lies in; the innermost, so that ir/onnx is not ir. Empty: none.
std::string folder_of(const std::string& path) {
  std::string innermost;
  for (const auto& [folder, allowed] : folder_table()) {
    if (is_below(path, folder) && folder.size() > innermost.size()) innermost = folder;
  }
  return innermost;
}

struct Confined {
  std::string header;  // how the header's path begins
  std::string place;   // how the path of a file that may include it begins
};

const std::vector<Confined>& confined_headers() {
  static const std::vector<Confined> kConfined{{"google/protobuf/", "ir/onnx/"},
                                               {"onnx/", "ir/onnx/"},
                                               {"CLI/", "cli/args.cpp"},
                                               {"spdlog/", "cli/log.cpp"},
                                               {"onnxruntime", "engine/"}};
  return kConfined;
}

// Includes against the table, and quoted includes that are not of ours. Tests may include everything.
Violations check_direction(const SourceTree& tree) {
  Violations violations;
  for (const auto& [path, text] : tree) {
    const std::string from = folder_of(path);
    if (from.empty()) continue;
    const std::vector<std::string>& allowed = folder_table().at(from);
    for (const Include& include : includes_of(text)) {
      const std::string to = folder_of(include.path);
      if (to.empty()) {
        if (include.quoted)
          violations.push_back(path + " includes \"" + include.path + "\", not from the root");
      } else if (!include.quoted) {
        violations.push_back(path + " includes <" + include.path + "> of ours with brackets");
      } else if (to != from && std::ranges::find(allowed, to) == allowed.end()) {
        violations.push_back(path + " includes " + include.path + ", but " + from + " may not use " + to);
      }
    }
  }
  return violations;
}

// Third-party headers outside of the one place that may use them.
Violations check_third_party(const SourceTree& tree) {
  Violations violations;
  for (const auto& [path, text] : tree) {
    if (is_below(path, "tests")) continue;
    for (const Include& include : includes_of(text)) {
      for (const auto& [header, place] : confined_headers()) {
        // The one header of ours that is for programs with a runtime of their own.
        if (path == "loader/pith_onnxruntime.h" && place == "engine/") continue;
        if (include.path.starts_with(header) && !path.starts_with(place))
          violations.push_back(path + " includes " + include.path + ", which only " + place + " may");
      }
    }
  }
  return violations;
}

// Headers over 120 lines, sources over 400. Headers of tests and those that define templates (NAME_inl.h)
// hold code, so they count as sources.
Violations check_length(const SourceTree& tree) {
  Violations violations;
  for (const auto& [path, text] : tree) {
    const auto lines = std::ranges::count(text, '\n');
    const bool holds_code = is_below(path, "tests") || path.ends_with("_inl.h");
    const auto limit = path.ends_with(".h") && !holds_code ? 120 : 400;
    if (lines > limit)
      violations.push_back(path + " has " + std::to_string(lines) + " lines, more than " +
                           std::to_string(limit));
  }
  return violations;
}

}  // namespace

SourceTree read_source_tree() {
  namespace fs = std::filesystem;
  const fs::path root = PITH_SOURCE_DIR;
  std::vector<std::string> folders{"tests"};
  for (const auto& [folder, allowed] : folder_table()) folders.push_back(folder);
  SourceTree tree;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      if (!file) throw std::runtime_error("cannot read " + entry.path().string());
      tree[fs::relative(entry.path(), root).generic_string()] =
          std::string(std::istreambuf_iterator<char>(file), {});
    }
  }
  return tree;
}

namespace {

std::string repeated(const std::string& text, int times) {
  std::string whole;
  for (int i = 0; i < times; ++i) whole += text;
  return whole;
}

// Fails with the violations as its message.
void check_none(const Violations& violations) {
  CHECK(violations == Violations{});
}

TEST_CASE("the repository's sources are found") {
  const SourceTree tree = read_source_tree();
  CHECK(tree.contains("ir/graph.cpp"));
  CHECK(tree.contains("ir/onnx/read.h"));
  CHECK(tree.contains("tests/architecture/source_tree_test.cpp"));
}

TEST_CASE("includes follow the direction of the folders") {
  check_none(check_direction(read_source_tree()));
}

TEST_CASE("third-party headers stay in the one place that may use them") {
  check_none(check_third_party(read_source_tree()));
}

TEST_CASE("files stay short") {
  check_none(check_length(read_source_tree()));
}

TEST_CASE("an include against the direction is found") {
  const auto violations = [](const std::string& path, const std::string& include) {
    return check_direction({{path, "// A file.\n#pragma once\n  # include " + include + "\n"}});
  };
  CHECK(violations("ir/graph.h", "\"passes/pass.h\"") ==
        Violations{"ir/graph.h includes passes/pass.h, but ir may not use passes"});
  CHECK(violations("ir/graph.h", "\"ir/onnx/read.h\"").size() == 1);
  CHECK(violations("ir/onnx/read.h", "\"passes/pass.h\"").size() == 1);
  CHECK(violations("passes/pass.cpp", "\"ir/onnx/read.h\"").size() == 1);
  CHECK(violations("loader/status.h", "\"ir/result.h\"").size() == 1);
  CHECK(violations("report/json.h", "\"cli/args.h\"").size() == 1);
  CHECK(violations("ir/graph.h", "\"tests/support/catch.h\"").size() == 1);
  for (const std::string a : {"prune", "quantize", "codec", "engine"}) {
    for (const std::string b : {"prune", "quantize", "codec", "engine"})
      CHECK(violations(a + "/a.cpp", "\"" + b + "/b.h\"").size() == (a == b ? 0 : 1));
  }
  CHECK(violations("passes/pass.cpp", "\"pass.h\"") ==
        Violations{"passes/pass.cpp includes \"pass.h\", not from the root"});
  CHECK(violations("passes/pass.cpp", "<ir/model.h>") ==
        Violations{"passes/pass.cpp includes <ir/model.h> of ours with brackets"});

  CHECK(violations("ir/onnx/read.h", "\"ir/model.h\"").empty());
  CHECK(violations("codec/pith_file.cpp", "\"loader/format.h\"").empty());
  CHECK(violations("cli/main.cpp", "\"report/json.h\"").empty());
  CHECK(violations("tests/ir/a_test.cpp", "\"cli/args.h\"").empty());
  CHECK(violations("ir/graph.h", "<vector>").empty());
}

TEST_CASE("a third-party header out of place is found") {
  const auto violations = [](const std::string& path, const std::string& include) {
    return check_third_party({{path, "#include <" + include + ">\n"}});
  };
  CHECK(violations("engine/a.cpp", "onnx/onnx_pb.h") ==
        Violations{"engine/a.cpp includes onnx/onnx_pb.h, which only ir/onnx/ may"});
  CHECK(violations("ir/a.cpp", "google/protobuf/message.h").size() == 1);
  CHECK(violations("cli/main.cpp", "CLI/CLI.hpp").size() == 1);
  CHECK(violations("cli/args.h", "CLI/CLI.hpp").size() == 1);
  CHECK(violations("cli/main.cpp", "spdlog/spdlog.h").size() == 1);
  CHECK(violations("cli/a.cpp", "onnxruntime_cxx_api.h").size() == 1);
  CHECK(check_third_party({{"ir/a.cpp", "#include \"onnx/onnx_pb.h\"\n"}}).size() == 1);

  CHECK(violations("ir/onnx/read.cpp", "onnx/onnx_pb.h").empty());
  CHECK(violations("ir/onnx/read.cpp", "google/protobuf/message.h").empty());
  CHECK(violations("cli/args.cpp", "CLI/CLI.hpp").empty());
  CHECK(violations("cli/log.cpp", "spdlog/spdlog.h").empty());
  CHECK(violations("engine/ort.h", "onnxruntime_cxx_api.h").empty());
  CHECK(violations("tests/support/a.cpp", "onnx/defs/parser.h").empty());
}

TEST_CASE("a file that is too long is found") {
  CHECK(check_length({{"ir/a.h", repeated("\n", 120)},
                      {"ir/a.cpp", repeated("\n", 400)},
                      {"ir/a_inl.h", repeated("\n", 400)},
                      {"tests/ir/a.h", repeated("\n", 400)}})
            .empty());
  CHECK(check_length({{"ir/a.h", repeated("\n", 121)}, {"ir/a.cpp", repeated("\n", 401)}}) ==
        Violations{"ir/a.cpp has 401 lines, more than 400", "ir/a.h has 121 lines, more than 120"});
}

TEST_CASE("the build links what the table allows") {
  std::ifstream file(PITH_SOURCE_DIR "/CMakeLists.txt");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::regex module(R"(pith_module\(([a-z/]+)([^)]*)\))");
  const std::regex uses(R"(USES([a-z/ \n]*))");
  const std::regex word("[a-z/]+");
  std::map<std::string, std::set<std::string>> built;
  // A folder is declared after those that it uses, so their own uses are complete.
  for (std::sregex_iterator match(text.begin(), text.end(), module), end; match != end; ++match) {
    std::set<std::string>& all = built[(*match)[1]];
    const std::string rest = (*match)[2];
    std::smatch list;
    if (!std::regex_search(rest, list, uses)) continue;
    const std::string names = list[1];
    for (std::sregex_iterator name(names.begin(), names.end(), word); name != std::sregex_iterator();
         ++name) {
      const std::set<std::string> theirs = built.at(name->str());
      all.insert(name->str());
      all.insert(theirs.begin(), theirs.end());
    }
  }
  std::map<std::string, std::set<std::string>> table;
  for (const auto& [folder, allowed] : folder_table()) table[folder] = {allowed.begin(), allowed.end()};
  CHECK(built == table);
}

}  // namespace
}  // namespace pith::test
