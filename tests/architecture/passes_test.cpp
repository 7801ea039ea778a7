// Every pass that there is: its name, its files, its words in the documentation, its options.

#include <algorithm>
#include <random>
#include <regex>

#include "cli/builtin_passes.h"
#include "codec/list.h"
#include "passes/list.h"
#include "passes/pipeline.h"
#include "prune/list.h"
#include "quantize/list.h"
#include "tests/architecture/source_tree.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

using passes::PassRegistry, passes::Pipeline;

struct Folder {
  std::string name;
  void (*add_passes)(PassRegistry&);
};

const std::vector<Folder>& folders() {
  static const std::vector<Folder> kFolders{{"passes", passes::add_passes},
                                            {"prune", prune::add_passes},
                                            {"quantize", quantize::add_passes},
                                            {"codec", codec::add_passes}};
  return kFolders;
}

// "fold-batch-norm" -> "fold_batch_norm"
std::string file_stem(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

// "fold-batch-norm" -> "FoldBatchNorm"
std::string class_name(const std::string& name) {
  std::string result;
  bool upper = true;
  for (const char c : name) {
    if (c != '-') result += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '-';
  }
  return result;
}

// What a pass of this name, of this folder, lacks in the tree.
Violations check_pass(const SourceTree& tree, const std::string& folder, const std::string& name) {
  static const std::regex kKebabCase("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  Violations violations;
  if (!std::regex_match(name, kKebabCase)) violations.push_back(name + " is not in kebab-case");
  const std::string stem = folder + "/" + file_stem(name);
  for (const std::string& path : {stem + ".h", stem + ".cpp", "tests/" + stem + "_test.cpp"}) {
    if (!tree.contains(path)) violations.push_back(name + " has no " + path);
  }
  const auto header = tree.find(stem + ".h");
  if (header != tree.end() && header->second.find("class " + class_name(name) + " ") == std::string::npos)
    violations.push_back(stem + ".h has no class " + class_name(name));
  return violations;
}

TEST_CASE("every pass has its name, its class, its files and its test") {
  const SourceTree tree = read_source_tree();
  for (const Folder& folder : folders()) {
    PassRegistry registry;
    folder.add_passes(registry);
    CHECK_FALSE(registry.entries().empty());
    for (const auto& entry : registry.entries())
      CHECK(check_pass(tree, folder.name, std::string(entry.info.name)) == Violations{});
  }
}

TEST_CASE("a pass that lacks something is found") {
  const SourceTree whole{
      {"prune/cut_out.h", "class CutOut {"}, {"prune/cut_out.cpp", ""}, {"tests/prune/cut_out_test.cpp", ""}};
  CHECK(check_pass(whole, "prune", "cut-out").empty());
  CHECK(check_pass({}, "prune", "cut-out").size() == 3);
  CHECK(check_pass(whole, "quantize", "cut-out").size() == 3);
  CHECK(check_pass({{"prune/cut_out.h", "class Cutout {"},
                    {"prune/cut_out.cpp", ""},
                    {"tests/prune/cut_out_test.cpp", ""}},
                   "prune", "cut-out") == Violations{"prune/cut_out.h has no class CutOut"});
  for (const std::string name : {"cut_out", "CutOut", "cut--out", "-cut", "cut-", "9cut"})
    CHECK(check_pass(whole, "prune", name).front() == name + " is not in kebab-case");
}

const PassRegistry& all_passes() {
  static const PassRegistry kAll = [] {
    PassRegistry registry;
    for (const Folder& folder : folders()) folder.add_passes(registry);
    return registry;
  }();
  return kAll;
}

TEST_CASE("the command offers every pass") {
  const PassRegistry builtin = cli::builtin_passes();
  std::vector<std::string_view> offered;
  std::vector<std::string_view> known;
  for (const auto& entry : builtin.entries()) offered.push_back(entry.info.name);
  for (const auto& entry : all_passes().entries()) known.push_back(entry.info.name);
  CHECK(offered == known);
}

TEST_CASE("every pass and every option says what it does") {
  for (const auto& entry : all_passes().entries()) {
    CAPTURE(entry.info.name);
    CHECK(entry.info.summary.ends_with('.'));
    for (const auto& option : entry.options) {
      CAPTURE(option.name);
      CHECK(std::regex_match(option.name, std::regex("[a-z][a-z0-9_]*")));
      CHECK_FALSE(option.help.empty());
    }
  }
}

// A value that the option takes.
std::string random_value(const passes::OptionInfo& option, std::mt19937& random) {
  const std::size_t dots = option.range.find("..");
  if (dots == std::string::npos) {
    std::vector<std::string> words(1);
    for (const char c : option.range) {
      if (c == '|') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    return words[random() % words.size()];
  }
  const double low = std::stod(option.range.substr(0, dots));
  const double high = std::stod(option.range.substr(dots + 2));
  const double share = static_cast<double>(random() % 1001) / 1000;
  const double value = std::min(high, low + share * (high - low));
  return option.type == "integer" ? std::to_string(static_cast<std::int64_t>(value)) : std::to_string(value);
}

TEST_CASE("every pass reads back with the options that it prints, whatever they are") {
  std::mt19937 random(5);
  const auto& entries = all_passes().entries();
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::size_t steps = random() % 5; steps > 0; --steps) {
      const auto& entry = entries[random() % entries.size()];
      text += std::string(entry.info.name) + "{";
      for (const auto& option : entry.options) {
        if (random() % 2 == 0) text += " " + option.name + "=" + random_value(option, random);
      }
      text += "}, ";
    }
    CAPTURE(text);
    const auto pipeline = Pipeline::parse(text, all_passes());
    REQUIRE(pipeline);
    const auto again = Pipeline::parse(pipeline->print(), all_passes());
    REQUIRE(again);
    CHECK(again->print() == pipeline->print());
  }
}

TEST_CASE("the defaults are what a pass prints without options") {
  for (const auto& entry : all_passes().entries()) {
    CAPTURE(entry.info.name);
    const auto pass = entry.make({});
    REQUIRE(pass);
    const auto settings = (*pass)->settings();
    REQUIRE(settings.size() == entry.options.size());
    for (std::size_t i = 0; i < settings.size(); ++i) {
      CHECK(settings[i].key == entry.options[i].name);
      CHECK(settings[i].value == entry.options[i].standard);
    }
  }
}

}  // namespace
}  // namespace pith::test
