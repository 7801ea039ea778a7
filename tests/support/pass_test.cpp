#include "tests/support/pass_test.h"

#include <onnx/defs/parser.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "engine/model_runner.h"
#include "engine/runtime.h"
#include "engine/session.h"
#include "ir/onnx/read.h"
#include "ir/onnx/write.h"

namespace pith::test {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw InternalError(result.error().message());
  return *std::move(result);
}

const engine::Runtime& runtime() {
  static const engine::Runtime kRuntime = or_throw(engine::Runtime::load({}));
  return kRuntime;
}

ir::Tensor seeded(const engine::TensorInfo& info, std::mt19937& random) {
  ir::Shape shape = info.shape;
  std::ranges::replace(shape, -1, 2);
  const std::uint64_t count = or_throw(ir::element_count(shape));
  switch (info.dtype) {
    case ir::DType::float32: {
      std::vector<float> values(count);
      // Portable: the distributions of the standard library differ between libraries.
      for (float& value : values)
        value = static_cast<float>(static_cast<double>(random()) / 2147483648.0 - 1.0);
      return ir::Tensor::of(shape, std::move(values));
    }
    case ir::DType::int64: {
      std::vector<std::int64_t> values(count);
      for (auto& value : values) value = static_cast<std::int64_t>(random() % 2);
      return ir::Tensor::of(shape, std::move(values));
    }
    default: {
      const auto bytes = ir::packed_bytes(info.dtype, count);
      if (!bytes) throw InternalError("no seeded input of this type");
      std::string data(*bytes, '\0');
      for (char& byte : data) byte = static_cast<char>(random() % 2);
      return or_throw(ir::Tensor::make(info.dtype, shape, ir::Buffer::own(std::move(data))));
    }
  }
}

std::vector<engine::NamedTensor> run(const ir::Model& model) {
  const ir::onnx::Written written = or_throw(ir::onnx::write(model));
  const std::string bytes = written.file.joined();
  const auto session = or_throw(
      engine::Session::create(runtime(), std::as_bytes(std::span(bytes)), {.threads = 1, .optimize = false}));
  std::mt19937 random(7);
  std::vector<engine::NamedTensor> inputs;
  for (const auto& info : session.inputs()) inputs.push_back({info.name, seeded(info, random)});
  return or_throw(session.run(inputs));
}

double difference(const ir::Tensor& a, const ir::Tensor& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a.same_bits(b)) return 0;
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || a.dtype() != ir::DType::float32) return kInfinity;
  double largest = 0;
  for (std::size_t i = 0; i < a.element_count(); ++i) {
    const double x = static_cast<double>(a.as<float>()[i]);
    const double y = static_cast<double>(b.as<float>()[i]);
    if (std::isnan(x) != std::isnan(y)) return kInfinity;
    if (!std::isnan(x)) largest = std::max(largest, std::abs(x - y));
  }
  return std::max(largest, std::numeric_limits<double>::denorm_min());
}

}  // namespace

std::string model_bytes(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n\t");
  const bool has_header = first != std::string_view::npos && text[first] == '<';
  const std::string whole =
      (has_header ? "" : "<ir_version: 8, opset_import: [\"\" : 17]>\n") + std::string(text);
  ::onnx::ModelProto message;
  const auto status = ::onnx::OnnxParser::Parse(message, whole);
  if (!status.IsOK()) throw InternalError("model text: " + status.ErrorMessage());
  return message.SerializeAsString();
}

passes::PassContext computing() {
  static engine::OnnxRunner runner({});
  passes::PassContext context;
  context.runner = &runner;
  return context;
}

ir::Model parse_model(std::string_view text) {
  return or_throw(ir::onnx::read(ir::Buffer::own(model_bytes(text))));
}

double largest_difference(const ir::Model& a, const ir::Model& b) {
  const auto x = run(a);
  const auto y = run(b);
  if (x.size() != y.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].name != y[i].name) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, difference(x[i].tensor, y[i].tensor));
  }
  return largest;
}

}  // namespace pith::test
