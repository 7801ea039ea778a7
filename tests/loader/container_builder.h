// Builds containers by hand, field by field, so that the loader is tested without the writer and so that
// any field can be made wrong while every checksum is right.
#pragma once

#include <zstd.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "loader/container_reader.h"

namespace pith::tests {

using Bytes = std::vector<std::uint8_t>;

inline void put_fixed(Bytes& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void put_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void put_text(Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

inline void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

// What stands in the 64 bytes before the directory; sizes and checksums are filled in by file().
struct HeaderFields {
  std::uint64_t major = 0;
  std::uint64_t minor = 1;
  std::uint64_t features = 0;
  std::uint64_t extra_file_size = 0;
  std::uint64_t directory_offset = 64;
  std::uint64_t reserved = 0;  // in version 1 the size of the directory before compression
};

struct StreamFields {
  int coder = 0;
  Bytes bytes;
  std::optional<std::uint64_t> number = {};  // in place of the size
};

// A tensor record up to its streams, as the bytes of the file.
struct RecordFields {
  std::string_view name = "w";
  Bytes shape_and_form{};  // dtype, rank, dims, form, parameters
  std::vector<StreamFields> streams{};
  Bytes decoded{};  // what decoded_hash covers
  Bytes padding{};
};

struct ContainerBuilder {
  Bytes graph{'g', 'r', 'a', 'p', 'h'};
  Bytes frame;  // the graph compressed, unless a test sets another one
  Bytes graph_padding;
  std::vector<std::string_view> operators{"Conv", "Gemm"};
  std::vector<RecordFields> tensors;

  ContainerBuilder() { compress_graph(); }

  void compress_graph() {
    frame.resize(ZSTD_compressBound(graph.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), graph.data(), graph.size(), 3));
  }

  [[nodiscard]] Bytes sections() const {
    Bytes out = graph_section();
    for (const RecordFields& tensor : tensors) append(out, payload(tensor));
    return out;
  }

  [[nodiscard]] Bytes directory() const {
    Bytes out;
    put_varint(out, frame.size());
    put_varint(out, graph.size());
    put_fixed(out, loader::hash_bytes(graph_section()), 8);
    put_fixed(out, loader::hash_bytes(graph), 8);
    put_varint(out, operators.size());
    for (const std::string_view name : operators) put_text(out, name);
    put_varint(out, tensors.size());
    for (const RecordFields& tensor : tensors) {
      put_text(out, tensor.name);
      append(out, tensor.shape_and_form);
      for (const StreamFields& stream : tensor.streams) {
        out.push_back(static_cast<std::uint8_t>(stream.coder));
        put_varint(out, stream.number.value_or(stream.bytes.size()));
      }
      put_fixed(out, loader::hash_bytes(payload(tensor)), 8);
      put_fixed(out, loader::hash_bytes(tensor.decoded), 8);
    }
    return out;
  }

  // A file of this directory and these sections with a header that fits them.
  [[nodiscard]] static Bytes file(const Bytes& directory, const Bytes& sections,
                                  const HeaderFields& fields = {}) {
    Bytes out(loader::kMagic.begin(), loader::kMagic.end());
    put_fixed(out, fields.major, 2);
    put_fixed(out, fields.minor, 2);
    put_fixed(out, fields.features, 4);
    put_fixed(out, 64 + directory.size() + sections.size() + fields.extra_file_size, 8);
    put_fixed(out, fields.directory_offset, 8);
    put_fixed(out, directory.size(), 8);
    put_fixed(out, loader::hash_bytes(directory), 8);
    put_fixed(out, fields.reserved, 8);
    put_fixed(out, loader::hash_bytes(out), 8);
    append(out, directory);
    append(out, sections);
    return out;
  }

  // Version 1: the directory is compressed, and ends with chunks.
  [[nodiscard]] static Bytes file_of_version_1(const Bytes& directory, const Bytes& sections,
                                               HeaderFields fields = {.major = 1, .minor = 0}) {
    Bytes frame(ZSTD_compressBound(directory.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), directory.data(), directory.size(), 3));
    fields.reserved += directory.size();
    return file(frame, sections, fields);
  }

  [[nodiscard]] Bytes file(const HeaderFields& fields = {}) const {
    return file(directory(), sections(), fields);
  }

 private:
  [[nodiscard]] Bytes graph_section() const {
    Bytes out = frame;
    append(out, graph_padding);
    return out;
  }

  static Bytes payload(const RecordFields& tensor) {
    Bytes out;
    for (const StreamFields& stream : tensor.streams) append(out, stream.bytes);
    append(out, tensor.padding);
    return out;
  }
};

}  // namespace pith::tests
