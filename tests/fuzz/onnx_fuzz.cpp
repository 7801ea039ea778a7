// Any bytes: read, and when they are a model, write and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ir/onnx/read.h"
#include "ir/onnx/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace onnx = pith::ir::onnx;
  const auto bytes = pith::ir::Buffer::own(std::string(reinterpret_cast<const char*>(data), size));
  const auto model = onnx::read(bytes);
  if (!model) return 0;
  const auto written = onnx::write(*model, {.weights = onnx::Weights::carriers, .leave_out = {}});
  if (!written) return 0;
  if (!onnx::read(pith::ir::Buffer::own(written->file.joined()))) std::abort();
  return 0;
}
