// The coders of integers on index tensors of real networks: weights per second, bytes, and the order-0 bound.
//
//   bench_codec [--benchmark_filter=...] [--benchmark_format=json]      reads PITH_ASSETS/data/indices
//
//   files/CODER/FILE        all tensors of a file encoded; `nncodec` = what NNCodec 0.3.1 takes for them
//   encode/SET/CODER, decode/SET/CODER     the int8 tensors of a level, each by itself ("b5.0-each") or their
//                           values as one tensor ("b5.0-joined")
//
// bench/codec.py makes the tables of docs/benchmarks.md of it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#ifdef PITH_HTSCODECS
#include <htscodecs/rANS_static4x16.h>
#endif

#include "bench/index_tensors.h"
#include "codec/fast_encoder.h"
#include "codec/huffman_encoder.h"
#include "codec/small_encoder.h"
#include "loader/fast_decoder.h"
#include "loader/huffman_decoder.h"
#include "loader/small_decoder.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
using pith::bench::IndexFile;
using pith::bench::IndexTensor;
using pith::loader::FastPath;

struct Coder {
  std::string name;
  std::function<Bytes(const IndexTensor&)> encode;
  std::function<bool(const IndexTensor&, const Bytes&, std::span<std::int8_t>)> decode;  // of int8 tensors
};

struct Set {
  std::string name;
  std::vector<IndexTensor> tensors;
  std::size_t weights = 0;
  std::size_t largest = 0;
  double bound = 0;  // bytes
};

Bytes bytes_of(const IndexTensor& tensor) {
  Bytes bytes(tensor.values.size());
  std::ranges::transform(tensor.values, bytes.begin(),
                         [](auto value) { return static_cast<std::uint8_t>(value); });
  return bytes;
}

Bytes encode_fast(const IndexTensor& tensor) {
  if (!tensor.is_int8) return pith::codec::encode_fast<std::int32_t>(tensor.values, tensor.shape);
  const std::vector<std::int8_t> values(tensor.values.begin(), tensor.values.end());
  return pith::codec::encode_fast<std::int8_t>(values, tensor.shape);
}

Bytes encode_small(const IndexTensor& tensor) {
  return pith::codec::encode_small(tensor.values, tensor.shape);
}

std::vector<Coder> coders() {
  const auto fast = [](FastPath path) {
    return [path](const IndexTensor& tensor, const Bytes& stream, std::span<std::int8_t> out) {
      return pith::loader::decode_fast(stream, tensor.shape, out, path).ok();
    };
  };
  return {
#ifdef PITH_HTSCODECS
      {"htscodecs",
       [](const IndexTensor& tensor) {
         Bytes symbols = bytes_of(tensor);
         unsigned size = 0;
         unsigned char* packed = rans_compress_to_4x16(symbols.data(), static_cast<unsigned>(symbols.size()),
                                                       nullptr, &size, 4);  // RANS_ORDER_X32
         Bytes stream(packed, packed + size);
         std::free(packed);
         return stream;
       },
       [](const IndexTensor&, const Bytes& stream, std::span<std::int8_t> out) {
         Bytes copy = stream;
         auto size = static_cast<unsigned>(out.size());
         return rans_uncompress_to_4x16(copy.data(), static_cast<unsigned>(copy.size()),
                                        reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr;
       }},
#endif
      {"huffman", [](const IndexTensor& tensor) { return pith::codec::encode_huffman(bytes_of(tensor)); },
       [](const IndexTensor&, const Bytes& stream, std::span<std::int8_t> out) {
         const std::span symbols(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
         return pith::loader::decode_huffman(stream, symbols).ok();
       }},
      {"fast-scalar", encode_fast, fast(FastPath::scalar)},
      {"fast", encode_fast, fast(FastPath::best)},
      {"small", encode_small, [](const IndexTensor& tensor, const Bytes& stream, std::span<std::int8_t> out) {
         return pith::loader::decode_small(stream, tensor.shape, out).ok();
       }}};
}

void count(benchmark::State& state, double weights, std::size_t bytes, double bound) {
  state.counters["weights/s"] =
      benchmark::Counter(weights, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  state.counters["weights"] = weights;
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["bound"] = bound;
}

// Whether a stream decodes to the values, in the type that a container stores them in.
bool is_whole(const IndexTensor& tensor, const Bytes& stream, bool small) {
  const auto as = [&]<class T>(T) {
    std::vector<T> out(tensor.values.size());
    const auto status = small ? pith::loader::decode_small(stream, tensor.shape, std::span(out))
                              : pith::loader::decode_fast(stream, tensor.shape, std::span(out));
    return status.ok() && std::ranges::equal(out, tensor.values);
  };
  return tensor.is_int8 ? as(std::int8_t{}) : as(std::int32_t{});
}

void encode_file(benchmark::State& state, const IndexFile& file, bool small) {
  std::vector<Bytes> streams(file.tensors.size());
  for (auto _ : state) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      streams[i] = small ? encode_small(file.tensors[i]) : encode_fast(file.tensors[i]);
    }
  }
  double weights = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    weights += static_cast<double>(file.tensors[i].values.size());
    bytes += streams[i].size();
    if (!is_whole(file.tensors[i], streams[i], small)) state.SkipWithError("decodes to something else");
  }
  count(state, weights, bytes, pith::bench::order_0_bytes(file.tensors));
  state.counters["nncodec"] = static_cast<double>(file.nncodec_bytes);
}

void encode_set(benchmark::State& state, const Set& set, const Coder& coder) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const IndexTensor& tensor : set.tensors) bytes += coder.encode(tensor).size();
  }
  count(state, static_cast<double>(set.weights), bytes, set.bound);
}

void decode_set(benchmark::State& state, const Set& set, const Coder& coder) {
  std::vector<Bytes> streams;
  std::size_t bytes = 0;
  for (const IndexTensor& tensor : set.tensors) {
    streams.push_back(coder.encode(tensor));
    bytes += streams.back().size();
  }
  std::vector<std::int8_t> out(set.largest);
  bool ok = true;
  for (auto _ : state) {
    for (std::size_t i = 0; i < streams.size(); ++i) {
      ok &= coder.decode(set.tensors[i], streams[i], std::span(out).first(set.tensors[i].values.size()));
    }
    benchmark::ClobberMemory();
  }
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const auto part = std::span(out).first(set.tensors[i].values.size());
    ok &= coder.decode(set.tensors[i], streams[i], part) && std::ranges::equal(part, set.tensors[i].values);
  }
  if (!ok) state.SkipWithError("decodes to something else");
  count(state, static_cast<double>(set.weights), bytes, set.bound);
}

Set make_set(std::string name, std::vector<IndexTensor> tensors) {
  Set set{std::move(name), std::move(tensors), 0, 0, 0};
  for (const IndexTensor& tensor : set.tensors) {
    set.weights += tensor.values.size();
    set.largest = std::max(set.largest, tensor.values.size());
  }
  set.bound = pith::bench::order_0_bytes(set.tensors);
  return set;
}

void add_benchmarks(const std::vector<IndexFile>& files) {
  for (const IndexFile& file : files) {
    for (const bool small : {false, true}) {
      const std::string name = std::string("files/") + (small ? "small/" : "fast/") + file.name;
      benchmark::RegisterBenchmark(name.c_str(), encode_file, file, small)->Iterations(1);
    }
  }
  // Runs of a few tenths of a second each, in turn where --benchmark_enable_random_interleaving asks for it.
  constexpr int repetitions = 7;
  for (const std::string level : {"b5.0", "b3.5", "b2.0"}) {
    std::vector<IndexTensor> tensors = pith::bench::int8_tensors(files, level);
    if (tensors.empty()) continue;
    const auto one = std::make_shared<Set>(make_set(level + "-joined", {pith::bench::joined(tensors)}));
    const auto each = std::make_shared<Set>(make_set(level + "-each", std::move(tensors)));
    for (const auto& set : {each, one}) {
      for (const Coder& coder : coders()) {
        const std::string place = set->name + "/" + coder.name;
        benchmark::RegisterBenchmark(
            ("decode/" + place).c_str(),
            [set, coder](benchmark::State& state) { decode_set(state, *set, coder); })
            ->MinTime(0.05)
            ->Repetitions(repetitions)

            ->Unit(benchmark::kMillisecond);
        if (coder.name == "fast-scalar") continue;  // the encoder is the same
        benchmark::RegisterBenchmark(
            ("encode/" + place).c_str(),
            [set, coder](benchmark::State& state) { encode_set(state, *set, coder); })
            ->MinTime(0.05)
            ->Repetitions(2)

            ->Unit(benchmark::kMillisecond);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    const char* assets = std::getenv("PITH_ASSETS");
    if (assets == nullptr) throw std::runtime_error("set PITH_ASSETS to the folder that has data/indices");
    const auto files = pith::bench::read_index_files(std::filesystem::path(assets) / "data" / "indices");
    add_benchmarks(files);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_codec: %s\n", error.what());
    return 1;
  }
  return 0;
}
