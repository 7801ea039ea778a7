#include "codec/container_writer.h"

#include <algorithm>
#include <cstring>

#include "loader/container_reader.h"
#include "loader/decode.h"
#include "tests/codec/sample_tensors.h"
#include "tests/support/catch.h"

namespace pith::codec {
namespace {

tests::Bytes joined(const ir::Pieces& file) {
  const std::string bytes = file.joined();
  return tests::Bytes(bytes.begin(), bytes.end());
}

using loader::Container;
using tests::Bytes;

// Decodes everything; false when anything is refused.
bool reads(std::span<const std::uint8_t> file) {
  const auto container = Container::open(file);
  if (!container || !container->graph()) return false;
  for (const loader::TensorInfo& tensor : container->tensors()) {
    if (!loader::decode_tensor(tensor)) return false;
  }
  return true;
}

Bytes written() {
  const auto file =
      write_container(tests::sample_graph(), tests::sample_operators(), tests::sample_tensors());
  REQUIRE(file);
  return joined(*file);
}

TEST_CASE("what is written is read back") {
  const Bytes file = written();
  const auto container = Container::open(file);
  REQUIRE(container);
  CHECK(container->graph() == tests::sample_graph());
  REQUIRE(container->operators().size() == 2);
  CHECK(container->operators()[0] == "Conv");
  CHECK(container->operators()[1] == "com.microsoft::MatMulNBits");
  const auto tensors = tests::sample_tensors();
  REQUIRE(container->tensors().size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const loader::TensorInfo& read = container->tensors()[i];
    CHECK(read.name == tensors[i].name);
    CHECK(read.header == tensors[i].header);
    CHECK(loader::decode_tensor(read).has_value());
  }
  const auto coder_of = [&](std::string_view name) {
    const auto found = std::ranges::find(container->tensors(), name, &loader::TensorInfo::name);
    return found->streams[0].coder;
  };
  CHECK(coder_of("turned") == loader::Coder::floatplane);
  CHECK(coder_of("repeats") == loader::Coder::zstd);
}

TEST_CASE("equal tensors are stored once") {
  const Bytes file = written();
  const auto container = Container::open(file);
  REQUIRE(container);
  const loader::TensorInfo* twin = nullptr;
  for (const loader::TensorInfo& tensor : container->tensors()) {
    CHECK(tensor.streams[0].elsewhere == (tensor.name == "repeats too"));
    if (tensor.name == "repeats") twin = &tensor;
    if (tensor.name != "repeats too") continue;
    CHECK(tensor.payload.size() == 1);
    CHECK(tensor.streams[0].bytes.data() == twin->payload.data());
    CHECK(loader::decode_tensor(tensor)->values == loader::decode_tensor(*twin)->values);
  }
  // Equal values in another shape are not the same tensor.
  auto tensors = tests::sample_tensors();
  tensors.back().header.dims = {200};
  const auto apart = write_container(tests::sample_graph(), tests::sample_operators(), tensors);
  REQUIRE(apart);
  CHECK(apart->size() > file.size() + 50);
  CHECK(reads(joined(*apart)));
}

TEST_CASE("equal input gives equal bytes, in whatever order the operators come") {
  CHECK(written() == written());
  auto operators = tests::sample_operators();
  std::swap(operators.front(), operators.back());
  operators.push_back(operators.front());
  const auto file = write_container(tests::sample_graph(), operators, tests::sample_tensors());
  REQUIRE(file);
  CHECK(joined(*file) == written());
}

TEST_CASE("every change of one bit of a container is noticed") {
  const Bytes file = written();
  REQUIRE(reads(file));
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    Bytes changed = file;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    if (reads(changed)) FAIL("bit " << bit << " of " << 8 * file.size());
  }
}

TEST_CASE("every byte set to anything else is noticed") {
  const Bytes file = written();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      Bytes changed = file;
      changed[at] = static_cast<std::uint8_t>(value);
      if (changed != file && reads(changed)) FAIL("byte " << at << " = " << value);
    }
  }
}

TEST_CASE("every truncation of a container is noticed, and every byte appended") {
  const Bytes file = written();
  for (std::size_t size = 0; size < file.size(); ++size) {
    if (Container::open(std::span(file).first(size))) FAIL(size << " of " << file.size());
  }
  Bytes longer = file;
  longer.push_back(0);
  CHECK_FALSE(Container::open(longer));
}

TEST_CASE("names that the format does not allow are not written") {
  const auto refuses = [](std::string name) {
    auto tensors = tests::sample_tensors();
    tensors[1].name = std::move(name);
    return !write_container(tests::sample_graph(), {}, tensors).has_value();
  };
  CHECK_FALSE(refuses("fine"));
  CHECK(refuses(""));
  CHECK(refuses(tests::sample_tensors()[0].name));
  CHECK(refuses(std::string("a\0b", 3)));
  CHECK(refuses("\xFF"));
  CHECK(refuses(std::string(65536, 'n')));
  CHECK_FALSE(write_container(tests::sample_graph(), {""}, {}).has_value());
}

TEST_CASE("streams that do not fit their form are not written") {
  auto tensors = tests::sample_tensors();
  tensors[0].streams.emplace_back();
  CHECK_FALSE(write_container(tests::sample_graph(), {}, tensors).has_value());
  tensors = tests::sample_tensors();
  tensors[0].header.dims.assign(9, 1);
  CHECK_FALSE(write_container(tests::sample_graph(), {}, tensors).has_value());
}

TEST_CASE("a tensor of zeros is padded to 1/4096 of its size and comes back") {
  const Bytes zeros(1 << 20, 0);
  const loader::TensorHeader header{.dtype = 2, .dims = {zeros.size()}};
  const TensorToWrite tensor{
      "zeros", header, {encode_smallest(zeros, {.size = zeros.size()})}, loader::hash_bytes(zeros)};
  const auto file = write_container({}, {}, std::span(&tensor, 1));
  REQUIRE(file);
  CHECK(file->size() < 256 + 200);
  const Bytes bytes = joined(*file);
  const auto container = Container::open(bytes);
  REQUIRE(container);
  CHECK(container->tensors()[0].payload.size() == 256);
  CHECK(loader::decode_tensor(container->tensors()[0])->values == zeros);
}

}  // namespace
}  // namespace pith::codec
