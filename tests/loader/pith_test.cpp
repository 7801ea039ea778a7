// The C interface on files as they should be.
#include <pith.h>

#include <map>
#include <thread>

#include "codec/pith_file.h"
#include "ir/onnx/external_data.h"
#include "ir/onnx/read.h"
#include "tests/loader/pith_files.h"

namespace pith::tests {
namespace {

using Bytes = std::vector<std::uint8_t>;

// The values of every tensor of a model by name, as the program's own decoder of forms has them.
std::map<std::string, Bytes> values_of(const ir::Model& model) {
  std::map<std::string, Bytes> values;
  for (const ir::GraphId graph : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph).values()) {
      const ir::Value& value = model.graph(graph).value(id);
      if (value.constant == nullptr) continue;
      const ir::Tensor tensor = ir::to_dense(*value.constant);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(tensor.bytes().data());
      values[value.name] = Bytes(bytes, bytes + tensor.bytes().size());
    }
  }
  return values;
}

std::map<std::string, Bytes> expected_of(const std::string& file) {
  const auto model = codec::from_pith(ir::Buffer::own(std::string(file)));
  REQUIRE(model);
  return values_of(*model);
}

TEST_CASE("every tensor decodes to its plain values") {
  for (const std::string& name : golden_names()) {
    const std::string bytes = read_file(golden_path(name));
    const auto expected = expected_of(bytes);
    const Handle file = open(bytes);
    REQUIRE(pith_tensor_count(file.get()) > 0);
    for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
      const pith_tensor info = info_of(file.get(), i);
      INFO(name << ": " << info.name);
      Bytes buffer(info.bytes, 0xA5);
      CHECK(pith_decode_tensor(file.get(), i, buffer.data(), buffer.size(), nullptr) == PITH_OK);
      CHECK(buffer == expected.at(info.name));
    }
  }
}

TEST_CASE("what was in a buffer does not show, and nothing is written beside it") {
  for (const std::string& name : golden_names()) {
    const std::string bytes = read_file(golden_path(name));
    const Handle file = open(bytes);
    for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
      const pith_tensor info = info_of(file.get(), i);
      std::vector<Bytes> results;
      for (const std::uint8_t poison : {std::uint8_t{0xA5}, std::uint8_t{0x5A}}) {
        Bytes buffer(info.bytes + 2, poison);  // misaligned by one
        REQUIRE(pith_decode_tensor(file.get(), i, buffer.data() + 1, info.bytes, nullptr) == PITH_OK);
        CHECK(buffer.front() == poison);
        CHECK(buffer.back() == poison);
        results.emplace_back(buffer.begin() + 1, buffer.end() - 1);
      }
      CHECK(results[0] == results[1]);
    }
  }
}

TEST_CASE("parts are what the plain values are made of") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  const auto expected = expected_of(bytes);
  const Handle file = open(bytes);
  std::size_t forms = 0;
  for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
    const pith_tensor info = info_of(file.get(), i);
    INFO(info.name);
    std::vector<std::int64_t> positions(info.part_bytes[0] / 8 + 1);
    Bytes codes(info.part_bytes[0] + 1, 0xA5);
    Bytes second(info.part_bytes[1] + 1, 0xA5);
    Bytes third(info.part_bytes[2] + 1, 0xA5);
    const bool sparse = info.form == PITH_SPARSE;
    void* const parts[3] = {sparse ? static_cast<void*>(positions.data()) : codes.data(), second.data(),
                            third.data()};
    const std::size_t sizes[3] = {info.part_bytes[0], info.part_bytes[1], info.part_bytes[2]};
    REQUIRE(pith_decode_parts(file.get(), i, parts, sizes, nullptr) == PITH_OK);
    CHECK(second.back() == 0xA5);
    CHECK(third.back() == 0xA5);
    const auto float_at = [](const Bytes& floats, std::size_t index) {
      float value = 0;
      std::memcpy(&value, floats.data() + 4 * index, 4);
      return value;
    };
    std::vector<float> plain(info.elements);
    std::memcpy(plain.data(), expected.at(info.name).data(), expected.at(info.name).size());
    if (sparse) {
      std::vector<float> values(info.elements);
      for (std::size_t v = 0; v < info.part_bytes[0] / 8; ++v)
        values.at(static_cast<std::size_t>(positions[v])) = float_at(second, v);
      CHECK(values == plain);
      ++forms;
    } else if (info.form == PITH_AFFINE && info.axis == PITH_NO_AXIS) {
      CHECK(info.code_bits == 5);
      CHECK(info.code_is_signed == 1);
      for (std::size_t v = 0; v < info.elements; ++v)
        CHECK(static_cast<float>(static_cast<std::int8_t>(codes[v])) * float_at(second, 0) == plain[v]);
      ++forms;
    } else if (info.form == PITH_CODEBOOK && info.axis == PITH_NO_AXIS) {
      CHECK(info.entries == 23);
      for (std::size_t v = 0; v < info.elements; ++v) CHECK(float_at(second, codes[v]) == plain[v]);
      ++forms;
    }
  }
  CHECK(forms == 3);
}

TEST_CASE("the model as ONNX has every value, inside of it or beside it") {
  for (const std::string& name : golden_names()) {
    INFO(name);
    const std::string bytes = read_file(golden_path(name));
    const Handle file = open(bytes);
    std::size_t size = 0;
    REQUIRE(pith_onnx_size(file.get(), nullptr, &size, nullptr) == PITH_OK);
    std::string one(size, '\xA5');
    std::string two(size, '\x5A');
    CHECK(pith_to_onnx(file.get(), nullptr, one.data(), size - 1, 1, nullptr) == PITH_BUFFER_TOO_SMALL);
    REQUIRE(pith_to_onnx(file.get(), nullptr, one.data(), size, 1, nullptr) == PITH_OK);
    REQUIRE(pith_to_onnx(file.get(), "", two.data(), size, 3, nullptr) == PITH_OK);
    CHECK(one == two);
    const auto model = ir::onnx::read(ir::Buffer::own(std::move(one)));
    INFO((model ? "" : model.error().message()));
    REQUIRE(model);
    CHECK(values_of(*model) == expected_of(bytes));

    // With external data the model has no values, but says where they are.
    std::size_t outside = 0;
    REQUIRE(pith_onnx_size(file.get(), "weights", &outside, nullptr) == PITH_OK);
    CHECK(outside < size);
    std::string stubs(outside, '\xA5');
    REQUIRE(pith_to_onnx(file.get(), "weights", stubs.data(), stubs.size(), 1, nullptr) == PITH_OK);
    CHECK(stubs.find("location\x12\x07weights") != std::string::npos);
    const auto refused = ir::onnx::read(ir::Buffer::own(std::move(stubs)));
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message(), Catch::Contains("external"));
  }
}

TEST_CASE("tensors of external data do not overlap") {
  const std::string bytes = read_file(golden_path("v1/types"));
  const Handle file = open(bytes);
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
    const pith_tensor info = info_of(file.get(), i);
    CHECK(info.external_offset >= end);
    CHECK(info.external_offset < end + 64);
    CHECK(info.external_offset % 64 == 0);
    end = info.external_offset + info.bytes;
  }
}

TEST_CASE("operators are listed and can be checked") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  const Handle file = open(bytes);
  REQUIRE(pith_operator_count(file.get()) == 1);
  CHECK(std::string(pith_operator(file.get(), 0)) == "Identity");
  CHECK(pith_operator(file.get(), 1) == nullptr);
  const char* const allowed[] = {"Relu", "Identity"};
  CHECK(pith_check_operators(file.get(), allowed, 2, nullptr) == PITH_OK);
  pith_message message{};
  CHECK(pith_check_operators(file.get(), allowed, 1, &message) == PITH_NOT_ALLOWED);
  CHECK(std::string(message.text) == "operator 'Identity' is not allowed");
  CHECK(pith_check_operators(file.get(), nullptr, 0, nullptr) == PITH_NOT_ALLOWED);
}

TEST_CASE("a file on disk opens the same way, read or mapped") {
  pith_options mapped = options();
  mapped.flags = PITH_MAP_FILE;
  const std::string path = golden_path("v1/codes-fast");
  const auto expected = expected_of(read_file(path));
  for (const pith_options* how : {static_cast<const pith_options*>(nullptr), &std::as_const(mapped)}) {
    pith_file* opened = nullptr;
    REQUIRE(pith_open_file(path.c_str(), how, &opened, nullptr) == PITH_OK);
    const Handle file(opened);
    for (int round = 0; round < 2; ++round) {  // pages that were let go of come back
      for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
        const pith_tensor info = info_of(file.get(), i);
        Bytes buffer(info.bytes);
        REQUIRE(pith_decode_tensor(file.get(), i, buffer.data(), buffer.size(), nullptr) == PITH_OK);
        CHECK(buffer == expected.at(info.name));
      }
    }
  }
}

TEST_CASE("several tensors decode at once, whatever the number of threads") {
  const std::string bytes = read_file(golden_path("v1/coders"));
  const auto expected = expected_of(bytes);
  const Handle file = open(bytes);
  const std::size_t count = pith_tensor_count(file.get());
  for (const unsigned threads : {0U, 1U, 2U, 64U}) {
    std::vector<Bytes> buffers;
    std::vector<void*> places;
    std::vector<std::size_t> sizes;
    for (std::size_t i = 1; i < count; ++i) buffers.emplace_back(info_of(file.get(), i).bytes, 0xA5);
    for (Bytes& buffer : buffers) {
      places.push_back(buffer.data());
      sizes.push_back(buffer.size());
    }
    REQUIRE(pith_decode_tensors(file.get(), 1, count - 1, places.data(), sizes.data(), threads, nullptr) ==
            PITH_OK);
    for (std::size_t i = 1; i < count; ++i) CHECK(buffers[i - 1] == expected.at(info_of(file.get(), i).name));
  }
  CHECK(pith_decode_tensors(file.get(), count, 0, nullptr, nullptr, 1, nullptr) == PITH_OK);
}

TEST_CASE("two threads use one file") {
  const std::string bytes = read_file(golden_path("v1/codes-small"));
  const auto expected = expected_of(bytes);
  const Handle file = open(bytes);
  std::atomic<int> wrong{0};
  const auto use = [&] {
    for (int round = 0; round < 5; ++round) {
      for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
        pith_tensor info{};
        info.struct_size = sizeof info;
        wrong += pith_tensor_info(file.get(), i, &info, nullptr) != PITH_OK ? 1 : 0;
        Bytes buffer(info.bytes);
        wrong += pith_decode_tensor(file.get(), i, buffer.data(), buffer.size(), nullptr) != PITH_OK ? 1 : 0;
        wrong += buffer != expected.at(info.name) ? 1 : 0;
      }
      std::size_t size = 0;
      wrong += pith_onnx_size(file.get(), nullptr, &size, nullptr) != PITH_OK ? 1 : 0;
    }
  };
  std::thread other(use);
  use();
  other.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace pith::tests
