#include "engine/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "engine/ort.h"

namespace pith::engine {

struct Session::State {
  Ort::Session session{nullptr};
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

namespace {

// The two number their element types alike; those that ONNX Runtime adds are no tensors to us.
ir::DType dtype_of(ONNXTensorElementDataType type) {
  return ir::dtype_from_onnx(static_cast<std::int64_t>(type)).value_or(ir::DType::undefined);
}

TensorInfo info_of(std::string name, const Ort::TypeInfo& type) {
  TensorInfo info{std::move(name), ir::DType::undefined, {}};
  if (type.GetONNXType() == ONNX_TYPE_TENSOR) {
    const auto tensor = type.GetTensorTypeAndShapeInfo();
    info.dtype = dtype_of(tensor.GetElementType());
    info.shape = tensor.GetShape();
  }
  return info;
}

Result<Ort::Value> to_value(const ir::Tensor& tensor) {
  if (tensor.dtype() == ir::DType::string) return fail(ErrorCode::model, "inputs of strings are not fed");
  return guarded(ErrorCode::model, "cannot be fed", [&] {
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    // ONNX Runtime takes inputs through a mutable pointer but does not write to them.
    void* const data = const_cast<std::byte*>(tensor.bytes().data());
    return Ort::Value::CreateTensor(memory, data, tensor.bytes().size(), tensor.shape().data(),
                                    tensor.shape().size(),
                                    static_cast<ONNXTensorElementDataType>(tensor.dtype()));
  });
}

Result<ir::Tensor> to_tensor(Ort::Value value) {
  if (!value.IsTensor()) return fail(ErrorCode::model, "it is not a tensor");
  const auto type = value.GetTensorTypeAndShapeInfo();
  const ir::DType dtype = dtype_of(type.GetElementType());
  const auto size = ir::packed_bytes(dtype, type.GetElementCount());
  if (!size) return fail(ErrorCode::model, fmt::format("its type {} is not read", ir::name_of(dtype)));
  std::string bytes(*size, '\0');
  if (*size > 0) std::memcpy(bytes.data(), value.GetTensorRawData(), *size);
  return ir::Tensor::make(dtype, type.GetShape(), ir::Buffer::own(std::move(bytes)));
}

}  // namespace

std::string describe(const TensorInfo& info) {
  if (info.dtype == ir::DType::undefined) return "not a tensor";
  std::string dims;
  for (const std::int64_t dim : info.shape) {
    if (!dims.empty()) dims += ',';
    dims += dim < 0 ? "?" : fmt::format("{}", dim);
  }
  return fmt::format("{} [{}]", ir::name_of(info.dtype), dims);
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(const Runtime& runtime, std::span<const std::byte> model,
                                const SessionOptions& options) {
  return guarded(ErrorCode::model, "ONNX Runtime refuses the model", [&] {
    Ort::SessionOptions settings;
    settings.SetIntraOpNumThreads(std::max(1, options.threads));
    settings.SetInterOpNumThreads(1);
    settings.SetGraphOptimizationLevel(options.optimize ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
    auto state = std::make_unique<State>();
    state->session = Ort::Session(runtime.library().env, model.data(), model.size(), settings);
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < state->session.GetInputCount(); ++i) {
      state->inputs.push_back(info_of(state->session.GetInputNameAllocated(i, allocator).get(),
                                      state->session.GetInputTypeInfo(i)));
    }
    for (std::size_t i = 0; i < state->session.GetOutputCount(); ++i) {
      state->outputs.push_back(info_of(state->session.GetOutputNameAllocated(i, allocator).get(),
                                       state->session.GetOutputTypeInfo(i)));
    }
    return Session(std::move(state));
  });
}

const std::vector<TensorInfo>& Session::inputs() const {
  return state_->inputs;
}
const std::vector<TensorInfo>& Session::outputs() const {
  return state_->outputs;
}

Result<std::vector<NamedTensor>> Session::run(std::span<const NamedTensor> inputs,
                                              std::span<const std::string> outputs) const {
  std::vector<const char*> input_names;
  std::vector<Ort::Value> values;
  for (const NamedTensor& input : inputs) {
    auto value = to_value(input.tensor);
    if (!value) return std::unexpected(std::move(value).error().in(fmt::format("input '{}'", input.name)));
    input_names.push_back(input.name.c_str());
    values.push_back(*std::move(value));
  }
  std::vector<const char*> output_names;
  for (const std::string& name : outputs) output_names.push_back(name.c_str());
  if (outputs.empty()) {
    for (const TensorInfo& output : state_->outputs) output_names.push_back(output.name.c_str());
  }

  PITH_TRY(std::vector<Ort::Value> results, guarded(ErrorCode::model, "the model fails to run", [&] {
             return state_->session.Run(Ort::RunOptions{nullptr}, input_names.data(), values.data(),
                                        values.size(), output_names.data(), output_names.size());
           }));

  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string where = fmt::format("output '{}'", output_names[i]);
    PITH_TRY(auto tensor, guarded(ErrorCode::model, where, [&] { return to_tensor(std::move(results[i])); }));
    if (!tensor) return std::unexpected(std::move(tensor).error().in(where));
    tensors.push_back({output_names[i], *std::move(tensor)});
  }
  return tensors;
}

}  // namespace pith::engine
