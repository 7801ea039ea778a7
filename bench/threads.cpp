// How decoding gains from a second thread: synthetic models of more than four million weights, through the C
// interface. One process, one and two threads in turn, the quickest of several rounds by the clock on the
// wall; prints a Markdown table. usage: bench_threads [ROUNDS]
#include <pith.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "codec/container_writer.h"
#include "codec/fast_encoder.h"
#include "codec/huffman_encoder.h"
#include "codec/octets.h"
#include "codec/small_encoder.h"
#include "loader/container_reader.h"

namespace {

using pith::loader::Coder;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kColumns = 1024;
constexpr std::uint64_t kWeights = std::uint64_t{5} << 20;

// Codes of about a Laplace distribution that fills `bits` bits.
std::vector<std::int8_t> codes_of(std::size_t count, unsigned bits, std::uint32_t seed) {
  std::mt19937 random(seed);
  const int limit = (1 << (bits - 1)) - 1;
  const double scale = std::max(limit / 4.0, 0.4);
  std::vector<std::int8_t> codes(count);
  for (std::int8_t& code : codes) {
    const double uniform = (static_cast<double>(random()) + 0.5) / 4294967296.0 - 0.5;
    const double value = -scale * std::copysign(std::log(1 - 2 * std::abs(uniform)), uniform);
    code = static_cast<std::int8_t>(std::clamp(static_cast<int>(std::lround(value)), -limit - 1, limit));
  }
  return codes;
}

void put(std::string& out, unsigned number, const std::string& content) {
  const auto varint = [&](std::size_t value) {
    for (; value > 127; value >>= 7) out += static_cast<char>(value | 128U);
    out += static_cast<char>(value);
  };
  varint(number << 3 | 2U);
  varint(content.size());
  out += content;
}

std::string initializer(const std::string& name, std::uint64_t rows) {
  std::string tensor;
  for (std::uint64_t dim : {rows, kColumns}) {
    tensor += '\x08';
    for (; dim > 127; dim >>= 7) tensor += static_cast<char>(dim | 128U);
    tensor += static_cast<char>(dim);
  }
  tensor += "\x10\x01";  // float32
  put(tensor, 8, name);
  return tensor;
}

Bytes encoded(Coder coder, const std::vector<std::int8_t>& codes, const pith::loader::CodeShape& shape) {
  if (coder == Coder::huffman) return pith::codec::encode_huffman(Bytes(codes.begin(), codes.end()));
  if (coder == Coder::fast) return pith::codec::encode_fast(codes, shape);
  return pith::codec::encode_small(std::vector<std::int32_t>(codes.begin(), codes.end()), shape);
}

std::string model_of(Coder coder, unsigned bits, std::uint64_t tensors) {
  std::vector<pith::codec::TensorToWrite> list;
  std::string graph;
  for (std::uint64_t i = 0; i < tensors; ++i) {
    const std::uint64_t rows = kWeights / tensors / kColumns;
    const std::string name = "w" + std::to_string(i);
    const auto codes = codes_of(rows * kColumns, bits, static_cast<std::uint32_t>(i + 1));
    const float scale = 0.01F;
    Bytes decoded(codes.begin(), codes.end());
    Bytes scales(sizeof scale);
    std::memcpy(scales.data(), &scale, sizeof scale);
    decoded.insert(decoded.end(), scales.begin(), scales.end());
    pith::loader::TensorHeader header{.dtype = pith::loader::kFloat32, .dims = {rows, kColumns}};
    header.form = pith::loader::Form::affine;
    header.signed_codes = true;
    header.bits = static_cast<std::uint8_t>(bits);
    header.axis = pith::loader::kNoAxis;
    const pith::loader::CodeShape shape{.dims = {rows, kColumns}, .rank = 2};
    list.push_back({name,
                    header,
                    {pith::codec::EncodedStream{coder, encoded(coder, codes, shape)},
                     pith::codec::EncodedStream{Coder::raw, scales}},
                    pith::loader::hash_bytes(decoded)});
    put(graph, 5, initializer(name, rows));
  }
  std::string model;
  put(model, 7, graph);
  auto file = pith::codec::write_container(pith::codec::octets(model), {}, list);
  if (!file) throw std::runtime_error(std::string(file.error().message()));
  return file->joined();
}

double seconds(const pith_file* file, std::vector<std::vector<float>>& places, unsigned threads) {
  std::vector<void*> buffers;
  std::vector<std::size_t> sizes;
  for (auto& place : places) {
    buffers.push_back(place.data());
    sizes.push_back(place.size() * sizeof(float));
  }
  pith_message message;
  const auto start = std::chrono::steady_clock::now();
  if (pith_decode_tensors(file, 0, places.size(), buffers.data(), sizes.data(), threads, &message) != PITH_OK)
    throw std::runtime_error(message.text);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(const char* name, Coder coder, unsigned bits, std::uint64_t tensors, int rounds) {
  const std::string bytes = model_of(coder, bits, tensors);
  pith_file* file = nullptr;
  pith_message message;
  if (pith_open_memory(bytes.data(), bytes.size(), nullptr, &file, &message) != PITH_OK)
    throw std::runtime_error(message.text);
  std::vector<std::vector<float>> places(tensors,
                                         std::vector<float>(kWeights / tensors / kColumns * kColumns));
  double one = 1e9;
  double two = 1e9;
  for (int round = 0; round < rounds; ++round) {
    one = std::min(one, seconds(file, places, 1));
    two = std::min(two, seconds(file, places, 2));
  }
  pith_close(file);
  std::printf("| %s | %u | %llu | %.1f | %.1f | %.2f |\n", name, bits,
              static_cast<unsigned long long>(tensors), one * 1e3, two * 1e3, one / two);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 60;
  std::printf(
      "| coder | bits a code | tensors | ms, one thread | ms, two | ratio |\n|---|--:|--:|--:|--:|--:|\n");
  for (const unsigned bits : {2U, 4U, 6U, 8U}) {
    for (const std::uint64_t tensors : {1U, 20U}) {
      measure("huffman", Coder::huffman, bits, tensors, rounds);
      measure("fast", Coder::fast, bits, tensors, rounds);
      measure("small", Coder::small, bits, tensors, std::min(rounds, 3));
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_threads: %s\n", error.what());
  return 1;
}
