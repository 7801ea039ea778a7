#include "engine/model_runner.h"

#include <utility>

#include "engine/session.h"
#include "ir/onnx/write.h"

namespace pith::engine {

Result<std::vector<ir::Tensor>> OnnxRunner::run(const ir::Model& model, std::span<const ir::Tensor> inputs) {
  if (!runtime_) runtime_ = Runtime::load(library_);
  if (!*runtime_) return std::unexpected(runtime_->error());
  PITH_TRY(const ir::onnx::Written written, ir::onnx::write(model));
  // One thread: the order of a sum must not depend on the machine's load.
  const std::string bytes = written.file.joined();
  PITH_TRY(const Session session,
           Session::create(**runtime_, std::as_bytes(std::span(bytes)), {.threads = 1, .optimize = false}));
  const ir::Graph& graph = model.graph();
  PITH_ASSERT(inputs.size() == graph.inputs().size(), "as many tensors as the model has inputs");
  std::vector<NamedTensor> named;
  named.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    named.push_back({graph.value(graph.inputs()[i]).name, inputs[i]});
  std::vector<std::string> names;
  for (const ir::ValueId output : graph.outputs()) names.push_back(graph.value(output).name);
  PITH_TRY(std::vector<NamedTensor> results, session.run(named, names));
  std::vector<ir::Tensor> tensors;
  tensors.reserve(results.size());
  for (NamedTensor& result : results) tensors.push_back(std::move(result.tensor));
  return tensors;
}

}  // namespace pith::engine
