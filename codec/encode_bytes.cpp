#include "codec/encode_bytes.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "codec/byte_writer.h"
#include "codec/fast_cost.h"
#include "codec/fast_encoder.h"
#include "codec/small_encoder.h"

namespace pith::codec {
namespace {

using Bytes = std::span<const std::uint8_t>;
using loader::Coder;
using loader::StreamLayout;

bool is_constant(Bytes stream) {
  return std::ranges::all_of(stream, [&](std::uint8_t byte) { return byte == stream.front(); });
}

// The smallest of the coders that are not made of others.
EncodedStream encode_simple(Bytes stream, const StreamLayout& layout) {
  const std::size_t raw_size = (stream.size() * layout.packed_bits + 7) / 8;
  if (raw_size < 2) return encode_raw(stream, layout);
  if (is_constant(stream)) return {Coder::constant, {stream.front()}};
  EncodedStream coded{Coder::huffman, encode_huffman(stream)};
  return coded.bytes.size() < raw_size ? coded : encode_raw(stream, layout);
}

EncodedStream encode_runs(Bytes stream, std::uint8_t common) {
  std::vector<std::uint8_t> runs;
  std::vector<std::uint8_t> values;
  std::uint8_t run = 0;
  for (const std::uint8_t byte : stream) {
    if (byte != common) {
      runs.push_back(run);
      values.push_back(byte);
      run = 0;
    } else if (++run == loader::kLongestRun) {
      runs.push_back(run);
      run = 0;
    }
  }
  const EncodedStream coded_runs = encode_simple(runs, {.size = runs.size()});
  const EncodedStream coded_values = encode_simple(values, {.size = values.size()});
  EncodedStream encoded{Coder::runs, {}};
  ByteWriter writer(encoded.bytes);
  writer.u8(common);
  writer.varint(runs.size());
  writer.varint(values.size());
  writer.u8(static_cast<std::uint8_t>(coded_runs.coder));
  writer.varint(coded_runs.bytes.size());
  writer.u8(static_cast<std::uint8_t>(coded_values.coder));
  writer.bytes(coded_runs.bytes);
  writer.bytes(coded_values.bytes);
  return encoded;
}

// The smaller of fast and, when chosen, small.
EncodedStream encode_integers(Bytes stream, const StreamLayout& layout, CoderChoice choice) {
  const loader::CodeShape shape = layout.dimensions();
  const auto encode = [&](auto values) {
    EncodedStream best{Coder::fast, encode_fast(values, shape)};
    if (choice == CoderChoice::small) {
      const std::vector<std::int32_t> wide(values.begin(), values.end());
      keep_smaller(best, {Coder::small, encode_small(wide, shape)});
      if constexpr (std::is_same_v<typename decltype(values)::value_type, std::int8_t>) {
        if (const auto trellis = find_trellis(values, shape)) {
          keep_smaller(best,
                       {Coder::small, encode_small(wide, shape, choose_parameters(wide, shape, trellis))});
        }
      }
    }
    return best;
  };
  if (!layout.packed_signed) return encode(stream);
  return encode(std::span(reinterpret_cast<const std::int8_t*>(stream.data()), stream.size()));
}

// Whether fast makes a stream so much smaller than Huffman codes that it is worth decoding two to six times
// as long. Wide codes have hardly more bits than their entropy in either, but more values than fast has
// tokens.
bool is_worth_its_time(const EncodedStream& fast, const EncodedStream& huffman) {
  return static_cast<double>(fast.bytes.size()) < 0.99 * static_cast<double>(huffman.bytes.size());
}

// Whether fast makes a large stream so much smaller than Huffman codes do that it is worth its time.
bool is_worth_fast(Bytes stream, const StreamLayout& layout) {
  constexpr std::size_t kSample = std::size_t{1} << 18;
  constexpr std::size_t kLarge = std::size_t{1} << 22;
  if (stream.size() < kLarge) return true;
  // The first slices of the outermost axis, or a line from the middle when they are too large.
  loader::CodeShape shape = layout.dimensions();
  const std::uint64_t slice = shape.product(1, shape.rank);
  Bytes sample = stream.subspan(stream.size() / 2, kSample);
  if (slice <= kSample) {
    shape.dims[0] = kSample / slice;
    sample = stream.first(static_cast<std::size_t>(shape.dims[0] * slice));
  } else {
    shape = {.dims = {kSample}, .rank = 1};
  }
  const auto as_huffman =
      static_cast<double>(encode_with_huffman(sample, {.size = sample.size()}).bytes.size());
  return static_cast<double>(encode_fast(sample, shape).size()) < 0.97 * as_huffman;
}

// The share of elements that are not met for the first time, in the stream or in parts of a long one.
double share_repeated(Bytes stream, std::size_t width) {
  constexpr std::size_t kBlock = 16384;
  constexpr std::size_t kBlocks = 4;
  const std::size_t count = stream.size() / width;
  std::vector<std::uint64_t> elements;
  const auto take = [&](std::size_t from, std::size_t size) {
    for (std::size_t i = from; i < from + size; ++i) {
      std::uint64_t element = 0;
      std::memcpy(&element, stream.data() + i * width, width);
      elements.push_back(element);
    }
  };
  if (count <= kBlock * kBlocks) {
    take(0, count);
  } else {
    for (std::size_t i = 0; i < kBlocks; ++i) take(i * ((count - kBlock) / (kBlocks - 1)), kBlock);
  }
  const auto all = static_cast<double>(elements.size());
  std::ranges::sort(elements);
  return 1 - static_cast<double>(std::ranges::unique(elements).begin() - elements.begin()) / all;
}

std::vector<std::uint8_t> compress(Bytes stream, int level) {
  std::vector<std::uint8_t> frame(ZSTD_compressBound(stream.size()));
  const std::size_t size = ZSTD_compress(frame.data(), frame.size(), stream.data(), stream.size(), level);
  if (ZSTD_isError(size) != 0U) throw std::bad_alloc();  // nothing else can fail
  frame.resize(size);
  return frame;
}

// Whether zstd finds more in the stream than that some values are frequent. There are so few elements of two
// bytes that all of them repeat.
bool repeats(Bytes stream, const StreamLayout& layout) {
  constexpr std::size_t kSample = 65536;
  const std::size_t width = layout.element_size;
  if (width > 2) return share_repeated(stream, width) > 0.3;
  const std::size_t size = std::min(stream.size(), kSample);
  const Bytes sample = stream.subspan((stream.size() - size) / 2 / width * width, size);
  double bits = 0;
  std::vector<std::uint8_t> plane;
  for (std::size_t p = 0; p < width; ++p) {
    plane.clear();
    for (std::size_t i = p; i < sample.size(); i += width) plane.push_back(sample[i]);
    bits += entropy_of(count_symbols(plane)) * static_cast<double>(plane.size());
  }
  return static_cast<double>(compress(sample, 3).size()) * 8 < 0.9 * bits;
}

}  // namespace

double entropy_of(const SymbolCounts& counts) {
  double total = 0;
  double bits = 0;
  for (const std::uint64_t count : counts) {
    if (count == 0) continue;
    total += static_cast<double>(count);
    bits -= static_cast<double>(count) * quick_log2(static_cast<double>(count));
  }
  return total > 0 ? quick_log2(total) + bits / total : 0;
}

EncodedStream encode_with_huffman(Bytes stream, const StreamLayout& layout) {
  EncodedStream best = encode_simple(stream, layout);
  // Huffman codes take a bit a symbol at least, so that runs may pay when one value is frequent.
  const SymbolCounts counts = count_symbols(stream);
  const auto most = std::ranges::max_element(counts);
  if (*most > stream.size() / 4 && best.coder != Coder::constant) {
    keep_smaller(best, encode_runs(stream, static_cast<std::uint8_t>(most - counts.begin())));
  }
  return best;
}

EncodedStream encode_plane(Bytes plane, const StreamLayout& layout, CoderChoice choice) {
  if (choice == CoderChoice::huffman) return encode_with_huffman(plane, layout);
  constexpr std::size_t kShort = 4096;      // where tables count
  constexpr double kNoise = 8 * 63.0 / 64;  // bits a byte that are as good as 8
  constexpr double kHuffmanAlone = 6.5;     // beyond, contexts and parts of bits hardly matter
  const double bits = entropy_of(count_symbols(plane));
  if (plane.size() >= kShort && bits > kNoise) return encode_raw(plane, layout);
  if (bits > 0 && bits < kHuffmanAlone && is_worth_fast(plane, layout)) {
    EncodedStream best = encode_integers(plane, layout, choice);
    if (plane.size() < kShort) keep_smaller(best, encode_with_huffman(plane, layout));
    return best;
  }
  return encode_with_huffman(plane, layout);
}

EncodedStream encode_bytes(Bytes stream, const StreamLayout& layout, CoderChoice choice) {
  EncodedStream best = encode_with_huffman(stream, layout);
  if (choice == CoderChoice::huffman || best.bytes.size() < 2 || best.coder == Coder::constant) return best;
  EncodedStream integers = encode_integers(stream, layout, choice);
  if (choice == CoderChoice::small || best.coder == Coder::raw || is_worth_its_time(integers, best)) {
    keep_smaller(best, std::move(integers));
  }
  EncodedStream repeated = encode_repeats(stream, layout);
  if (repeated.coder == Coder::zstd) keep_smaller(best, std::move(repeated));
  return best;
}

EncodedStream encode_repeats(Bytes stream, const StreamLayout& layout) {
  // The levels that take a second or two at most.
  constexpr std::size_t kThorough = std::size_t{4} << 20;
  constexpr std::size_t kLongest = std::size_t{64} << 20;
  constexpr std::size_t kShortest = 64;
  if (stream.size() < kShortest || stream.size() > kLongest || !repeats(stream, layout)) return {};
  return {Coder::zstd, compress(stream, stream.size() <= kThorough ? 19 : 9)};
}

void keep_smaller(EncodedStream& best, EncodedStream candidate) {
  if (candidate.bytes.size() < best.bytes.size()) best = std::move(candidate);
}

}  // namespace pith::codec
