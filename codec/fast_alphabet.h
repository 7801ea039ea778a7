// Turns integers into the tokens of the `fast` coder.
#pragma once

#include <cstdint>
#include <span>

#include "loader/fast_model.h"

namespace pith::codec {

// The alphabet that makes order-0 coding of the values cheapest; of nearly equal ones the smallest. Needs
// at least two distinct values. T is int8, uint8 or int32.
template <class T>
[[nodiscard]] loader::TokenAlphabet choose_alphabet(std::span<const T> values);

// The token of each value; `tokens` has room for all of them.
template <class T>
void tokens_of(const loader::TokenAlphabet& alphabet, std::span<const T> values,
               std::span<std::uint8_t> tokens);

}  // namespace pith::codec
