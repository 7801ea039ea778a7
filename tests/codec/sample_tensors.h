// A small container's worth of tensors: every form and every coder.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "codec/container_writer.h"
#include "codec/encode.h"
#include "loader/container_reader.h"

namespace pith::tests {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes_of(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// Encodes the streams of a tensor, which must be as layout_of(header) says.
inline codec::TensorToWrite encode_tensor(std::string name, loader::TensorHeader header,
                                          const std::vector<Bytes>& streams,
                                          codec::CoderChoice choice = codec::CoderChoice::huffman) {
  const auto layout = loader::layout_of(header).value();
  codec::TensorToWrite tensor{std::move(name), std::move(header), {}, 0};
  Bytes all;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    tensor.streams.push_back(codec::encode_smallest(streams[i], layout.streams[i], choice));
    all.insert(all.end(), streams[i].begin(), streams[i].end());
  }
  tensor.decoded_hash = loader::hash_bytes(all);
  return tensor;
}

inline Bytes sample_graph() {
  Bytes graph;
  for (unsigned i = 0; i < 60; ++i) graph.push_back(static_cast<std::uint8_t>(i * i % 11));
  return graph;
}

inline std::vector<std::string> sample_operators() {
  return {"com.microsoft::MatMulNBits", "Conv"};
}

inline std::vector<codec::TensorToWrite> sample_tensors() {
  using loader::Form;
  constexpr std::uint8_t kFloat = loader::kFloat32;
  std::vector<float> weights;
  for (int i = 0; i < 60; ++i) weights.push_back(static_cast<float>(i % 7) * 0.25F - 0.5F);
  Bytes codes;
  for (int i = 0; i < 96; ++i) codes.push_back(static_cast<std::uint8_t>(i % 5 == 0 ? i % 7 - 3 : 0));
  Bytes indices;
  for (unsigned i = 0; i < 48; ++i) indices.push_back(static_cast<std::uint8_t>(i * i % 5));

  std::vector<codec::TensorToWrite> tensors;
  tensors.push_back(encode_tensor("dense", {.dtype = kFloat, .dims = {6, 10}}, {bytes_of(weights)}));
  tensors.push_back(encode_tensor("scalar", {.dtype = 11, .dims = {}}, {Bytes{1, 2, 3, 4, 5, 6, 7, 8}}));
  tensors.push_back(encode_tensor("empty", {.dtype = kFloat, .dims = {3, 0}}, {Bytes{}}));
  tensors.push_back(encode_tensor("zeros", {.dtype = 7, .dims = {1024}}, {Bytes(8192, 0)}));
  tensors.push_back(encode_tensor(
      "affine",
      {.dtype = kFloat, .dims = {4, 24}, .form = Form::affine, .signed_codes = true, .bits = 3, .axis = 0},
      {codes, bytes_of({0.5F, 0.25F, 1.0F, 2.0F})}));
  Bytes unsigned_codes = codes;
  for (auto& code : unsigned_codes) code = static_cast<std::uint8_t>(code + 8);
  tensors.push_back(
      encode_tensor("blocks",
                    {.dtype = kFloat,
                     .dims = {4, 24},
                     .form = Form::affine,
                     .has_zero_points = true,
                     .bits = 4,
                     .axis = 1,
                     .block = 16},
                    {unsigned_codes, bytes_of({1, 2, 3, 4, 5, 6, 7, 8}), Bytes{8, 8, 8, 8, 8, 8, 8, 7}}));
  tensors.push_back(encode_tensor(
      "codebook",
      {.dtype = kFloat, .dims = {2, 24}, .form = Form::codebook, .bits = 3, .axis = 0, .entries = 5},
      {indices, bytes_of({-1, -0.5F, 0, 0.5F, 1, -2, -1, 0, 1, 2})}));
  Bytes pruned(400, 0);
  for (std::size_t i = 5; i < pruned.size(); i += 1 + i % 29)
    pruned[i] = static_cast<std::uint8_t>(1 + i % 3);
  tensors.push_back(encode_tensor(
      "pruned", {.dtype = kFloat, .dims = {400}, .form = Form::codebook, .bits = 2, .entries = 4},
      {pruned, bytes_of({0, -1, 0.5F, 1})}));
  const Bytes gaps = codec::encode_gaps(std::vector<std::int64_t>{3, 4, 500, 999});
  tensors.push_back(encode_tensor(
      "sparse",
      {.dtype = kFloat, .dims = {10, 100}, .form = Form::sparse, .nonzeros = 4, .gap_bytes = gaps.size()},
      {gaps, bytes_of({1.5F, -1.5F, 3.0F, 0.125F})}));
  std::vector<float> signs;  // few exponents, either sign
  for (unsigned i = 0; i < 64; ++i) {
    const auto value = static_cast<float>((i * 2654435761U >> 8 & 0xFFFFFFU) | 0x800000U);
    signs.push_back(i % 3 == 0 ? -value : value);
  }
  tensors.push_back(encode_tensor("turned", {.dtype = kFloat, .dims = {8, 8}}, {bytes_of(signs)},
                                  codec::CoderChoice::fast));
  std::vector<float> again;
  for (int i = 0; i < 10; ++i) again.insert(again.end(), signs.begin(), signs.begin() + 20);
  for (const char* name : {"repeats", "repeats too"}) {
    tensors.push_back(encode_tensor(name, {.dtype = kFloat, .dims = {10, 20}}, {bytes_of(again)},
                                    codec::CoderChoice::fast));
  }
  return tensors;
}

}  // namespace pith::tests
