#include "quantize/convert_weights.h"

#include <atomic>
#include <limits>

#include "quantize/quantize_weights.h"
#include "quantize/share_weights.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

using namespace pith;
using test::constant_named, test::run_pass, test::seeded_weights;

namespace {

// x times seven weights, one after the other; one of them cannot be encoded.
ir::Model seven_layers() {
  ir::Model model;
  model.ir_version = 8;
  model.opsets = {{"", 17}};
  ir::GraphBuilder builder(model);
  const auto value = [&](std::string name) {
    ir::Value v;
    v.name = std::move(name);
    v.type.dtype = ir::DType::float32;
    return builder.add_value(std::move(v));
  };
  ir::ValueId last = value("x");
  builder.add_input(last);
  for (unsigned i = 0; i < 7; ++i) {
    const std::int64_t width = i == 3 ? 1 : 32;
    auto weights = seeded_weights(static_cast<std::size_t>(32 * width), i + 1);
    if (i == 5) weights[9] = std::numeric_limits<float>::quiet_NaN();
    const ir::ValueId w = value("w" + std::to_string(i));
    builder.value(w).constant = std::make_shared<const ir::Constant>(
        ir::Constant::dense(ir::Tensor::of({32, width}, std::move(weights))));
    const ir::ValueId y = value("y" + std::to_string(i));
    ir::Node node;
    node.op_type = "MatMul";
    node.inputs = {last, w};
    node.outputs = {y};
    builder.append_node(std::move(node));
    last = y;
  }
  builder.add_output(last);
  return model;
}

passes::PassContext with_threads(unsigned threads) {
  passes::PassContext context;
  context.threads = threads;
  return context;
}

template <class P>
void check_threads(typename P::Options options) {
  const ir::Model model = seven_layers();
  const auto one = run_pass<P>(model, options, with_threads(1));
  CHECK(one.changes >= 5);
  for (const unsigned threads : {0U, 2U, 5U, 64U}) {
    const auto many = run_pass<P>(model, options, with_threads(threads));
    CHECK(many.changes == one.changes);
    CHECK(many.skipped == one.skipped);
    for (unsigned i = 0; i < 7; ++i) {
      const std::string name = "w" + std::to_string(i);
      CHECK(same_bits(constant_named(one.after, name), constant_named(many.after, name)));
    }
  }
}

}  // namespace

TEST_CASE("the number of threads changes neither weights nor reasons") {
  check_threads<quantize::ShareWeights>({.bits = 3});
  check_threads<quantize::QuantizeWeights>({.bits = 5, .symmetric = false});
}

TEST_CASE("conversion stops when the user wants to, and changes nothing") {
  struct Case {
    unsigned threads;
    int patience;  // looks before the user wants to stop; with helpers there may be only one
  };
  for (const auto& [threads, patience] : {Case{1, 2}, Case{2, 0}}) {
    ir::Model model = seven_layers();
    const auto edits = model.edits();
    auto context = with_threads(threads);
    std::atomic<int> looks = 0;
    context.cancelled = [&, most = patience] { return ++looks > most; };
    const auto outcome = quantize::ShareWeights({}).run(model, context);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code() == ErrorCode::interrupted);
    CHECK(model.edits() == edits);
  }
}

TEST_CASE("a reason to refuse reaches the user") {
  ir::Model model = seven_layers();
  passes::PassContext context;
  const auto outcome = quantize::convert_weights(
      model, context, [](const passes::Weight& weight, const ir::Tensor&) -> quantize::Encoded {
        return std::unexpected("it is " + weight.name);
      });
  REQUIRE(outcome.has_value());
  CHECK(outcome->changes == 0);
  const auto skipped = context.take_skipped();
  REQUIRE(skipped.size() == 7);
  CHECK(skipped[1] == passes::Skipped{"tensor 'w1'", "it is w1"});
  CHECK(skipped[5] == passes::Skipped{"tensor 'w5'", "it has NaN or infinite values"});
}
