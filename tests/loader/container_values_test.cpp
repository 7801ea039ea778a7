// What is checked only when values are decoded.

#include <string>

#include "tests/loader/container_samples.h"

namespace pith::loader {
namespace {

using namespace samples;

TEST_CASE("checksums of stored and of decoded bytes are verified") {
  RecordFields tensor = dense();
  tensor.decoded = {1, 2, 4};
  CHECK(opened(with(tensor)) == StatusCode::ok);
  CHECK(decoded(with(tensor)) == StatusCode::damaged);
  Bytes file = with(dense());
  file.back() ^= 1;
  CHECK(opened(file) == StatusCode::ok);
  CHECK(decoded(file) == StatusCode::damaged);
}

TEST_CASE("codes, scales and zero points are checked") {
  CHECK(decoded(with(affine({7, 7, 7}, kOne))) == StatusCode::ok);
  CHECK(decoded(with(affine({0xF8, 0xF8, 0xF8}, kOne, {7}))) == StatusCode::ok);
  CHECK(decoded(with(affine({8, 8, 8}, kOne))) == StatusCode::damaged);
  CHECK(decoded(with(affine({0xF7, 0xF7, 0xF7}, kOne))) == StatusCode::damaged);
  CHECK(decoded(with(affine({7, 7, 7}, kOne, {8}))) == StatusCode::damaged);
  for (const Bytes& scale : {Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 0x80}, Bytes{0, 0, 0x80, 0xBF},
                             Bytes{0, 0, 0x80, 0x7F}, Bytes{0, 0, 0xC0, 0x7F}}) {
    CHECK(decoded(with(affine({7, 7, 7}, scale))) == StatusCode::damaged);
  }
}

TEST_CASE("indices past their codebook are refused") {
  RecordFields tensor{.shape_and_form = {kFloat32, 1, 4, kCodebook, 2, kNoAxis, 3}};
  const Bytes centroids(12, 0x11);
  tensor.streams = {{0, {0b00'01'10'10}}, {0, centroids}};
  tensor.decoded = {0, 1, 2, 2};
  tests::append(tensor.decoded, centroids);
  CHECK(decoded(with(tensor)) == StatusCode::ok);
  tensor.streams[0].bytes = {0b00'01'10'11};
  tensor.decoded[3] = 3;
  CHECK(decoded(with(tensor)) == StatusCode::damaged);
}

TEST_CASE("sparse positions outside of the tensor are refused") {
  RecordFields tensor{.shape_and_form = {kUint8, 1, 10, kSparse, 2, 2},
                      .streams = {{0, {4, 4}}, {0, {8, 9}}}};
  tensor.decoded = {4, 4, 8, 9};
  const Bytes file = with(tensor);
  const auto container = Container::open(file);
  REQUIRE(container);
  CHECK(decode_tensor(container->tensors()[0])->positions == std::vector<std::int64_t>{4, 9});
  tensor.streams[0].bytes = {4, 5};
  tensor.decoded = {4, 5, 8, 9};
  CHECK(decoded(with(tensor)) == StatusCode::damaged);
}

TEST_CASE("a graph that is not exactly one zstd frame of its size is refused") {
  const auto graph_of = [](const ContainerBuilder& builder) {
    const Bytes file = builder.file();
    const auto container = Container::open(file);
    return container && container->graph().has_value();
  };
  ContainerBuilder builder;
  CHECK(graph_of(builder));
  builder.graph.push_back('x');
  CHECK_FALSE(graph_of(builder));
  builder = ContainerBuilder();
  builder.frame.push_back(0);
  CHECK_FALSE(graph_of(builder));
  builder = ContainerBuilder();
  builder.frame.pop_back();
  CHECK_FALSE(graph_of(builder));
  builder = ContainerBuilder();
  tests::append(builder.frame, builder.frame);
  tests::append(builder.graph, builder.graph);
  CHECK_FALSE(graph_of(builder));
}

}  // namespace
}  // namespace pith::loader
