// Our reader's part of the comparison of two readers (two_parsers.py), many files in one process.
//
//   reader_driver --seeds FOLDER   writes small containers of every form and coder to FOLDER
//   reader_driver LIMIT            reads files from stdin, each behind its size (4 bytes, lowest first), and
//                                  prints a line for each, with LIMIT decoded bytes at most
//
// A line is "VERDICT RELAXED HASH MESSAGE": what is said to the file, "ok" or "refused"; what would be said
// if the hashes of decoded streams were right; and XXH64 of all plain values, if they are decoded at all.
#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "loader/container_reader.h"
#include "loader/decode.h"
#include "loader/plain_values.h"
#include "tests/conformance/reader_seeds.h"

namespace pith {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Verdict {
  loader::Status strict;
  loader::Status relaxed;
  Bytes values;
};

// The tensor with the hash that its streams have; as it is where they do not decode.
loader::TensorInfo with_right_hash(loader::TensorInfo tensor) {
  Bytes all;
  for (std::size_t i = 0; i < tensor.layout.stream_count; ++i) {
    const loader::StreamLayout& layout = tensor.layout.streams[i];
    Bytes part(static_cast<std::size_t>(layout.size), 0xA5);
    if (!loader::decode_stream(tensor.streams[i].coder, tensor.streams[i].bytes, layout, part).ok())
      return tensor;
    all.insert(all.end(), part.begin(), part.end());
  }
  tensor.decoded_hash = loader::hash_bytes(all);
  return tensor;
}

Verdict read(const Bytes& file, std::uint64_t limit) {
  Verdict verdict;
  const auto refuse = [&](const loader::Status& status) {
    if (verdict.strict.ok()) verdict.strict = status;
    if (verdict.relaxed.ok()) verdict.relaxed = status;
  };
  const auto container = loader::Container::open(file, {.max_decoded_bytes = limit});
  if (!container) {
    refuse(container.error());
    return verdict;
  }
  if (const auto graph = container->graph(); !graph) refuse(graph.error());
  for (const loader::TensorInfo& tensor : container->tensors()) {
    Bytes values(static_cast<std::size_t>(tensor.layout.dense_size), 0xA5);
    loader::Status status = loader::decode_plain(tensor, values);
    if (!status.ok()) {
      if (verdict.strict.ok()) verdict.strict = status;
      status = loader::decode_plain(with_right_hash(tensor), values);
      if (!status.ok() && verdict.relaxed.ok()) verdict.relaxed = status;
    }
    verdict.values.insert(verdict.values.end(), values.begin(), values.end());
  }
  return verdict;
}

void say(const Verdict& verdict) {
  const auto word = [](const loader::Status& status) { return status.ok() ? "ok" : "refused"; };
  std::string message(verdict.strict.message());
  for (char& c : message) {
    if (c == '\n') c = ' ';
  }
  const std::uint64_t hash = verdict.relaxed.ok() ? loader::hash_bytes(verdict.values) : 0;
  fmt::print("{} {} {:016x} {}\n", word(verdict.strict), word(verdict.relaxed), hash, message);
  std::fflush(stdout);  // so that the file that ends the process is the one after the last line
}

bool next_file(Bytes& file) {
  std::array<std::uint8_t, 4> size{};
  if (!std::cin.read(reinterpret_cast<char*>(size.data()), size.size())) return false;
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < size.size(); ++i) count |= std::uint32_t{size[i]} << 8 * i;
  file = Bytes(count);  // of exactly this size, so that a read past the end is seen
  return static_cast<bool>(std::cin.read(reinterpret_cast<char*>(file.data()), count));
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 2 && arguments[0] == "--seeds") return write_seeds(arguments[1]) ? 0 : 1;
  std::uint64_t limit = 0;
  const std::string text = arguments.size() == 1 ? arguments[0] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    fmt::print(stderr, "usage: reader_driver --seeds FOLDER | LIMIT\n");
    return 2;
  }
  for (Bytes file; next_file(file);) say(read(file, limit));
  return 0;
}

}  // namespace
}  // namespace pith

int main(int count, char** arguments) {
  try {
    return pith::run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "reader_driver: {}\n", error.what());
    return 70;
  }
}
