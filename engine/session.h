// A model ready to run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/npz.h"
#include "engine/runtime.h"
#include "ir/dtype.h"
#include "ir/tensor.h"

namespace pith::engine {

// An input or output as the model declares it.
struct TensorInfo {
  std::string name;
  ir::DType dtype = ir::DType::undefined;  // undefined: not a tensor
  ir::Shape shape;                         // -1: any size. A scalar and an unknown rank are both empty
};

// "float32 [?,1,28,28]"
[[nodiscard]] std::string describe(const TensorInfo& info);

struct SessionOptions {
  int threads = 1;       // inside one operator
  bool optimize = true;  // off: the graph is run as written
};

// Immutable once made: run() may be called by several threads at once.
class Session {
 public:
  // `model`: the bytes of an ONNX model without external data. Refuses (ErrorCode::model) what
  // ONNX Runtime refuses, with its reason.
  [[nodiscard]] static Result<Session> create(const Runtime& runtime, std::span<const std::byte> model,
                                              const SessionOptions& options = {});

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  [[nodiscard]] const std::vector<TensorInfo>& inputs() const;
  [[nodiscard]] const std::vector<TensorInfo>& outputs() const;

  // Runs the model on inputs matched by name and returns the outputs named, all when none is. Refuses
  // (ErrorCode::model) missing or unknown inputs, strings, outputs that are no tensors, and what fails.
  [[nodiscard]] Result<std::vector<NamedTensor>> run(std::span<const NamedTensor> inputs,
                                                     std::span<const std::string> outputs = {}) const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace pith::engine
