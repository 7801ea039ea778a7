// What every refusal must look like.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cli/workbench.h"
#include "tests/support/json_schema.h"

namespace pith::test {

// The sentence after "error: ": the last line of stderr, the only one of its kind, of readable length.
inline std::string error_of(const CommandRun& run) {
  INFO(run.err);
  constexpr std::string_view kMark = "error: ";
  const std::size_t at = run.err.starts_with(kMark) ? 0 : run.err.find("\nerror: ") + 1;
  REQUIRE((at != 0 || run.err.starts_with(kMark)));
  const std::string sentence = run.err.substr(at + kMark.size());
  CHECK(sentence.find('\n') == sentence.size() - 1);
  CHECK(sentence.size() < 400);
  return sentence.substr(0, sentence.find('\n'));
}

// Runs twice, for people and for scripts, and checks that both were refused: the exit code, a sentence that
// holds each of `words`, stdout empty (or the same as JSON), and the folder as it was.
inline void check_refused(const Workbench& bench, const std::vector<std::string>& arguments, int exit_code,
                          const std::vector<std::string>& words, const RunOptions& options = {}) {
  static const std::map<std::string, int> kCodes{{"usage", 2},       {"model", 3},       {"data", 4},
                                                 {"environment", 5}, {"not_smaller", 6}, {"self_check", 7}};
  CAPTURE(arguments);
  const auto before = bench.contents();
  const CommandRun run = bench.pith(arguments, options);
  CHECK(run.exit_code == exit_code);
  CHECK(run.out.empty());
  const std::string sentence = error_of(run);
  for (const std::string& word : words) {
    CAPTURE(sentence, word);
    CHECK(sentence.find(word) != std::string::npos);
  }

  std::vector<std::string> as_json = arguments;
  as_json.insert(as_json.begin() + 1, "--format=json");
  const CommandRun again = bench.pith(as_json, options);
  CHECK(again.exit_code == exit_code);
  const auto document = nlohmann::json::parse(again.out);
  CHECK(JsonSchema::of_reports().violations(document, "error") == std::vector<std::string>{});
  const auto& error = document.at("error");
  CHECK(kCodes.at(error.at("code")) == exit_code);
  const std::string hint = error.at("hint");
  CHECK(error.at("message").get<std::string>() + (hint.empty() ? "" : "; " + hint) == sentence);
  CHECK(bench.contents() == before);
}

}  // namespace pith::test
