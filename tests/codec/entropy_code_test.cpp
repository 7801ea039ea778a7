#include "codec/entropy_code.h"

#include "codec/constant_coding.h"
#include "codec/list.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::codec {
namespace {

// A weight of 1 KB with values that repeat, one that is too small, and one that nothing makes smaller.
ir::Model model() {
  const auto list = [](std::size_t count, auto value) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + value(i);
    return text;
  };
  return test::parse_model(
      "net (float[1,16] x, uint8[1024] a) => (float[1,16] y, uint8[1024] c) <float[16,16] weight = {" +
      list(256, [](std::size_t i) { return std::to_string(i % 4); }) + "}, float[16] bias = {" +
      list(16, [](std::size_t) { return std::string("1"); }) + "}, uint8[1024] flat = {" +
      list(1024, [](std::size_t i) { return std::to_string(i % 256); }) +
      "}> { y = Gemm(x, weight, bias) c = Max(a, flat) }");
}

TEST_CASE("entropy-code attaches an encoding to what gets smaller") {
  const auto run = test::run_pass<EntropyCode>(model());
  CHECK(run.changes == 1);
  REQUIRE(run.skipped.size() == 1);
  CHECK(run.skipped[0].find("flat") != std::string::npos);
  for (const ir::ValueId id : run.after.graph().values()) {
    const ir::Value& value = run.after.graph().value(id);
    if (!value.constant) continue;
    CHECK(value.constant->encoding.has_value() == (value.name == "weight"));
    if (value.name == "weight") {
      CHECK(coder_name(value.constant->encoding->coder()) == "byteplane");
      CHECK(value.constant->encoding->size() < 300);
    }
  }
}

TEST_CASE("entropy-code a second time changes nothing") {
  const auto once = test::run_pass<EntropyCode>(model());
  CHECK(test::run_pass<EntropyCode>(once.after).changes == 0);
}

TEST_CASE("entropy-code leaves the values alone") {
  const auto run = test::run_pass<EntropyCode>(model());
  CHECK(test::largest_difference(run.before, run.after) == 0.0);
}

TEST_CASE("entropy-code is registered with its coder") {
  passes::PassRegistry registry;
  add_passes(registry);
  const auto entry = registry.find("entropy-code");
  REQUIRE(entry);
  CHECK((*entry)->make({{"coder", "huffman"}}).has_value());
  CHECK_FALSE((*entry)->make({{"coder", "magic"}}).has_value());
}

}  // namespace
}  // namespace pith::codec
