// The C interface where its caller, or the file, is wrong: every mistake is an error code and a sentence.
#include <pith.h>

#include <filesystem>

#include "loader/container_reader.h"
#include "tests/loader/container_builder.h"
#include "tests/loader/pith_files.h"

namespace pith::tests {
namespace {

pith_status opened(const void* data, std::size_t size, const pith_options* how = nullptr) {
  auto* file = reinterpret_cast<pith_file*>(std::uintptr_t{8});  // must not stay
  pith_message message;
  std::memset(message.text, 'x', sizeof message.text);
  const pith_status status = pith_open_memory(data, size, how, &file, &message);
  CHECK((file == nullptr) == (status != PITH_OK));
  CHECK((std::strlen(message.text) == 0) == (status == PITH_OK));
  pith_close(file);
  return status;
}

TEST_CASE("NULL is refused where something must be") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  pith_file* none = nullptr;
  CHECK(opened(nullptr, 0) == PITH_INVALID_ARGUMENT);
  CHECK(opened(nullptr, 100) == PITH_INVALID_ARGUMENT);
  CHECK(pith_open_memory(bytes.data(), bytes.size(), nullptr, nullptr, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_open_file(nullptr, nullptr, &none, nullptr) == PITH_INVALID_ARGUMENT);
  pith_close(nullptr);
  std::size_t size = 0;
  pith_tensor info{};
  info.struct_size = sizeof info;
  void* buffer = &info;
  CHECK(pith_tensor_count(nullptr) == 0);
  CHECK(pith_operator_count(nullptr) == 0);
  CHECK(pith_operator(nullptr, 0) == nullptr);
  CHECK(pith_graph(nullptr, &size) == nullptr);
  CHECK(pith_tensor_info(nullptr, 0, &info, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_tensor(nullptr, 0, &info, sizeof info, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_tensors(nullptr, 0, 1, &buffer, &size, 1, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_parts(nullptr, 0, &buffer, &size, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_onnx_size(nullptr, nullptr, &size, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_to_onnx(nullptr, nullptr, &info, sizeof info, 1, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_check_operators(nullptr, nullptr, 0, nullptr) == PITH_INVALID_ARGUMENT);

  const Handle file = open(bytes);
  pith_message message{};
  CHECK(pith_tensor_info(file.get(), 0, nullptr, &message) == PITH_INVALID_ARGUMENT);
  CHECK(std::strlen(message.text) > 0);
  CHECK(pith_decode_tensor(file.get(), 0, nullptr, 1U << 20, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_tensors(file.get(), 0, 1, nullptr, &size, 1, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_tensors(file.get(), 0, 1, &buffer, nullptr, 1, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_parts(file.get(), 0, nullptr, &size, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_parts(file.get(), 0, &buffer, nullptr, nullptr) == PITH_INVALID_ARGUMENT);
  const std::size_t large[3] = {1U << 20, 1U << 20, 1U << 20};
  void* const nothing[3] = {nullptr, nullptr, nullptr};
  CHECK(pith_decode_parts(file.get(), 0, nothing, large, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_onnx_size(file.get(), nullptr, nullptr, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_to_onnx(file.get(), nullptr, nullptr, 1U << 30, 1, nullptr) == PITH_INVALID_ARGUMENT);
  CHECK(pith_graph(file.get(), nullptr) == nullptr);
  CHECK(pith_check_operators(file.get(), nullptr, 1, nullptr) == PITH_INVALID_ARGUMENT);
  const char* const with_null[] = {"Identity", nullptr};
  CHECK(pith_check_operators(file.get(), with_null, 2, nullptr) == PITH_INVALID_ARGUMENT);
}

TEST_CASE("misaligned structs are refused, misaligned bytes are not") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  const std::string moved = "x" + bytes;
  CHECK(opened(moved.data() + 1, bytes.size()) == PITH_OK);
  alignas(16) unsigned char room[sizeof(pith_tensor) + 16] = {};
  const auto at = [&](auto* type) { return reinterpret_cast<decltype(type)>(room + 1); };
  CHECK(opened(bytes.data(), bytes.size(), at(static_cast<pith_options*>(nullptr))) == PITH_INVALID_ARGUMENT);
  CHECK(pith_open_memory(bytes.data(), bytes.size(), nullptr, at(static_cast<pith_file**>(nullptr)),
                         nullptr) == PITH_INVALID_ARGUMENT);
  const Handle file = open(bytes);
  CHECK(pith_tensor_info(file.get(), 0, at(static_cast<pith_tensor*>(nullptr)), nullptr) ==
        PITH_INVALID_ARGUMENT);
  CHECK(pith_onnx_size(file.get(), nullptr, at(static_cast<std::size_t*>(nullptr)), nullptr) ==
        PITH_INVALID_ARGUMENT);
  CHECK(pith_graph(file.get(), at(static_cast<std::size_t*>(nullptr))) == nullptr);
  for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
    const pith_tensor info = info_of(file.get(), i);
    if (info.form != PITH_SPARSE) continue;
    std::vector<std::int64_t> positions(info.part_bytes[0] / 8 + 1);
    std::string values(info.part_bytes[1], '\0');
    void* const parts[3] = {reinterpret_cast<char*>(positions.data()) + 1, values.data(), nullptr};
    const std::size_t sizes[3] = {info.part_bytes[0], info.part_bytes[1], 0};
    CHECK(pith_decode_parts(file.get(), i, parts, sizes, nullptr) == PITH_INVALID_ARGUMENT);
  }
}

TEST_CASE("structs of another version are refused") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  struct {
    pith_options known;
    std::uint64_t later;
  } longer{};
  const auto with = [&](std::uint32_t size) {
    longer.known.struct_size = size;
    return opened(bytes.data(), bytes.size(), &longer.known);
  };
  CHECK(with(sizeof(pith_options)) == PITH_OK);
  CHECK(with(sizeof longer) == PITH_OK);
  longer.later = 1;
  CHECK(with(sizeof longer) == PITH_INVALID_ARGUMENT);
  CHECK(with(0) == PITH_INVALID_ARGUMENT);
  CHECK(with(sizeof(pith_options) - 1) == PITH_INVALID_ARGUMENT);
  CHECK(with(0xFFFFFFFF) == PITH_INVALID_ARGUMENT);
  longer.known.flags = 2;
  CHECK(with(sizeof(pith_options)) == PITH_INVALID_ARGUMENT);
  longer.known.flags = 0;
  longer.known.allocate = [](std::size_t, void*) -> void* { return nullptr; };
  CHECK(with(sizeof(pith_options)) == PITH_INVALID_ARGUMENT);  // no function to release

  const Handle file = open(bytes);
  for (const std::uint32_t size : {0U, 8U, static_cast<std::uint32_t>(sizeof(pith_tensor)) - 8,
                                   static_cast<std::uint32_t>(sizeof(pith_tensor)) + 8}) {
    pith_tensor info{};
    info.struct_size = size;
    CHECK(pith_tensor_info(file.get(), 0, &info, nullptr) == PITH_INVALID_ARGUMENT);
  }
}

TEST_CASE("buffers that are too small are not written to") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  const Handle file = open(bytes);
  for (std::size_t i = 0; i < pith_tensor_count(file.get()); ++i) {
    const pith_tensor info = info_of(file.get(), i);
    for (const std::size_t size : {std::size_t{0}, static_cast<std::size_t>(info.bytes) - 1}) {
      std::string buffer(info.bytes, '\xA5');
      CHECK(pith_decode_tensor(file.get(), i, buffer.data(), size, nullptr) == PITH_BUFFER_TOO_SMALL);
      CHECK(buffer == std::string(info.bytes, '\xA5'));
    }
    for (std::size_t part = 0; part < 3; ++part) {
      if (info.part_bytes[part] == 0) continue;
      std::vector<std::int64_t> room(1U << 17);
      void* const parts[3] = {room.data(), room.data(), room.data()};
      std::size_t sizes[3] = {room.size(), room.size(), room.size()};
      sizes[part] = info.part_bytes[part] - 1;
      CHECK(pith_decode_parts(file.get(), i, parts, sizes, nullptr) == PITH_BUFFER_TOO_SMALL);
    }
  }
  CHECK(pith_decode_tensor(file.get(), pith_tensor_count(file.get()), nullptr, 0, nullptr) ==
        PITH_INVALID_ARGUMENT);
  CHECK(pith_decode_tensors(file.get(), 1, SIZE_MAX, nullptr, nullptr, 1, nullptr) == PITH_INVALID_ARGUMENT);
}

TEST_CASE("limits have a code of their own") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  pith_options limits = options();
  limits.max_file_bytes = bytes.size();
  CHECK(opened(bytes.data(), bytes.size(), &limits) == PITH_OK);
  limits.max_file_bytes -= 1;
  CHECK(opened(bytes.data(), bytes.size(), &limits) == PITH_LIMIT);
  pith_file* file = nullptr;
  CHECK(pith_open_file(golden_path("v1/forms").c_str(), &limits, &file, nullptr) == PITH_LIMIT);
  CHECK(file == nullptr);
  limits = options();
  limits.max_decoded_bytes = 1000;
  CHECK(opened(bytes.data(), bytes.size(), &limits) == PITH_LIMIT);
}

TEST_CASE("what is not a file, or not a .pith file, is refused") {
  pith_file* file = nullptr;
  CHECK(pith_open_file("/nonexistent/model.pith", nullptr, &file, nullptr) == PITH_UNREADABLE);
  CHECK(pith_open_file(PITH_SOURCE_DIR, nullptr, &file, nullptr) == PITH_UNREADABLE);
  CHECK(pith_open_file("/dev/zero", nullptr, &file, nullptr) == PITH_UNREADABLE);
  CHECK(pith_open_file(PITH_SOURCE_DIR "/README.md", nullptr, &file, nullptr) == PITH_DAMAGED);
  const std::string bytes = read_file(golden_path("v1/forms"));
  CHECK(opened(bytes.data(), 0) == PITH_DAMAGED);
  CHECK(opened(bytes.data(), bytes.size() - 1) == PITH_DAMAGED);
  std::string other = bytes;
  other[8] = 9;  // the major version
  CHECK(opened(other.data(), other.size()) == PITH_UNSUPPORTED);
}

TEST_CASE("damaged values are refused when they are decoded, in the words of the tensor") {
  std::string bytes = read_file(golden_path("v1/forms"));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const Handle file = open(bytes);
  const std::size_t last = pith_tensor_count(file.get()) - 1;
  const pith_tensor info = info_of(file.get(), last);
  std::string buffer(info.bytes, '\0');
  pith_message message{};
  CHECK(pith_decode_tensor(file.get(), last, buffer.data(), buffer.size(), &message) == PITH_DAMAGED);
  CHECK(std::string(message.text) == "tensor '" + std::string(info.name) + "': its payload is damaged");
  std::size_t size = 0;
  REQUIRE(pith_onnx_size(file.get(), nullptr, &size, nullptr) == PITH_OK);
  std::string model(size, '\0');
  CHECK(pith_to_onnx(file.get(), nullptr, model.data(), size, 2, nullptr) == PITH_DAMAGED);
}

TEST_CASE("every status has a name") {
  CHECK(std::string(pith_status_name(PITH_OK)) == "PITH_OK");
  CHECK(std::string(pith_status_name(PITH_NOT_ALLOWED)) == "PITH_NOT_ALLOWED");
  CHECK(std::string(pith_status_name(static_cast<pith_status>(15))) == "unknown");
  CHECK(pith_version() > 0);
}

}  // namespace
}  // namespace pith::tests
