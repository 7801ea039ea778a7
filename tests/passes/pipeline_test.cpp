#include "passes/pipeline.h"

#include <random>

#include "passes/list.h"
#include "tests/passes/sample_passes.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

using passes::Needs, passes::Pipeline;

const passes::PassRegistry& registry() {
  static const passes::PassRegistry kRegistry = [] {
    passes::PassRegistry made;
    passes::add_passes(made);
    made.add<SamplePass>();
    made.add<EditingPass>();
    made.add<NeedyPass<Needs::calibration>>();
    made.add<NeedyPass<Needs::evaluator>>();
    made.add<NeedyPass<Needs::training>>();
    return made;
  }();
  return kRegistry;
}

std::string printed(std::string_view text) {
  const auto pipeline = Pipeline::parse(text, registry());
  if (!pipeline) return "refused: " + pipeline.error().message();
  return pipeline->print();
}

struct Refusal {
  std::string message;
  std::string hint;
  bool operator==(const Refusal&) const = default;
};

Refusal refusal(std::string_view text) {
  const auto pipeline = Pipeline::parse(text, registry());
  REQUIRE_FALSE(pipeline);
  CHECK(pipeline.error().code() == ErrorCode::usage);
  return {pipeline.error().message(), pipeline.error().hint()};
}

const std::string kSample = "sample{bits=4 share=0.5 fast=false color=green}";

TEST_CASE("a pipeline prints with every option spelled out") {
  CHECK(printed("fold-batch-norm, sample{color=red bits=2}") ==
        "fold-batch-norm, sample{bits=2 share=0.5 fast=false color=red}");
  CHECK(printed("sample") == kSample);
  CHECK(printed("sample{}") == kSample);
  CHECK(printed("sample, sample{bits=1}") == kSample + ", sample{bits=1 share=0.5 fast=false color=green}");
}

TEST_CASE("blanks, newlines, comments and empty steps are free") {
  CHECK(printed("").empty());
  CHECK(printed(" \n\t, ,\r\n # nothing\n,").empty());
  CHECK(printed("sample\nfold-batch-norm") == kSample + ", fold-batch-norm");
  CHECK(printed("  sample ,, fold-batch-norm # last, sample\n") == kSample + ", fold-batch-norm");
  CHECK(printed("sample {\n  bits = 4 # small\n\n  color=green }") == kSample);
  CHECK(printed("sample\r\nfold-batch-norm\r\n") == kSample + ", fold-batch-norm");
}

TEST_CASE("bad syntax is refused with its place") {
  CHECK(refusal("sample fold-batch-norm").message ==
        "pipeline, column 8: a comma or the end of the line was expected, but there is 'f'");
  CHECK(refusal("sample{bits=4").message ==
        "pipeline, column 14: an option or '}' was expected, but the text ends");
  CHECK(refusal("sample{bits}").message ==
        "pipeline, column 12: '=' after the option was expected, but there is '}'");
  CHECK(refusal("sample{bits=}").message ==
        "pipeline, column 13: a value after '=' was expected, but there is '}'");
  CHECK(refusal("sample{bits=4, fast=true}").message ==
        "pipeline, column 14: an option or '}' was expected, but there is ','");
  CHECK(refusal("sample}").message ==
        "pipeline, column 7: a comma or the end of the line was expected, but there is '}'");
  CHECK(refusal("{bits=4}").message ==
        "pipeline, column 1: the name of a pass was expected, but there is '{'");
  CHECK(refusal("sample{bits=4}{fast=true}").message ==
        "pipeline, column 15: a comma or the end of the line was expected, but there is '{'");
  CHECK(refusal("sample}").hint == "write passes as name{key=value key=value}, separated by commas");
}

TEST_CASE("lines and columns count from one") {
  CHECK(refusal("# first\nsample,\n  fold-batch-norm sample").message ==
        "pipeline, line 3, column 19: a comma or the end of the line was expected, but there is 's'");
  CHECK(refusal("sample\n  pruune").message == "pipeline, line 2, column 3: unknown pass 'pruune'");
}

TEST_CASE("unknown passes and bad options are refused with their place and the nearest word") {
  CHECK(refusal("fold-batch-norm, sampel") ==
        Refusal{"pipeline, column 18: unknown pass 'sampel'", "did you mean 'sample'?"});
  CHECK(refusal("sample{bitts=4}") ==
        Refusal{"pipeline, column 1: sample: unknown option 'bitts'", "did you mean 'bits'?"});
  CHECK(refusal("sample{bits=4 bits=4}").message ==
        "pipeline, column 1: sample: option 'bits' is given twice");
  CHECK(refusal("sample{bits=9}").message ==
        "pipeline, column 1: sample: option 'bits': 9 is outside of 1..8");
  CHECK(refusal("fold-batch-norm{bits=9}").hint == "the pass has no options");
}

TEST_CASE("bytes of every kind are refused without harm") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    for (const std::string around : {"", "sample", "sample{", "sample{bits", "sample{bits="}) {
      const auto pipeline = Pipeline::parse(around + text, registry());
      if (pipeline) CHECK(printed(pipeline->print()) == pipeline->print());
    }
  }
}

TEST_CASE("what prints is read back the same, whatever the passes and options") {
  std::mt19937 random(3);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::size_t steps = below(6); steps > 0; --steps) {
      const auto& entry = registry().entries()[below(registry().entries().size())];
      text += std::string(entry.info.name);
      if (entry.info.name == "sample") {
        text += "{bits=" + std::to_string(1 + below(8)) + " share=" + std::to_string(below(990'000)) + "e-6";
        if (below(2) == 0) text += " fast=true";
        if (below(2) == 0) text += std::string("\n color=") + (below(2) == 0 ? "red" : "green");
        text += "}";
      }
      text += below(2) == 0 ? ", " : "\n";
    }
    const auto pipeline = Pipeline::parse(text, registry());
    REQUIRE(pipeline);
    CHECK(printed(pipeline->print()) == pipeline->print());
  }
}

TEST_CASE("a pass whose needs are not met is refused with the flag that meets them") {
  const auto refused = [](std::string_view text, Pipeline::Services services) {
    const auto pipeline = Pipeline::parse(text, registry());
    REQUIRE(pipeline);
    const auto checked = pipeline->check(services);
    return checked ? Refusal{} : Refusal{checked.error().message(), checked.error().hint()};
  };
  CHECK(refused("sample, needs-calibration", {.calibration = false, .evaluator = true, .training = true}) ==
        Refusal{"needs-calibration needs calibration data", "pass --calib"});
  CHECK(refused("needs-evaluator", {.calibration = true, .evaluator = false, .training = true}) ==
        Refusal{"needs-evaluator needs labelled data", "pass --eval"});
  CHECK(refused("needs-training", {.calibration = true, .evaluator = true, .training = false}) ==
        Refusal{"needs-training needs training data", "pass --train"});
  CHECK(refused("sample, needs-calibration, needs-evaluator, needs-training",
                {.calibration = true, .evaluator = true, .training = true}) == Refusal{});
  CHECK(refused("sample", {}) == Refusal{});
}

}  // namespace
}  // namespace pith::test
