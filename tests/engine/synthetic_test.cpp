#include "engine/synthetic.h"

#include <algorithm>
#include <cmath>

#include "engine/dataset.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

using ir::DType, ir::Shape;

std::vector<NamedTensor> made(const std::vector<TensorInfo>& inputs, const SyntheticSpec& spec = {}) {
  auto arrays = synthetic_arrays(inputs, spec);
  REQUIRE(arrays);
  return *std::move(arrays);
}

TEST_CASE("synthetic: sizes") {
  const auto arrays = made({{"x", DType::float32, {-1, 3, -1}}, {"s", DType::float32, {}}},
                           {.samples = 5, .size = 7, .seed = 0});
  REQUIRE(arrays.size() == 2);
  CHECK(arrays[0].name == "x");
  CHECK(arrays[0].tensor.shape() == Shape{5, 3, 7});
  CHECK(arrays[1].tensor.shape() == Shape{});
  // A fixed batch rounds up, also for inputs that leave theirs open.
  const auto fixed = made({{"x", DType::float32, {4, 2}}, {"y", DType::float32, {-1, 2}}}, {.samples = 5});
  CHECK(fixed[0].tensor.shape() == Shape{8, 2});
  CHECK(fixed[1].tensor.shape() == Shape{8, 2});
  // Two fixed sizes make one run.
  const auto run =
      made({{"x", DType::float32, {4, 2}}, {"y", DType::float32, {3, 2}}, {"z", DType::float32, {-1}}});
  CHECK(run[0].tensor.shape() == Shape{4, 2});
  CHECK(run[1].tensor.shape() == Shape{3, 2});
  CHECK(run[2].tensor.shape() == Shape{1});
}

TEST_CASE("synthetic: values") {
  const auto arrays = made({{"x", DType::float16, {-1}},
                            {"i", DType::int64, {-1}},
                            {"b", DType::boolean, {-1}},
                            {"u", DType::uint8, {-1}}},
                           {.samples = 20000});
  const auto x = arrays[0].tensor.as<float>();
  double sum = 0;
  double squares = 0;
  for (const float value : x) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  CHECK(std::abs(sum / 20000) < 0.05);
  CHECK(std::abs(squares / 20000 - 1) < 0.05);
  const auto most = [](const ir::Tensor& tensor) {
    return static_cast<int>(std::ranges::max(tensor.bytes()));
  };
  CHECK(most(arrays[1].tensor) == 1);
  CHECK(arrays[2].tensor.dtype() == DType::boolean);
  CHECK(most(arrays[2].tensor) == 1);
  CHECK(most(arrays[3].tensor) == 255);
  // The first numbers of seed 0, on every system.
  CHECK(
      made({{"x", DType::float32, {-1}}})[0].tensor.same_bits(made({{"x", DType::float32, {-1}}})[0].tensor));
  CHECK_FALSE(made({{"x", DType::float32, {-1}}})[0].tensor.same_bits(
      made({{"x", DType::float32, {-1}}}, {.seed = 1})[0].tensor));
}

TEST_CASE("synthetic: what is refused") {
  const auto refused = [](const TensorInfo& input, const SyntheticSpec& spec) {
    const auto arrays = synthetic_arrays(std::vector{input}, spec);
    REQUIRE_FALSE(arrays);
    CHECK(arrays.error().code() == ErrorCode::data);
    return arrays.error().message();
  };
  CHECK(refused({"text", DType::string, {-1}}, {}) ==
        "synthetic data cannot feed input 'text', which is string [?]");
  CHECK(refused({"x", DType::float32, {-1, -1, -1}}, {.samples = 1000, .size = 1000000}) ==
        "synthetic data for input 'x' float32 [?,?,?] is over 1 GiB");
}

TEST_CASE("synthetic: as a spec, bound to a model") {
  const auto spec = DatasetSpec::parse("synthetic:n=5,size=7");
  REQUIRE(spec);
  CHECK(spec->is_synthetic());
  CHECK(spec->synthetic.samples == 5);
  CHECK(spec->synthetic.size == 7);
  CHECK(spec->path == "synthetic");
  CHECK(DatasetSpec::parse("synthetic:")->synthetic.samples == 16);
  CHECK_THAT(DatasetSpec::parse("synthetic:m=5").error().message(),
             Catch::Contains("'m'") && Catch::Contains("synthetic"));
  for (const char* bad : {"synthetic:n=0", "synthetic:n=-1", "synthetic:n=1.5", "synthetic:n=1000001",
                          "synthetic:n=5,n=6", "synthetic:n", "synthetic:scale=2", "x.npz,n=5"}) {
    CAPTURE(bad);
    const auto refused = DatasetSpec::parse(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::usage);
  }
  const auto data = Dataset::open(*spec);
  REQUIRE(data);
  const std::vector<TensorInfo> inputs{{"x", DType::float16, {-1, 2}}, {"t", DType::int64, {-1, -1}}};
  const auto bound = data->bind(inputs);
  REQUIRE(bound);
  CHECK(bound->samples() == 5);
  const auto batch = bound->batch(0);
  REQUIRE(batch);
  CHECK((*batch)[0].tensor.dtype() == DType::float16);
  CHECK((*batch)[1].tensor.dtype() == DType::int64);
  CHECK((*batch)[1].tensor.shape() == Shape{5, 7});
}

}  // namespace
}  // namespace pith::engine
