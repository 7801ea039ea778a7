// Estimates for the choice of contexts in the `fast` encoder.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "loader/fast_model.h"

namespace pith::codec {

// What row or column levels cost in the header, about.
[[nodiscard]] double levels_bits(std::span<const std::uint8_t> levels);

// A model and what it is thought to cost.
struct Candidate {
  loader::FastModel model;
  double bits = 0;
  double levels_bits = 0;  // of these, what does not depend on the tokens
};

// How many tokens an estimate looks at: all but of large tensors, or few.
enum class Look : std::uint8_t { close, quick };

// Estimates the bits of models from the tokens, or from a sample where there are many.
class Planner {
 public:
  Planner(std::span<const std::uint8_t> tokens, const loader::CodeShape& shape,
          const loader::TokenAlphabet& alphabet);

  // Whether coding it takes so long that planning may.
  [[nodiscard]] bool is_large() const { return tokens_.size() > 16384; }

  // One table for all, and its bits.
  [[nodiscard]] const loader::FastModel& single() const { return single_; }
  [[nodiscard]] double single_bits() const { return base_bits_; }

  // Bits of the sample under the contexts of `model`, times how much larger the tensor is.
  [[nodiscard]] double bits(const loader::FastModel& model, const loader::ClassMap& map,
                            Look look = Look::close) const;

  // A neighbour whose levels are about equally frequent.
  [[nodiscard]] loader::Neighbour neighbour(std::size_t offset, std::size_t levels) const;

  // Models with classes along these axes: the best number of classes, then few of them.
  [[nodiscard]] std::vector<Candidate> class_models(std::size_t row_axis, std::size_t column_axis, bool rows,
                                                    bool columns);

  // Distances worth looking back: short ones, some that images and kernels have, and those of the axes.
  [[nodiscard]] std::vector<std::size_t> offsets() const;

 private:
  struct Block {
    std::size_t begin;
    std::size_t size;
  };
  struct Sample {
    std::vector<Block> blocks;
    double scale = 1;  // how much larger the tensor is
  };
  // All of `size` tokens, or four blocks of so many.
  static Sample sample_of(std::size_t size, std::size_t block);

  // Sums of the tokens' distances from the neutral one, of each row and each column.
  struct Sums {
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> columns;
    std::size_t row_axis = SIZE_MAX;
    std::size_t column_axis = SIZE_MAX;
  };
  const Sums& distance_sums(std::size_t row_axis, std::size_t column_axis);

  Sums sums_;
  std::span<const std::uint8_t> tokens_;
  const loader::CodeShape& shape_;
  loader::FastModel single_;
  Sample close_;
  Sample quick_;
  double base_bits_ = 0;
  std::array<double, loader::kFastMaxTokens> shares_{};  // of the tokens up to each
};

}  // namespace pith::codec
