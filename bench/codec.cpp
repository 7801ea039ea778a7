// The coders `small` and `fast` on index tensors of real networks: bytes beside NNCodec's, and speed.
// usage: bench_codec FOLDER   (indices.json and its .npz files; without FOLDER, PITH_ASSETS/data/indices)
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#ifdef PITH_HTSCODECS
#include <htscodecs/rANS_static4x16.h>
#endif

#include "codec/fast_encoder.h"
#include "codec/huffman_encoder.h"
#include "codec/small_encoder.h"
#include "engine/npz.h"
#include "loader/fast_decoder.h"
#include "loader/small_decoder.h"

namespace {

using Bytes = std::vector<std::uint8_t>;
using pith::loader::CodeShape;
using pith::loader::FastPath;

constexpr int kRounds = 7;  // of which the quickest counts

struct Tensor {
  CodeShape shape;
  std::vector<std::int32_t> values;
  bool is_int8 = false;
};

struct File {
  std::string name;
  std::size_t peer = 0;  // NNCodec's payload
  std::vector<Tensor> tensors;
};

template <class T>
std::vector<std::int32_t> widened(std::span<const std::byte> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return {values.begin(), values.end()};
}

Tensor tensor_of(const pith::ir::Tensor& array) {
  Tensor tensor;
  if (array.shape().size() > tensor.shape.dims.size())
    throw std::runtime_error("an array of too high a rank");
  for (const std::int64_t dim : array.shape()) {
    tensor.shape.dims[tensor.shape.rank++] = static_cast<std::uint64_t>(dim);
  }
  tensor.is_int8 = array.dtype() == pith::ir::DType::int8;
  if (tensor.is_int8) {
    tensor.values = widened<std::int8_t>(array.bytes());
  } else if (array.dtype() == pith::ir::DType::int16) {
    tensor.values = widened<std::int16_t>(array.bytes());
  } else if (array.dtype() == pith::ir::DType::int32) {
    tensor.values = widened<std::int32_t>(array.bytes());
  } else {
    throw std::runtime_error("an array of a type that is not int8, int16 or int32");
  }
  return tensor;
}

template <class T>
T value_or_throw(pith::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

std::vector<File> read_files(const std::filesystem::path& folder) {
  std::ifstream text(folder / "indices.json");
  if (!text) throw std::runtime_error("no indices.json in " + folder.string());
  const auto list = nlohmann::json::parse(text);
  std::vector<File> files;
  for (const auto& [name, about] : list.items()) {
    File file{name, about.at("nncodec_payload_bytes").get<std::size_t>(), {}};
    file.peer = std::min(file.peer, about.value("nncodec_payload_bytes_signed_map", file.peer));
    const auto npz = value_or_throw(pith::engine::map_data_file(folder / (name + ".npz")));
    for (const auto& array : value_or_throw(pith::engine::read_npz(npz))) {
      file.tensors.push_back(tensor_of(array.tensor));
    }
    files.push_back(std::move(file));
  }
  return files;
}

Bytes bytes_of(const Tensor& tensor) {
  Bytes bytes(tensor.values.size());
  std::ranges::transform(tensor.values, bytes.begin(),
                         [](auto value) { return static_cast<std::uint8_t>(value); });
  return bytes;
}

// Decodes into the type of the tensor, as a container's reader does.
template <class Decode>
bool decodes_to(const Tensor& tensor, Decode decode) {
  const auto as = [&]<class T>(T) {
    std::vector<T> out(tensor.values.size());
    return decode(std::span(out)).ok() && std::ranges::equal(out, tensor.values);
  };
  return tensor.is_int8 ? as(std::int8_t{}) : as(std::int32_t{});
}

double percent(std::size_t bytes, std::size_t peer) {
  return 100 * (static_cast<double>(bytes) / static_cast<double>(peer) - 1);
}

struct Percents {
  double sum = 0;
  double most = -100;
  void add(double value) {
    sum += value;
    most = std::max(most, value);
  }
};

void print_sizes(const std::vector<File>& files) {
  Percents fast_all;
  Percents small_all;
  std::printf("| file | NNCodec | fast | | small | |\n|---|--:|--:|--:|--:|--:|\n");
  for (const File& file : files) {
    std::size_t fast = 0;
    std::size_t small = 0;
    for (const Tensor& tensor : file.tensors) {
      const Bytes one = pith::codec::encode_fast(tensor.values, tensor.shape);
      const Bytes other = pith::codec::encode_small(tensor.values, tensor.shape);
      const auto by_fast = [&](auto out) { return pith::loader::decode_fast(one, tensor.shape, out); };
      const auto by_small = [&](auto out) { return pith::loader::decode_small(other, tensor.shape, out); };
      if (!decodes_to(tensor, by_fast) || !decodes_to(tensor, by_small)) {
        throw std::runtime_error(file.name + " does not decode to itself");
      }
      fast += one.size();
      small += other.size();
    }
    fast_all.add(percent(fast, file.peer));
    small_all.add(percent(small, file.peer));
    std::printf("| %s | %zu | %zu | %+.2f %% | %zu | %+.2f %% |\n", file.name.c_str(), file.peer, fast,
                percent(fast, file.peer), small, percent(small, file.peer));
  }
  const auto count = static_cast<double>(files.size());
  std::printf("| mean | | | %+.2f %% | | %+.2f %% |\n", fast_all.sum / count, small_all.sum / count);
  std::printf("| max | | | %+.2f %% | | %+.2f %% |\n", fast_all.most, small_all.most);
}

// Of processor time, so that a machine with other work measures the same.
double seconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

struct Coder {
  const char* name;
  std::function<Bytes(const Tensor&)> encode;
  std::function<bool(const Tensor&, const Bytes&, std::span<std::int8_t>)> decode;  // of int8 tensors
};

std::vector<Coder> coders() {
  const auto fast = [](FastPath path) {
    return [path](const Tensor& tensor, const Bytes& stream, std::span<std::int8_t> out) {
      return pith::loader::decode_fast(stream, tensor.shape, out, path).ok();
    };
  };
  const auto encode_fast = [](const Tensor& tensor) {
    const std::vector<std::int8_t> values(tensor.values.begin(), tensor.values.end());
    return pith::codec::encode_fast(values, tensor.shape);
  };
  return {
#ifdef PITH_HTSCODECS
      {"htscodecs rANS 4x16, 32 lanes",
       [](const Tensor& tensor) {
         Bytes symbols = bytes_of(tensor);
         unsigned size = 0;
         unsigned char* packed = rans_compress_to_4x16(symbols.data(), static_cast<unsigned>(symbols.size()),
                                                       nullptr, &size, 4);  // RANS_ORDER_X32
         Bytes stream(packed, packed + size);
         std::free(packed);
         return stream;
       },
       [](const Tensor&, const Bytes& stream, std::span<std::int8_t> out) {
         Bytes copy = stream;
         auto size = static_cast<unsigned>(out.size());
         return rans_uncompress_to_4x16(copy.data(), static_cast<unsigned>(copy.size()),
                                        reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr;
       }},
#endif
      {"huffman", [](const Tensor& tensor) { return pith::codec::encode_huffman(bytes_of(tensor)); },
       [](const Tensor&, const Bytes& stream, std::span<std::int8_t> out) {
         const std::span symbols(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
         return pith::loader::decode_huffman(stream, symbols).ok();
       }},
      {"fast, scalar", encode_fast, fast(FastPath::scalar)},
      {"fast", encode_fast, fast(FastPath::best)},
      {"small", [](const Tensor& tensor) { return pith::codec::encode_small(tensor.values, tensor.shape); },
       [](const Tensor& tensor, const Bytes& stream, std::span<std::int8_t> out) {
         return pith::loader::decode_small(stream, tensor.shape, out).ok();
       }}};
}

// One row of the table of speeds: these tensors, each coded by itself.
void print_speed(const std::string& what, const std::vector<Tensor>& tensors, const Coder& coder) {
  std::size_t weights = 0;
  std::size_t largest = 0;
  for (const Tensor& tensor : tensors) {
    weights += tensor.values.size();
    largest = std::max(largest, tensor.values.size());
  }
  std::vector<Bytes> streams(tensors.size());
  std::vector<std::int8_t> out(largest);
  double encode = 1e9;
  double decode = 1e9;
  for (int round = 0; round < 2; ++round) {
    encode = std::min(encode, seconds([&] {
                        for (std::size_t i = 0; i < tensors.size(); ++i)
                          streams[i] = coder.encode(tensors[i]);
                      }));
  }
  bool ok = true;
  for (int round = 0; round < kRounds; ++round) {
    decode = std::min(decode, seconds([&] {
                        for (std::size_t i = 0; i < tensors.size(); ++i) {
                          const auto part = std::span(out).first(tensors[i].values.size());
                          ok &= coder.decode(tensors[i], streams[i], part);
                        }
                      }));
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto part = std::span(out).first(tensors[i].values.size());
    ok &= coder.decode(tensors[i], streams[i], part) && std::ranges::equal(part, tensors[i].values);
    bytes += streams[i].size();
  }
  if (!ok) throw std::runtime_error(what + " does not decode to itself");
  const auto count = static_cast<double>(weights);
  std::printf("| %s | %s | %.1f | %.3f | %.1f | %.0f |\n", what.c_str(), coder.name, count / 1e6,
              8 * static_cast<double>(bytes) / count, count / encode / 1e6, count / decode / 1e6);
}

// The int8 tensors of all files of a level that have two distinct values, which Huffman codes need.
std::vector<Tensor> int8_tensors(const std::vector<File>& files, const std::string& level) {
  std::vector<Tensor> tensors;
  for (const File& file : files) {
    if (!file.name.ends_with("-" + level)) continue;
    for (const Tensor& tensor : file.tensors) {
      const auto differ = std::ranges::adjacent_find(tensor.values, std::not_equal_to());
      if (tensor.is_int8 && differ != tensor.values.end()) tensors.push_back(tensor);
    }
  }
  return tensors;
}

// The values of all of them, again and again up to 4 Mi, as rows of 512.
Tensor joined(const std::vector<Tensor>& tensors) {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  Tensor all{{.dims = {kSize / 512, 512}, .rank = 2}, {}, true};
  while (all.values.size() < kSize) {
    for (const Tensor& tensor : tensors) {
      all.values.insert(all.values.end(), tensor.values.begin(), tensor.values.end());
    }
  }
  all.values.resize(kSize);
  return all;
}

void print_speeds(const std::vector<File>& files) {
  std::printf(
      "\n| int8 tensors of a level | coder | M weights | bits a weight | encode M/s | decode M/s |\n");
  std::printf("|---|---|--:|--:|--:|--:|\n");
  for (const std::string level : {"b5.0", "b3.5", "b2.0"}) {
    const std::vector<Tensor> tensors = int8_tensors(files, level);
    if (tensors.empty()) continue;
    const std::vector<Tensor> one{joined(tensors)};
    for (const Coder& coder : coders()) print_speed(level + ", each", tensors, coder);
    for (const Coder& coder : coders()) print_speed(level + ", as one", one, coder);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const char* assets = std::getenv("PITH_ASSETS");
    if (argc < 2 && assets == nullptr)
      throw std::runtime_error("usage: bench_codec FOLDER, or set PITH_ASSETS");
    const auto folder =
        argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::path(assets) / "data" / "indices";
    const std::vector<File> files = read_files(folder);
    print_sizes(files);
    print_speeds(files);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_codec: %s\n", error.what());
    return 1;
  }
  return 0;
}
