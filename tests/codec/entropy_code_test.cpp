#include "codec/entropy_code.h"

#include <random>

#include "codec/constant_coding.h"
#include "codec/list.h"
#include "ir/rewriter.h"
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
  const auto run = test::run_pass<EntropyCode>(model(), {.coder = CoderChoice::huffman});
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

TEST_CASE("entropy-code does nothing where no encoding is kept") {
  passes::PassContext context;
  context.keeps_encodings = false;
  const auto run = test::run_pass<EntropyCode>(model(), {}, std::move(context));
  CHECK(run.changes == 0);
  CHECK(run.skipped.empty());
}

TEST_CASE("entropy-code takes fewer bytes with each further coder") {
  std::mt19937_64 random(1);
  std::vector<std::int8_t> codes(12800);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int spread = 1 + static_cast<int>(i / 200 % 16);  // rows of different scale
    codes[i] = static_cast<std::int8_t>(
        static_cast<int>((random() & 127U) + (random() & 127U)) * spread / 64 - spread * 2);
  }
  const ir::Shape shape{64, 200};
  ir::Model model = test::parse_model("net (float[2] x) => (float[2] y) { y = Identity(x) }");
  ir::Rewriter(model).add_constant("w", {.dtype = ir::DType::float32,
                                         .shape = shape,
                                         .form = ir::Affine{.codes = ir::Tensor::of(shape, codes),
                                                            .scales = ir::Tensor::of<float>({}, {0.1F}),
                                                            .zero_points = {}},
                                         .encoding = {}});
  std::uint64_t last = codes.size();
  for (const auto& [choice, name] :
       {std::pair{CoderChoice::huffman, "huffman"}, std::pair{CoderChoice::fast, "fast"},
        std::pair{CoderChoice::small, "small"}}) {
    const auto run = test::run_pass<EntropyCode>(model, {.coder = choice});
    for (const ir::ValueId id : run.after.graph().values()) {
      const auto& constant = run.after.graph().value(id).constant;
      if (constant == nullptr) continue;
      REQUIRE(constant->encoding.has_value());
      CHECK(coder_name(constant->encoding->coder()) == name);
      CHECK(constant->encoding->size() < last);
      last = constant->encoding->size();
    }
  }
}

TEST_CASE("entropy-code is registered with its coders") {
  passes::PassRegistry registry;
  add_passes(registry);
  const auto entry = registry.find("entropy-code");
  REQUIRE(entry);
  for (const char* coder : {"auto", "huffman", "fast", "small"})
    CHECK((*entry)->make({{"coder", coder}}).has_value());
  CHECK_FALSE((*entry)->make({{"coder", "magic"}}).has_value());
}

}  // namespace
}  // namespace pith::codec
