// Speed of the Huffman coder on codes with the distribution of quantized weights.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "codec/huffman_encoder.h"
#include "loader/huffman_decoder.h"

namespace {

constexpr std::size_t kSymbolCount = std::size_t{4} << 20;

// Rounded normal values: entropy about log2(4.13 * deviation) bits for a deviation of 1 and more.
std::vector<std::uint8_t> weights(double deviation) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(0.0, deviation);
  std::vector<std::uint8_t> codes(kSymbolCount);
  for (auto& code : codes) {
    const double value = std::clamp(std::round(normal(random)), -128.0, 127.0);
    code = static_cast<std::uint8_t>(static_cast<std::int8_t>(value));
  }
  return codes;
}

void report(benchmark::State& state, std::size_t stored) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(kSymbolCount));
  state.counters["bits"] = 8.0 * static_cast<double>(stored) / static_cast<double>(kSymbolCount);
}

void decode(benchmark::State& state) {
  const auto symbols = weights(static_cast<double>(state.range(0)) / 10.0);
  const auto stored = pith::codec::encode_huffman(symbols);
  std::vector<std::uint8_t> decoded(symbols.size());
  for (auto _ : state) {
    if (!pith::loader::decode_huffman(stored, decoded).ok()) state.SkipWithError("does not decode");
    benchmark::DoNotOptimize(decoded.data());
    benchmark::ClobberMemory();
  }
  if (decoded != symbols) state.SkipWithError("decodes to something else");
  report(state, stored.size());
}

void encode(benchmark::State& state) {
  const auto symbols = weights(static_cast<double>(state.range(0)) / 10.0);
  std::size_t size = 0;
  for (auto _ : state) {
    const auto stored = pith::codec::encode_huffman(symbols);
    size = stored.size();
    benchmark::DoNotOptimize(stored.data());
  }
  report(state, size);
}

}  // namespace

// Deviation in tenths: 0.3 (nearly all zero) to 20 (6.4 bits).
BENCHMARK(decode)->Arg(3)->Arg(10)->Arg(30)->Arg(80)->Arg(200);
BENCHMARK(encode)->Arg(3)->Arg(30)->Arg(200);

BENCHMARK_MAIN();
