// The integer weights of real networks in PITH_ASSETS/data/indices, which NNCodec 0.3.1 has coded too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "loader/code_shape.h"

namespace pith::bench {

struct IndexTensor {
  loader::CodeShape shape;
  std::vector<std::int32_t> values;
  bool is_int8 = false;
};

struct IndexFile {
  std::string name;               // MODEL-LEVEL
  std::size_t nncodec_bytes = 0;  // its payload; of the two that pruned models have, the smaller one
  std::vector<IndexTensor> tensors;
};

// All files that `folder`/indices.json lists, in its order. Throws std::runtime_error with a sentence where
// the folder is not what it should be.
[[nodiscard]] std::vector<IndexFile> read_index_files(const std::filesystem::path& folder);

// The int8 tensors of all files of a level ("b5.0") that have two distinct values, which Huffman codes need.
[[nodiscard]] std::vector<IndexTensor> int8_tensors(const std::vector<IndexFile>& files,
                                                    const std::string& level);

// The values of all of them, again and again up to 4 Mi, as rows of 512.
[[nodiscard]] IndexTensor joined(const std::vector<IndexTensor>& tensors);

// Bytes that no code can go below which looks at one value of a tensor at a time: the order-0 entropy of each
// tensor, without any table.
[[nodiscard]] double order_0_bytes(const std::vector<IndexTensor>& tensors);

}  // namespace pith::bench
