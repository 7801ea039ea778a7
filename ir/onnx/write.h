// Writes ONNX models.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/model.h"
#include "ir/pieces.h"

namespace pith::ir::onnx {

// How constants that are not dense are written.
enum class Weights : std::uint8_t {
  dense,     // as plain values
  carriers,  // small: as integer initializers and a few nodes that runtimes fold when they load the model
};

// Where the bytes of the model go that are not in its own file; see tensor_writer.h.
class ExternalWriter;

struct WriteOptions {
  Weights weights = Weights::dense;
  // Constants for which this is true are written as initializers without data, and returned.
  std::function<bool(const Constant&)> leave_out = {};
  // Takes the weights that shall lie in other files; nullptr: all lie in the model's own.
  ExternalWriter* external = nullptr;
};

struct Written {
  Pieces file;  // shares the bytes of large weights with the model
  struct LeftOut {
    std::string name;  // of the initializer; unique within the model
    std::shared_ptr<const Constant> constant;
  };
  std::vector<LeftOut> left_out;
  // Every operator of the file, as ir/onnx/operators.h has those of the model: some nodes are of the file
  // only.
  std::vector<std::string> operators;
  // Constants that carriers were asked for but that are written as plain values, with the reason.
  std::vector<std::string> notes;
};

// The model as an ONNX ModelProto (`file`). Names of the main graph's inputs and outputs are kept exactly,
// other names are made unique across the model. Equal models give equal bytes. Refuses a result above 2 GiB,
// the limit of a ModelProto, and files of external data that cannot be written.
[[nodiscard]] Result<Written> write(const Model& model, const WriteOptions& options = {});

// The same with every constant left out: by this the graphs of two models are compared.
[[nodiscard]] Result<Written> write_without_values(const Model& model);

}  // namespace pith::ir::onnx
