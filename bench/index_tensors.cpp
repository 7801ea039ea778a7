#include "bench/index_tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

#include "engine/npz.h"

namespace pith::bench {
namespace {

template <class T>
std::vector<std::int32_t> widened(std::span<const std::byte> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return {values.begin(), values.end()};
}

IndexTensor tensor_of(const ir::Tensor& array) {
  IndexTensor tensor;
  if (array.shape().size() > tensor.shape.dims.size())
    throw std::runtime_error("an array of too high a rank");
  for (const std::int64_t dim : array.shape()) {
    tensor.shape.dims[tensor.shape.rank++] = static_cast<std::uint64_t>(dim);
  }
  tensor.is_int8 = array.dtype() == ir::DType::int8;
  if (tensor.is_int8) {
    tensor.values = widened<std::int8_t>(array.bytes());
  } else if (array.dtype() == ir::DType::int16) {
    tensor.values = widened<std::int16_t>(array.bytes());
  } else if (array.dtype() == ir::DType::int32) {
    tensor.values = widened<std::int32_t>(array.bytes());
  } else {
    throw std::runtime_error("an array of a type that is not int8, int16 or int32");
  }
  return tensor;
}

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

}  // namespace

std::vector<IndexFile> read_index_files(const std::filesystem::path& folder) {
  std::ifstream text(folder / "indices.json");
  if (!text) throw std::runtime_error("no indices.json in " + folder.string());
  const auto list = nlohmann::json::parse(text);
  std::vector<IndexFile> files;
  for (const auto& [name, about] : list.items()) {
    IndexFile file{name, about.at("nncodec_payload_bytes").get<std::size_t>(), {}};
    file.nncodec_bytes =
        std::min(file.nncodec_bytes, about.value("nncodec_payload_bytes_signed_map", file.nncodec_bytes));
    const auto npz = value_or_throw(engine::map_data_file(folder / (name + ".npz")));
    for (const auto& array : value_or_throw(engine::read_npz(npz))) {
      file.tensors.push_back(tensor_of(array.tensor));
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<IndexTensor> int8_tensors(const std::vector<IndexFile>& files, const std::string& level) {
  std::vector<IndexTensor> tensors;
  for (const IndexFile& file : files) {
    if (!file.name.ends_with("-" + level)) continue;
    for (const IndexTensor& tensor : file.tensors) {
      const auto differ = std::ranges::adjacent_find(tensor.values, std::not_equal_to());
      if (tensor.is_int8 && differ != tensor.values.end()) tensors.push_back(tensor);
    }
  }
  return tensors;
}

IndexTensor joined(const std::vector<IndexTensor>& tensors) {
  constexpr std::size_t size = std::size_t{4} << 20;
  IndexTensor all{{.dims = {size / 512, 512}, .rank = 2}, {}, true};
  while (all.values.size() < size) {
    for (const IndexTensor& tensor : tensors) {
      all.values.insert(all.values.end(), tensor.values.begin(), tensor.values.end());
    }
  }
  all.values.resize(size);
  return all;
}

double order_0_bytes(const std::vector<IndexTensor>& tensors) {
  double bits = 0;
  for (const IndexTensor& tensor : tensors) {
    std::map<std::int32_t, std::size_t> counts;
    for (const std::int32_t value : tensor.values) ++counts[value];
    const auto all = static_cast<double>(tensor.values.size());
    for (const auto& [value, count] : counts) {
      bits += static_cast<double>(count) * std::log2(all / static_cast<double>(count));
    }
  }
  return bits / 8;
}

}  // namespace pith::bench
