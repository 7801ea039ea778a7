#include "engine/taps.h"

#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::engine {
namespace {

Dataset synthetic(std::uint64_t samples) {
  const auto spec = DatasetSpec::parse("synthetic:n=" + std::to_string(samples));
  REQUIRE(spec);
  auto data = Dataset::open(*spec);
  REQUIRE(data);
  return *std::move(data);
}

ir::ValueId find(const ir::Model& model, std::string_view name) {
  for (const ir::ValueId id : model.graph().values()) {
    if (model.graph().value(id).name == name) return id;
  }
  FAIL("no value " << name);
  return ir::kNoValue;
}

const Runtime& runtime() {
  static const auto loaded = Runtime::load();
  REQUIRE(loaded);
  return *loaded;
}

TEST_CASE("taps: inputs, inner values and outputs of each batch, in the order asked for") {
  const ir::Model model =
      test::parse_model("net (float[N,2] x) => (float[N,2] y) { tap_0 = Neg(x) h = Abs(tap_0) y = Neg(h) }");
  const std::vector values{find(model, "h"), find(model, "x"), find(model, "y"), find(model, "tap_0")};
  const auto taps = Taps::create(runtime(), model, values, synthetic(300));
  REQUIRE(taps);
  CHECK(taps->data().samples() == 300);
  REQUIRE(taps->data().batches() > 1);
  for (std::uint64_t batch = 0; batch < taps->data().batches(); ++batch) {
    const auto tensors = taps->run(batch);
    REQUIRE(tensors);
    REQUIRE(tensors->size() == 4);
    const auto h = (*tensors)[0].as<float>();
    const auto x = (*tensors)[1].as<float>();
    REQUIRE(h.size() == 2 * taps->data().samples_in(batch));
    for (std::size_t i = 0; i < h.size(); ++i) {
      CHECK(h[i] == std::abs(x[i]));
      CHECK((*tensors)[2].as<float>()[i] == -h[i]);
      CHECK((*tensors)[3].as<float>()[i] == -x[i]);
    }
  }
}

TEST_CASE("taps: types are observed on one sample, or on the batch that an input fixes") {
  const auto observe = [](const std::string& input) {
    const ir::Model model =
        test::parse_model("net (float[" + input +
                          ",6] x) => (y)"
                          "{ s = Constant<value_ints = [-1, 3]>() h = Reshape(x, s) y = NonZero(h) }");
    const auto types =
        observe_types(runtime(), model, std::vector{find(model, "h"), find(model, "y")}, synthetic(4));
    REQUIRE(types);
    CHECK(types->at(find(model, "y")).dtype == ir::DType::int64);
    return *types->at(find(model, "h")).shape;
  };
  CHECK(observe("N") == std::vector<ir::Dim>{2, 3});
  CHECK(observe("4") == std::vector<ir::Dim>{8, 3});
}

TEST_CASE("taps: values that are no tensors are left out") {
  const ir::Model model = test::parse_model(
      "net (float[N,2] x) => (float[N,2] y) { s = SequenceConstruct(x, x) i = Constant<value_int = 0>()"
      " y = SequenceAt(s, i) }");
  const auto types =
      observe_types(runtime(), model, std::vector{find(model, "s"), find(model, "y")}, synthetic(1));
  REQUIRE(types);
  CHECK(types->size() == 1);
  CHECK(types->contains(find(model, "y")));
}

TEST_CASE("taps: what the runtime or the data refuses is an error") {
  const ir::Model model = test::parse_model("net (float[N,2] x) => (y) { y = com.example.Unknown(x) }");
  const auto taps = Taps::create(runtime(), model, std::vector{find(model, "y")}, synthetic(1));
  REQUIRE_FALSE(taps);
  CHECK(taps.error().code() == ErrorCode::model);
}

}  // namespace
}  // namespace pith::engine
