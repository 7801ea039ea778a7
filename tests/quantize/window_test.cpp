#include "quantize/window.h"

#include <numeric>

#include "tests/support/catch.h"

namespace pith::quantize {
namespace {

using Ints = std::vector<std::int64_t>;

ir::Node conv(ir::Attributes attributes) {
  ir::Node node;
  node.op_type = "Conv";
  node.attributes = std::move(attributes);
  return node;
}

// The window number `index` of one channel of 4 x 5: 0, 1, 2, ...
std::vector<float> window(const ir::Node& node, const Ints& kernel, std::size_t index) {
  std::vector<float> plane(20);
  std::iota(plane.begin(), plane.end(), 0.0F);
  const auto windows = Windows::of(node, {1, 1, 4, 5}, kernel);
  REQUIRE(windows);
  REQUIRE(index < windows->count());
  std::vector<float> row(static_cast<std::size_t>(kernel[0] * kernel[1]));
  windows->copy(plane.data(), index, 0, 1, row.data(), 1);
  return row;
}

TEST_CASE("windows: strides, dilations and pads") {
  CHECK(window(conv({}), {2, 2}, 0) == std::vector<float>{0, 1, 5, 6});
  CHECK(window(conv({}), {2, 2}, 5) == std::vector<float>{6, 7, 11, 12});
  CHECK(window(conv({{"strides", Ints{2, 1}}}), {2, 2}, 4) == std::vector<float>{10, 11, 15, 16});
  CHECK(window(conv({{"dilations", Ints{2, 3}}}), {2, 2}, 1) == std::vector<float>{1, 4, 11, 14});
  CHECK(window(conv({{"pads", Ints{1, 1, 0, 0}}}), {2, 2}, 0) == std::vector<float>{0, 0, 0, 0});
  CHECK(window(conv({{"pads", Ints{1, 1, 0, 0}}}), {2, 2}, 1) == std::vector<float>{0, 0, 0, 1});
  CHECK(window(conv({{"auto_pad", std::string("SAME_UPPER")}}), {2, 2}, 19) ==
        std::vector<float>{19, 0, 0, 0});
  CHECK(window(conv({{"auto_pad", std::string("SAME_LOWER")}}), {2, 2}, 19) ==
        std::vector<float>{13, 14, 18, 19});
}

TEST_CASE("windows: several channels, one after the other") {
  std::vector<float> sample(12);
  std::iota(sample.begin(), sample.end(), 0.0F);
  const auto windows = Windows::of(conv({}), {1, 3, 2, 2}, {1, 2});
  REQUIRE(windows);
  CHECK(windows->count() == 2);
  std::vector<float> row(4);
  windows->copy(sample.data(), 1, 1, 2, row.data(), 1);
  CHECK(row == std::vector<float>{6, 7, 10, 11});
}

TEST_CASE("windows: what does not fit has none") {
  CHECK_FALSE(Windows::of(conv({}), {1, 1, 4}, {2, 2}));
  CHECK_FALSE(Windows::of(conv({}), {1, 1, 4, 5}, {5, 2}));
  CHECK_FALSE(Windows::of(conv({{"strides", Ints{0, 1}}}), {1, 1, 4, 5}, {2, 2}));
  CHECK_FALSE(Windows::of(conv({{"pads", Ints{1}}}), {1, 1, 4, 5}, {2, 2}));
  CHECK_FALSE(Windows::of(conv({{"dilations", Ints{1, -1}}}), {1, 1, 4, 5}, {2, 2}));
}

}  // namespace
}  // namespace pith::quantize
