// Files for the tests of the C interface, and a handle that closes itself.
#pragma once

#include <pith.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace pith::tests {

// Of every form, every type and every coder, of drafts and of version 1.
inline const std::vector<std::string>& golden_names() {
  static const std::vector<std::string> kNames{"v1/forms",         "v1/forms-raw",  "v1/types",
                                               "v1/coders",        "v1/codes-fast", "v1/codes-small",
                                               "v1/codes-trellis", "v0/forms",      "v0/codes-fast"};
  return kNames;
}

inline std::string golden_path(const std::string& name) {
  return std::string(PITH_SOURCE_DIR) + "/tests/golden/container-" + name + ".pith";
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE_FALSE(bytes.empty());
  return bytes;
}

struct Closer {
  void operator()(pith_file* file) const { pith_close(file); }
};
using Handle = std::unique_ptr<pith_file, Closer>;

// The file must outlive the handle.
inline Handle open(const std::string& bytes, const pith_options* options = nullptr) {
  pith_file* file = nullptr;
  pith_message message{};
  const pith_status status = pith_open_memory(bytes.data(), bytes.size(), options, &file, &message);
  INFO(message.text);
  REQUIRE(status == PITH_OK);
  return Handle(file);
}

inline pith_tensor info_of(const pith_file* file, std::size_t index) {
  pith_tensor info{};
  info.struct_size = sizeof info;
  REQUIRE(pith_tensor_info(file, index, &info, nullptr) == PITH_OK);
  return info;
}

inline pith_options options() {
  pith_options result{};
  result.struct_size = sizeof result;
  return result;
}

}  // namespace pith::tests
