// Files of every released version of the format stay readable for ever: tests/golden/container-vN.
// tests/conformance/read_pith.py reads the same files and compares with the .json beside each.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "codec/constant_coding.h"
#include "codec/entropy_code.h"
#include "codec/pith_file.h"
#include "ir/rewriter.h"
#include "loader/container_reader.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"
#include "tests/support/trellis_values.h"

namespace pith::codec {
namespace {

// The model's .pith file in one piece.
Result<ir::Buffer> file_of(const ir::Model& model) {
  PITH_TRY(const ir::Pieces file, to_pith(model));
  return ir::Buffer::own(file.joined());
}

using ir::DType;
using ir::Tensor;

// Sums of four draws, computed in integers: the same numbers with every standard library.
template <class T>
std::vector<T> bell(std::uint64_t seed, std::size_t count, int center, int spread) {
  std::mt19937_64 random(seed);
  std::vector<T> values(count);
  for (T& value : values) {
    int sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += static_cast<int>(random() % static_cast<std::uint64_t>(2 * spread + 1)) - spread;
    const int drawn = center + sum / 4;
    value = static_cast<T>(drawn);
  }
  return values;
}

std::vector<float> floats(std::uint64_t seed, std::size_t count) {
  std::vector<float> values;
  for (const int value : bell<int>(seed, count, 0, 1000000))
    values.push_back(static_cast<float>(value) / 3.0e6F);
  return values;
}

using Named = std::pair<std::string, ir::Constant>;

Named dense(std::string name, Tensor tensor) {
  return {std::move(name), ir::Constant::dense(std::move(tensor))};
}

Named weight(std::string name, ir::Shape shape, ir::WeightForm form) {
  ir::Constant constant{
      .dtype = DType::float32, .shape = std::move(shape), .form = std::move(form), .encoding = {}};
  return {std::move(name), std::move(constant)};
}

std::vector<Named> forms() {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = 7; i < 20000; i += 40 + i % 300) positions.push_back(i);
  const auto count = static_cast<std::int64_t>(positions.size());
  std::vector<float> scales;
  for (int i = 0; i < 40; ++i) scales.push_back(0.001F * static_cast<float>(i + 1));
  return {
      dense("dense", Tensor::of<float>({20, 30}, floats(1, 600))),
      weight("affine/tensor", {40, 30},
             ir::Affine{.codes = Tensor::of({40, 30}, bell<std::int8_t>(2, 1200, 0, 14)),
                        .scales = Tensor::of<float>({}, {0.02F}),
                        .zero_points = {},
                        .bits = 5}),
      weight("affine/channel", {40, 30},
             ir::Affine{.codes = Tensor::of({40, 30}, bell<std::uint8_t>(3, 1200, 128, 90)),
                        .scales = Tensor::of<float>({40}, scales),
                        .zero_points = std::vector<std::int32_t>(40, 128),
                        .axis = 0,
                        .bits = 8}),
      weight("affine/block", {4, 30, 3},
             ir::Affine{.codes = Tensor::of({4, 30, 3}, bell<std::int8_t>(4, 360, -1, 6)),
                        .scales = Tensor::of<float>({4, 3, 3},
                                                    std::vector<float>(scales.begin(), scales.begin() + 36)),
                        .zero_points = bell<std::int32_t>(6, 36, 0, 3),
                        .axis = 1,
                        .block = 13,
                        .bits = 4}),
      weight("codebook/tensor", {50, 40},
             ir::Codebook{.centroids = Tensor::of({1, 23}, floats(7, 23)),
                          .indices = Tensor::of({50, 40}, bell<std::uint8_t>(8, 2000, 11, 11)),
                          .axis = {},
                          .bits = 5}),
      weight("codebook/channel", {5, 6, 10},
             ir::Codebook{.centroids = Tensor::of({6, 4}, floats(9, 24)),
                          .indices = Tensor::of({5, 6, 10}, bell<std::uint8_t>(10, 300, 2, 1)),
                          .axis = 1,
                          .bits = 2}),
      weight("sparse", {100, 200},
             ir::Sparse{Tensor::of({count}, positions), Tensor::of({count}, floats(11, positions.size()))}),
  };
}

std::vector<Named> coders() {
  auto pruned = bell<std::uint8_t>(20, 30000, 8, 8);
  for (std::size_t i = 0; i < pruned.size(); ++i) {
    if (i % 11 != 0 || i / 5000 == 3) pruned[i] = 8;
  }
  const auto count = [](std::size_t n) { return ir::Shape{static_cast<std::int64_t>(n)}; };
  return {
      dense("last segment of one lane", Tensor::of(count(66000), bell<std::uint8_t>(21, 66000, 8, 5))),
      dense("four lanes", Tensor::of(count(4001), bell<std::int8_t>(22, 4001, 0, 20))),
      dense("three segments", Tensor::of(count(132000), bell<std::int8_t>(23, 132000, 0, 5))),
      dense("constant", Tensor::of(count(200000), std::vector<float>(200000, 0.0F))),
      dense("runs", Tensor::of(count(pruned.size()), pruned)),
      dense("planes", Tensor::of(count(1500), floats(24, 1500))),
      dense("idle planes", Tensor::of(count(400), bell<std::int64_t>(25, 400, 1000, 900))),
      dense("noise", Tensor::of(count(2000),
                                [] {
                                  std::mt19937_64 random(26);
                                  std::vector<std::uint8_t> bytes(2000);
                                  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
                                  return bytes;
                                }())),
  };
}

std::vector<Named> types() {
  std::vector<Named> constants;
  for (std::int64_t number = 1; number <= 26; ++number) {
    const DType dtype = ir::dtype_from_onnx(number).value();
    if (dtype == DType::string) continue;
    // 1,152 bytes of any type.
    const std::int64_t elements = std::int64_t{1152} * 8 / static_cast<std::int64_t>(ir::bits_of(dtype));
    const auto bytes = bell<std::uint8_t>(static_cast<std::uint64_t>(number), 1152,
                                          dtype == DType::boolean ? 1 : 40, dtype == DType::boolean ? 1 : 9);
    auto tensor = Tensor::make(dtype, {elements / 9, 9}, ir::Buffer::own(bytes));
    constants.push_back(dense(std::string(ir::name_of(dtype)), tensor.value()));
  }
  return constants;
}

// Codes and indices of several shapes: a picture's neighbours, kernels, a mostly empty one, several segments.
std::vector<Named> codes() {
  const auto affine = [](std::string name, const ir::Shape& shape, std::vector<std::int8_t> values) {
    return weight(std::move(name), shape,
                  ir::Affine{.codes = Tensor::of(shape, std::move(values)),
                             .scales = Tensor::of<float>({}, {0.01F}),
                             .zero_points = {},
                             .bits = 8});
  };
  std::vector<std::int8_t> picture = bell<std::int8_t>(40, 5760, 0, 12);
  for (std::size_t i = 12; i < picture.size(); ++i)
    picture[i] = static_cast<std::int8_t>((picture[i] + 2 * picture[i - 12] + picture[i - 1]) / 3);
  std::vector<std::int8_t> rows = bell<std::int8_t>(41, 5760, 0, 30);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<std::int8_t>(rows[i] / (1 + static_cast<int>(i / 90 % 7)));
  std::vector<std::int8_t> pruned = bell<std::int8_t>(42, 70000, 0, 20);
  for (std::size_t i = 0; i < pruned.size(); ++i) {
    if (i % 9 != 0) pruned[i] = 0;
  }
  std::vector<std::int8_t> tails = bell<std::int8_t>(43, 5000, 1, 3);
  for (std::size_t i = 0; i < tails.size(); i += 97)
    tails[i] = static_cast<std::int8_t>(i % 2 == 0 ? 127 : -128);
  return {affine("picture", {40, 144}, std::move(picture)),
          affine("rows", {64, 10, 9}, std::move(rows)),
          affine("kernels", {20, 8, 3, 3}, bell<std::int8_t>(44, 1440, 0, 9)),
          affine("pruned", {70000}, std::move(pruned)),
          affine("tails", {50, 100}, std::move(tails)),
          affine("few", {5, 9}, bell<std::int8_t>(45, 45, 0, 4)),
          weight("indices", {90, 800},
                 ir::Codebook{.centroids = Tensor::of({1, 30}, floats(46, 30)),
                              .indices = Tensor::of({90, 800}, bell<std::uint8_t>(47, 72000, 14, 14)),
                              .axis = {},
                              .bits = 5})};
}

// Integers of trellises along each axis, from both states.
std::vector<Named> trellises() {
  const auto affine = [](std::string name, const ir::Shape& shape, int bits,
                         loader::trellis::Trellis trellis) {
    loader::CodeShape dims;
    for (const std::int64_t size : shape) dims.dims[dims.rank++] = static_cast<std::uint64_t>(size);
    const auto count = static_cast<std::size_t>(*ir::element_count(shape));
    const auto indices = bell<std::int8_t>(80 + trellis.axis, count, 0, (1 << (bits - 2)) - 1);
    return weight(std::move(name), shape,
                  ir::Affine{.codes = Tensor::of(shape, test::trellis_values(indices, dims, trellis)),
                             .scales = Tensor::of<float>({}, {0.01F}),
                             .zero_points = {},
                             .bits = bits});
  };
  return {affine("kernels", {24, 8, 3, 3}, 4, {.axis = 0, .start = 0}),
          affine("columns", {60, 50}, 6, {.axis = 0, .start = 1}),
          affine("rows", {60, 50}, 8, {.axis = 1, .start = 0}),
          affine("inner", {5, 30, 10}, 3, {.axis = 1, .start = 1}),
          affine("line", {700}, 5, {.axis = 0, .start = 0})};
}

// Streams of bytes and floats for the coders of codes, for zstd and for planes turned or not; equal tensors.
std::vector<Named> streams() {
  const std::vector<float> pattern = floats(60, 40);
  std::vector<float> repeats;
  for (int i = 0; i < 30; ++i) repeats.insert(repeats.end(), pattern.begin(), pattern.end());
  std::vector<std::uint16_t> halves;
  for (const int value : bell<int>(61, 1600, 0x3800, 0x300))
    halves.push_back(static_cast<std::uint16_t>(value % 2 == 0 ? value : value | 0x8000));
  const auto as = [&](DType dtype) { return Tensor::make(dtype, {40, 40}, ir::Buffer::own(halves)).value(); };
  std::vector<double> doubles;
  for (const float value : floats(62, 300)) doubles.push_back(static_cast<double>(value) / 7);
  std::vector<std::int8_t> rows = bell<std::int8_t>(63, 4800, 0, 60);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<std::int8_t>(rows[i] / (1 + static_cast<int>(i / 160 % 9)));
  std::vector<std::int64_t> positions;
  for (std::int64_t at = 3; at < 20000; at += 1 + at % 97) positions.push_back(at);
  const auto count = static_cast<std::int64_t>(positions.size());
  return {
      dense("floats", Tensor::of({50, 30}, floats(64, 1500))),
      dense("floats again", Tensor::of({50, 30}, floats(64, 1500))),
      dense("float16", as(DType::float16)),
      dense("bfloat16", as(DType::bfloat16)),
      dense("doubles", Tensor::of({300}, doubles)),
      dense("repeats", Tensor::of({30, 40}, repeats)),
      dense("int8", Tensor::of({30, 160}, rows)),
      dense("uint8", Tensor::of({1500}, bell<std::uint8_t>(65, 1500, 30, 20))),
      dense("int64", Tensor::of({20, 20}, bell<std::int64_t>(66, 400, -3, 70000))),
      weight("sparse", {100, 200},
             ir::Sparse{Tensor::of({count}, positions), Tensor::of({count}, floats(67, positions.size()))})};
}

struct Golden {
  std::string name;
  std::vector<Named> constants;
  std::optional<CoderChoice> coder = CoderChoice::huffman;  // nullopt: not coded
  int since = 0;                                            // version of the format
};

std::vector<Golden> all_golden() {
  return {{"forms-raw", forms(), std::nullopt},
          {"forms", forms()},
          {"coders", coders()},
          {"types", types()},
          {"codes-fast", codes(), CoderChoice::fast},
          {"codes-small", codes(), CoderChoice::small},
          {"codes-trellis", trellises(), CoderChoice::small, 1},
          {"streams-fast", streams(), CoderChoice::fast},
          {"streams-small", streams(), CoderChoice::small}};
}

// The search of the other coders may find fewer bytes, and stores more streams, from version to version.
bool stays_as_it_is(const Golden& golden) {
  return !golden.coder || *golden.coder == CoderChoice::huffman;
}

ir::Model model_of(const Golden& golden) {
  ir::Model model = test::parse_model("net (float[2] x) => (float[2] y) { y = Identity(x) }");
  ir::Rewriter rewriter(model);
  for (const auto& [name, constant] : golden.constants) rewriter.add_constant(name, constant);
  if (golden.coder) model = test::run_pass<EntropyCode>(model, {.coder = *golden.coder}).after;
  return model;
}

// Version 0 are drafts; the same tensors are in the files of both.
std::filesystem::path folder(int version) {
  return std::filesystem::path(PITH_SOURCE_DIR) / "tests" / "golden" /
         ("container-v" + std::to_string(version));
}

TEST_CASE("the golden files of every version are read as what was written") {
  const int version = GENERATE(0, 1);
  for (const Golden& golden : all_golden()) {
    if (golden.since > version) continue;
    INFO(golden.name);
    const auto file = ir::Buffer::map_file(folder(version) / (golden.name + ".pith"));
    REQUIRE(file);
    const auto model = from_pith(*file);
    INFO((model ? "" : model.error().message()));
    REQUIRE(model);
    std::size_t found = 0;
    for (const ir::ValueId id : model->graph().values()) {
      const ir::Value& value = model->graph().value(id);
      for (const auto& [name, constant] : golden.constants) {
        if (value.name != name) continue;
        CHECK(ir::same_bits(*value.constant, constant));
        ++found;
      }
    }
    CHECK(found == golden.constants.size());
  }
}

TEST_CASE("today's writer still writes the golden files of its version") {
  for (const Golden& golden : all_golden()) {
    if (!stays_as_it_is(golden)) continue;
    INFO(golden.name);
    const auto kept = ir::Buffer::map_file(folder(1) / (golden.name + ".pith"));
    REQUIRE(kept);
    const auto written = file_of(model_of(golden));
    REQUIRE(written);
    CHECK(written->text() == kept->text());
  }
}

TEST_CASE("today's writer still writes the payloads of the golden files") {
  const int version = GENERATE(0, 1);
  const auto open = [](const ir::Buffer& file) {
    return loader::Container::open({reinterpret_cast<const std::uint8_t*>(file.bytes().data()), file.size()});
  };
  for (const Golden& golden : all_golden()) {
    if (!stays_as_it_is(golden)) continue;
    INFO(golden.name);
    const auto old_file = ir::Buffer::map_file(folder(version) / (golden.name + ".pith"));
    REQUIRE(old_file);
    const auto new_file = file_of(model_of(golden));
    REQUIRE(new_file);
    const auto old_container = open(*old_file);
    const auto new_container = open(*new_file);
    REQUIRE(old_container);
    REQUIRE(new_container);
    REQUIRE(old_container->tensors().size() == new_container->tensors().size());
    for (std::size_t i = 0; i < old_container->tensors().size(); ++i) {
      const loader::TensorInfo& was = old_container->tensors()[i];
      const loader::TensorInfo& is = new_container->tensors()[i];
      CHECK(was.name == is.name);
      CHECK(was.header == is.header);
      CHECK(was.payload_hash == is.payload_hash);
      CHECK(was.decoded_hash == is.decoded_hash);
    }
  }
}

// For a new version of the format only: PITH_GOLDEN_OUT=folder test_codec "[write-golden]"
TEST_CASE("write golden files", "[.][write-golden]") {
  const char* out = std::getenv("PITH_GOLDEN_OUT");
  REQUIRE(out != nullptr);
  for (const Golden& golden : all_golden()) {
    const auto file = file_of(model_of(golden));
    REQUIRE(file);
    std::ofstream stream(std::filesystem::path(out) / (golden.name + ".pith"), std::ios::binary);
    stream << file->text();
    CHECK(stream.good());
  }
}

}  // namespace
}  // namespace pith::codec
