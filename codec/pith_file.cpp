#include "codec/pith_file.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_map>

#include "codec/constant_coding.h"
#include "codec/container_writer.h"
#include "codec/octets.h"
#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "loader/graph_index.h"
#include "loader/parallel.h"
#include "passes/parallel.h"

namespace pith::codec {
namespace {

// Hands out the tensors of a container to the reader of its graph, each once.
class StoredTensors {
 public:
  // Decodes all of them.
  static Result<StoredTensors> decode(const loader::Container& container, const ir::Buffer& file,
                                      unsigned threads) {
    StoredTensors result;
    const std::span<const loader::TensorInfo> tensors = container.tensors();
    result.constants_.resize(tensors.size());
    // As many at a time as stay below the budget together. They share the threads, so that all of them work
    // on a tensor that is alone.
    for (std::size_t begin = 0; begin < tensors.size();) {
      std::size_t end = begin;
      std::uint64_t cost = 0;
      do cost += tensors[end++].layout.expanded_size;
      while (end < tensors.size() && cost + tensors[end].layout.expanded_size <= passes::kWorkingMemory);
      PITH_CHECK_OK(decode_some(tensors.subspan(begin, end - begin), file, threads,
                                std::span(result.constants_).subspan(begin, end - begin)));
      begin = end;
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) result.numbers_.emplace(tensors[i].name, i);
    return result;
  }

  Result<ir::Constant> take(std::string_view name, ir::DType dtype, const ir::Shape& shape) {
    const auto found = numbers_.find(name);
    if (found == numbers_.end()) return fail(ErrorCode::model, "the file holds no values for it");
    ir::Constant constant = std::move(constants_[found->second]);
    numbers_.erase(found);
    if (constant.dtype != dtype || constant.shape != shape) {
      return fail(ErrorCode::model, "its values have another type or shape than the graph says");
    }
    return constant;
  }

  [[nodiscard]] bool all_taken() const { return numbers_.empty(); }

 private:
  static Result<void> decode_some(std::span<const loader::TensorInfo> tensors, const ir::Buffer& file,
                                  unsigned threads, std::span<ir::Constant> constants) {
    std::vector<std::size_t> order(tensors.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, std::ranges::greater(),
                             [&](std::size_t i) { return tensors[i].layout.expanded_size; });
    std::vector<std::optional<Error>> errors(tensors.size());
    std::vector<std::exception_ptr> exceptions(tensors.size());
    const auto decode = [&](std::size_t i) -> loader::Status {
      try {
        auto constant = constant_of(tensors[i], file);
        if (constant) {
          constants[i] = *std::move(constant);
          ir::release(constants[i]);
          return {};
        }
        errors[i] = std::move(constant).error();
      } catch (const std::exception&) {
        exceptions[i] = std::current_exception();
      }
      return loader::damaged("it has no values");
    };
    const loader::Status status = loader::run_parallel(order, threads, decode);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (exceptions[i]) std::rethrow_exception(exceptions[i]);
      if (errors[i]) return std::unexpected(*std::move(errors[i]));
    }
    if (!status.ok()) return std::unexpected(to_error(status));
    return {};
  }

  std::vector<ir::Constant> constants_;
  std::unordered_map<std::string_view, std::size_t> numbers_;  // the names lie in the file
};

}  // namespace

Result<ir::Pieces> to_pith(const ir::Model& model) {
  ir::onnx::WriteOptions options;
  options.weights = ir::onnx::Weights::carriers;
  options.leave_out = is_stored_apart;
  PITH_TRY(const ir::onnx::Written graph, ir::onnx::write(model, options));
  const std::string bytes = graph.file.joined();
  std::vector<TensorToWrite> tensors;
  tensors.reserve(graph.left_out.size());
  for (const auto& [name, constant] : graph.left_out) tensors.push_back(tensor_to_write(name, *constant));
  auto file = write_container(octets(bytes), graph.operators, tensors);
  if (!file) return std::unexpected(to_error(file.error()));
  return *std::move(file);
}

Result<ir::Model> from_pith(const ir::Buffer& file, const loader::Limits& limits, unsigned threads) {
  const auto container = loader::Container::open(octets(file.text()), limits);
  if (!container) return std::unexpected(to_error(container.error()));
  auto graph = container->graph();
  if (!graph) return std::unexpected(to_error(graph.error()));
  // The rules that the C interface has too, so that there is one answer to what a file is.
  if (const auto index = loader::index_graph(*graph, *container); !index)
    return std::unexpected(to_error(index.error()));
  PITH_TRY(StoredTensors tensors, StoredTensors::decode(*container, file, threads));
  ir::onnx::ReadOptions options;
  options.stored = [&](std::string_view name, ir::DType dtype, const ir::Shape& shape) {
    return tensors.take(name, dtype, shape);
  };
  PITH_TRY(ir::Model model, ir::onnx::read(ir::Buffer::own(*std::move(graph)), options));
  if (!tensors.all_taken())
    return fail(ErrorCode::model, "the file holds tensors that its graph does not use");
  return model;
}

std::uint64_t decoded_bytes(const ir::Buffer& file) {
  const auto container = loader::Container::open(
      octets(file.text()), {.max_decoded_bytes = std::numeric_limits<std::uint64_t>::max()});
  std::uint64_t total = 0;
  if (!container) return total;
  for (const loader::TensorInfo& tensor : container->tensors()) total += tensor.layout.expanded_size;
  return total;
}

}  // namespace pith::codec
