// Tensors of several pieces, decoded by one thread and by several.
#include <algorithm>
#include <functional>
#include <random>

#include "loader/parallel.h"
#include "loader/plain_values.h"
#include "tests/codec/sample_tensors.h"
#include "tests/support/catch.h"

namespace pith::loader {
namespace {

using tests::Bytes;
using tests::bytes_of;

Bytes codes(std::size_t count, int low, int high) {
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal(0.0F, static_cast<float>(high - low) / 6);
  Bytes result(count);
  const int middle = (low + high) / 2;
  for (auto& code : result)
    code = static_cast<std::uint8_t>(std::clamp(middle + static_cast<int>(normal(random)), low, high));
  return result;
}

std::vector<float> scales(std::size_t count) {
  std::vector<float> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = 0.25F + static_cast<float>(i % 97);
  return result;
}

struct Sample {
  TensorHeader header;
  std::vector<Bytes> streams;
  // The value of an element, computed as docs/format.md says.
  std::function<float(std::size_t)> value;
};

constexpr std::size_t kRows = 37;
constexpr std::size_t kColumns = 9973;

std::vector<Sample> samples() {
  constexpr std::size_t kCount = kRows * kColumns;
  static_assert(kCount > 4 * kPieceSize);
  const TensorHeader affine{
      .dtype = kFloat32, .dims = {kRows, kColumns}, .form = Form::affine, .signed_codes = true, .bits = 6};
  const Bytes numbers = codes(kCount, -31, 30);
  const auto number = [numbers](std::size_t i) {
    return static_cast<float>(static_cast<std::int8_t>(numbers[i]));
  };
  std::vector<Sample> all;
  all.push_back({affine, {numbers, bytes_of({0.5F})}, [=](std::size_t i) { return number(i) * 0.5F; }});
  for (const std::uint8_t axis : {std::uint8_t{0}, std::uint8_t{1}}) {
    TensorHeader header = affine;
    header.axis = axis;
    const auto each = scales(axis == 0 ? kRows : kColumns);
    all.push_back({header, {numbers, bytes_of(each)}, [=](std::size_t i) {
                     return number(i) * each[axis == 0 ? i / kColumns : i % kColumns];
                   }});
    header.has_zero_points = true;
    Bytes zeros(each.size());
    for (std::size_t i = 0; i < zeros.size(); ++i) zeros[i] = static_cast<std::uint8_t>(i % 9);
    all.push_back({header, {numbers, bytes_of(each), zeros}, [=](std::size_t i) {
                     const std::size_t at = axis == 0 ? i / kColumns : i % kColumns;
                     return (number(i) - static_cast<float>(zeros[at])) * each[at];
                   }});
    header.has_zero_points = false;
    header.block = 10;
    const std::size_t blocks = axis == 0 ? (kRows + 9) / 10 : (kColumns + 9) / 10;
    const auto many = scales(axis == 0 ? blocks * kColumns : kRows * blocks);
    all.push_back({header, {numbers, bytes_of(many)}, [=](std::size_t i) {
                     const std::size_t row = i / kColumns;
                     const std::size_t column = i % kColumns;
                     return number(i) *
                            many[axis == 0 ? row / 10 * kColumns + column : row * blocks + column / 10];
                   }});
  }
  const Bytes indices = codes(kCount, 0, 15);
  const auto book = scales(16 * kRows);
  all.push_back({{.dtype = kFloat32,
                  .dims = {kRows, kColumns},
                  .form = Form::codebook,
                  .bits = 4,
                  .axis = 0,
                  .entries = 16},
                 {indices, bytes_of(book)},
                 [=](std::size_t i) { return book[i / kColumns * 16 + indices[i]]; }});
  std::vector<float> weights(kCount);
  std::mt19937_64 random(4);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  for (float& weight : weights) weight = normal(random);
  all.push_back({{.dtype = kFloat32, .dims = {kRows, kColumns}}, {bytes_of(weights)}, [=](std::size_t i) {
                   return weights[i];
                 }});
  return all;
}

Bytes container_of(const Sample& sample, codec::CoderChoice choice) {
  const auto tensor = tests::encode_tensor("t", sample.header, sample.streams, choice);
  const std::string file =
      codec::write_container(tests::sample_graph(), tests::sample_operators(), std::span(&tensor, 1))
          .value()
          .joined();
  return {file.begin(), file.end()};
}

// Decodes the only tensor on so many threads.
Status decode(const Container& container, std::size_t threads, std::span<std::uint8_t> out) {
  const std::size_t first = 0;
  return run_parallel(std::span(&first, 1), threads,
                      [&](std::size_t i) { return decode_plain(container.tensors()[i], out); });
}

TEST_CASE("threads: tensors of several pieces have the values that their forms say") {
  for (const auto choice : {codec::CoderChoice::huffman, codec::CoderChoice::fast}) {
    const std::vector<Sample> all = samples();
    for (std::size_t k = 0; k < all.size(); ++k) {
      INFO("sample " << k);
      const Sample& sample = all[k];
      const Bytes file = container_of(sample, choice);
      const auto container = Container::open(file);
      REQUIRE(container);
      std::vector<float> expected(kRows * kColumns);
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = sample.value(i);
      for (const std::size_t threads : {1U, 2U, 5U}) {
        Bytes out(expected.size() * sizeof(float) + 1, 0xA5);
        REQUIRE(decode(*container, threads, std::span(out).subspan(1)).ok());
        CHECK(Bytes(out.begin() + 1, out.end()) == bytes_of(expected));
      }
    }
  }
}

TEST_CASE("threads: damage is the same failure for any number of them") {
  for (const Sample& sample : samples()) {
    Bytes file = container_of(sample, codec::CoderChoice::fast);
    const auto container = Container::open(file);
    REQUIRE(container);
    const auto payload = container->tensors()[0].payload;
    const auto at = static_cast<std::size_t>(payload.data() - file.data()) + payload.size() / 2;
    file[at] ^= 0x10;
    Bytes out(kRows * kColumns * sizeof(float));
    for (const std::size_t threads : {1U, 2U, 5U}) {
      for (int round = 0; round < 3; ++round)
        CHECK(decode(*container, threads, out).message() == "tensor 't': its payload is damaged");
    }
  }
}

}  // namespace
}  // namespace pith::loader
