#include "codec/pith_file.h"

#include <unordered_map>

#include "codec/constant_coding.h"
#include "codec/container_writer.h"
#include "codec/octets.h"
#include "ir/onnx/read.h"
#include "ir/onnx/write.h"
#include "loader/graph_index.h"

namespace pith::codec {
namespace {

// Hands out the tensors of a container to the reader of its graph, each once.
class StoredTensors {
 public:
  StoredTensors(const loader::Container& container, const ir::Buffer& file) : file_(file) {
    for (const loader::TensorInfo& tensor : container.tensors()) tensors_.emplace(tensor.name, &tensor);
  }

  Result<ir::Constant> take(std::string_view name, ir::DType dtype, const ir::Shape& shape) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return fail(ErrorCode::model, "the file holds no values for it");
    const loader::TensorInfo& tensor = *found->second;
    tensors_.erase(found);
    PITH_TRY(ir::Constant constant, constant_of(tensor, file_));
    ir::release(constant);
    if (constant.dtype != dtype || constant.shape != shape) {
      return fail(ErrorCode::model, "its values have another type or shape than the graph says");
    }
    return constant;
  }

  [[nodiscard]] bool all_taken() const { return tensors_.empty(); }

 private:
  const ir::Buffer& file_;
  std::unordered_map<std::string_view, const loader::TensorInfo*> tensors_;
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

Result<ir::Model> from_pith(const ir::Buffer& file, const loader::Limits& limits) {
  const auto container = loader::Container::open(octets(file.text()), limits);
  if (!container) return std::unexpected(to_error(container.error()));
  auto graph = container->graph();
  if (!graph) return std::unexpected(to_error(graph.error()));
  // The rules that the C interface has too, so that there is one answer to what a file is.
  if (const auto index = loader::index_graph(*graph, *container); !index)
    return std::unexpected(to_error(index.error()));
  StoredTensors tensors(*container, file);
  ir::onnx::ReadOptions options;
  options.stored = [&](std::string_view name, ir::DType dtype, const ir::Shape& shape) {
    return tensors.take(name, dtype, shape);
  };
  PITH_TRY(ir::Model model, ir::onnx::read(ir::Buffer::own(*std::move(graph)), options));
  if (!tensors.all_taken())
    return fail(ErrorCode::model, "the file holds tensors that its graph does not use");
  return model;
}

}  // namespace pith::codec
