// Small models and data of the command's tests.
#pragma once

#include <random>
#include <string>

#include "tests/support/pass_test.h"

namespace pith::test {

// Four numbers in, three classes out: the class of the largest of the first three.
inline std::string tiny_model() {
  return model_bytes(
      "net (float[N,4] input) => (float[N,3] logits) <float[4,3] w = {1,0,0, 0,1,0, 0,0,1, 0,0,0}> "
      "{ logits = MatMul(input, w) }");
}

// A weight of 64 x 32 with few different values, which every coder makes smaller.
inline std::string small_model() {
  std::string values;
  for (int i = 0; i < 64 * 32; ++i) values += (i == 0 ? "" : ",") + std::to_string((i * i) % 5);
  return model_bytes("net (float[N,64] input) => (float[N,32] logits) <float[64,32] w = {" + values +
                     "}> { logits = MatMul(input, w) }");
}

// A constant that no coder makes smaller.
inline std::string flat_model() {
  std::mt19937 random(3);
  std::string values;
  for (int i = 0; i < 1024; ++i) values += (i == 0 ? "" : ",") + std::to_string(random() % 256);
  return model_bytes("net (uint8[1024] a) => (uint8[1024] c) <uint8[1024] flat = {" + values +
                     "}> { c = Max(a, flat) }");
}

inline std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace pith::test
