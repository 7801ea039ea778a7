// The numbers about weights, each worked out by hand.
#include "report/tensors.h"

#include <cmath>

#include "report/report.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"
#include "tests/support/weight_model.h"

namespace pith::report {
namespace {

using test::model_around;

TensorEntry only_entry(const ir::Model& before, const ir::Model& after,
                       Storage storage = Storage::container) {
  const auto entries = measure_tensors(before, storage, before, after, storage);
  REQUIRE(entries.size() == 1);
  return entries.front();
}

TensorEntry only_entry(const ir::Model& model) {
  return only_entry(model, model);
}

bool close(std::optional<double> a, double b) {
  return a && std::abs(*a - b) < 1e-9;
}

ir::Constant constant(ir::Shape shape, ir::WeightForm form) {
  return {ir::DType::float32, std::move(shape), std::move(form), std::nullopt};
}

TEST_CASE("tensors: distinct values, zeros and entropy") {
  // Four of eight are 0, two are 1, one is 2, one is -2: 1/2 * 1 + 1/4 * 2 + 2 * 1/8 * 3 = 1.75 bits.
  const TensorEntry entry = only_entry(model_around({4, 2}, {0, 1, 0, 2, 0, 1, 0, -2}));
  CHECK(entry.name == "w");
  CHECK(entry.shape == ir::Shape{4, 2});
  CHECK(entry.dtype == "float32");
  CHECK(entry.form == "dense");
  CHECK(entry.coder == "none");
  CHECK(entry.elements == 8);
  CHECK(entry.distinct == 4);
  CHECK(close(entry.sparsity, 0.5));
  CHECK(close(entry.entropy_bits, 1.75));
  CHECK(entry.bytes_before == 32);
  CHECK(entry.bytes_after == 32);
  CHECK(close(entry.bits_per_weight, 32));

  const TensorEntry equal = only_entry(model_around({2, 2}, {3, 3, 3, 3}));
  CHECK(equal.distinct == 1);
  CHECK(equal.entropy_bits == 0);
  CHECK_FALSE(std::signbit(*equal.entropy_bits));
  CHECK(equal.sparsity == 0);
  // Both zeros are zeros.
  CHECK(close(only_entry(model_around({2, 2}, {0.0F, -0.0F, 1, 2})).sparsity, 0.5));
}

TEST_CASE("tensors: errors against the model before") {
  // Signal 9 + 16 = 25, noise 1: 10 log10 25 dB.
  const TensorEntry entry = only_entry(model_around({1, 2}, {3, 4}), model_around({1, 2}, {3, 5}));
  REQUIRE(entry.sqnr_db);
  CHECK(close(*entry.sqnr_db, 13.979400086720377));
  CHECK(entry.max_abs_error == 1.0);
  // Equal: no error, and so no ratio. All lost: 0 dB.
  const TensorEntry same = only_entry(model_around({1, 2}, {3, 4}));
  CHECK_FALSE(same.sqnr_db);
  CHECK(same.max_abs_error == 0.0);
  CHECK(close(*only_entry(model_around({1, 2}, {3, 4}), model_around({1, 2}, {0, 0})).sqnr_db, 0));
  // Not comparable: another shape, or no numbers.
  const TensorEntry reshaped = only_entry(model_around({1, 2}, {3, 4}), model_around({2, 1}, {3, 4}));
  CHECK_FALSE(reshaped.max_abs_error);
  CHECK_FALSE(reshaped.bytes_before);
  const float nan = std::nanf("");
  CHECK_FALSE(only_entry(model_around({1, 2}, {nan, 4}), model_around({1, 2}, {3, 4})).max_abs_error);
}

TEST_CASE("tensors: errors are measured from where the lossy passes began") {
  const ir::Model before = model_around({1, 2}, {1, 1});
  const ir::Model folded = model_around({1, 2}, {2, 2});
  const auto entries = measure_tensors(before, Storage::onnx, folded, folded, Storage::container);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].max_abs_error == 0.0);
  CHECK(entries[0].bytes_before == 8);
}

TEST_CASE("tensors: bytes of each form in each file") {
  struct Case {
    ir::Constant constant;
    std::string form;
    std::uint64_t in_container, in_onnx;
  };
  const auto codes = ir::Tensor::of<std::int8_t>({2, 4}, {0, 1, 2, 3, -1, -2, -3, -4});
  const std::vector<Case> cases{
      {constant({2, 4}, ir::Dense{ir::Tensor::of<float>({2, 4}, std::vector<float>(8))}), "dense", 32, 32},
      // Two positions of eight bytes, two values of four.
      {constant({2, 4},
                ir::Sparse{ir::Tensor::of<std::int64_t>({2}, {1, 6}), ir::Tensor::of<float>({2}, {1, 2})}),
       "sparse", 24, 24},
      // Eight codes of four bits, two scales, two zero points; in .onnx a byte a code and float zero points.
      {constant({2, 4}, ir::Affine{.codes = codes,
                                   .scales = ir::Tensor::of<float>({2}, {1, 2}),
                                   .zero_points = {0, 1},
                                   .axis = 0,
                                   .block = 0,
                                   .bits = 4}),
       "affine", 4 + 8 + 2, 8 + 8 + 8},
      // Eight indices of two bits and four centroids.
      {constant({2, 4},
                ir::Codebook{.centroids = ir::Tensor::of<float>({1, 4}, {0, 1, 2, 3}),
                             .indices = ir::Tensor::of<std::uint8_t>({2, 4}, {0, 1, 2, 3, 0, 1, 2, 3}),
                             .axis = std::nullopt,
                             .bits = 2}),
       "codebook", 2 + 16, 8 + 16}};
  for (const Case& each : cases) {
    CAPTURE(each.form);
    CHECK(bytes_in(Storage::container, each.constant) == each.in_container);
    CHECK(bytes_in(Storage::onnx, each.constant) == each.in_onnx);
    const TensorEntry entry = only_entry(model_around(each.constant));
    CHECK(entry.form == each.form);
    CHECK(
        close(entry.bits_per_weight, static_cast<double>(each.in_container)));  // of 8 weights, 8 bits a byte
  }
  // An encoding counts with its payload, and only in a container.
  ir::Constant coded = cases[0].constant;
  coded.encoding = ir::Encoding{.streams = {{.coder = 0, .bytes = ir::Buffer::own(std::string(3, 'x'))}}};
  CHECK(bytes_in(Storage::container, coded) == 5);
  CHECK(bytes_in(Storage::onnx, coded) == 32);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs duplicates_in(const ir::Model& model) {
  Pairs found;
  for (const TensorEntry& entry : measure_tensors(model, Storage::onnx)) {
    if (entry.same_as) found.emplace_back(entry.name, *entry.same_as);
  }
  return found;
}

TEST_CASE("tensors: duplicates") {
  CHECK(duplicates_in(model_around({2, 2}, {1, 2, 3, 4})) == Pairs{});
  const ir::Model twice = test::parse_model(
      "net (float[1,2] x) => (float[1,2] y) <float[2,2] a = {1,2,3,4}, float[2,2] b = {1,2,3,4}, "
      "float[2,2] c = {1,2,3,4}, float[2,2] d = {1,2,3,5}, float[4] e = {1,2,3,4}, float[4] f = {1,2,3,4}> "
      "{ p = MatMul(x, a) q = MatMul(p, b) r = MatMul(q, c) s = MatMul(r, d) t = Concat<axis=0>(e, f) "
      "u = ReduceSum(t) y = Add(s, u) }");
  CHECK(duplicates_in(twice) == Pairs{{"b", "a"}, {"c", "a"}, {"f", "e"}});
  CHECK(duplicate_bytes(measure_tensors(twice, Storage::onnx)) == 16 + 16 + 16);
  // Another type with the same bytes is another tensor, and so is another shape.
  CHECK(duplicates_in(test::parse_model(
            "net (float[2,2] x) => (float[2,2] y) <float[2,2] a = {0,0,0,0}, int32[2,2] b = {0,0,0,0}, "
            "float[4] c = {0,0,0,0}> { y = MatMul(x, a) }")) == Pairs{});
}

TEST_CASE("reports: sizes of models") {
  const ir::Model model = test::parse_model(
      "net (float[1,2] x) => (float[1,2] y) <float[2,2] a = {1,2,3,4}, int64[2] s = {1,2}> "
      "{ p = MatMul(x, a) y = Reshape(p, s) }");
  const ModelSize size = size_of(model, Storage::onnx, 1234);
  CHECK(size.bytes == 1234);
  CHECK(size.weight_bytes == 16 + 16);
  CHECK(size.parameters == 4);
  CHECK(size.nodes == 2);
  CHECK(size.macs == 4);
}

TEST_CASE("reports: SHA-256 of known texts") {
  const auto of = [](std::string_view text) { return sha256(std::as_bytes(std::span(text))); };
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace pith::report
