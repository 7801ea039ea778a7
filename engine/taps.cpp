#include "engine/taps.h"

#include <fmt/core.h>

#include <algorithm>

#include "ir/onnx/write.h"
#include "ir/rewriter.h"

namespace pith::engine {
namespace {

// A name that no value of the model has.
std::string fresh_name(const ir::Model& model) {
  std::string prefix = "tap_";
  const auto taken = [&] {
    return std::ranges::any_of(model.graphs(), [&](ir::GraphId id) {
      const ir::Graph& graph = model.graph(id);
      return std::ranges::any_of(
          graph.values(), [&](ir::ValueId value) { return graph.value(value).name.starts_with(prefix); });
    });
  };
  while (taken()) prefix.insert(prefix.begin(), '_');
  return prefix;
}

}  // namespace

Result<Taps> Taps::create(const Runtime& runtime, const ir::Model& model, std::span<const ir::ValueId> values,
                          const Dataset& data, std::uint64_t max_samples) {
  ir::Model tapped = model;
  const std::string prefix = fresh_name(model);
  std::vector<Place> places;
  for (const ir::ValueId id : values) {
    const ir::Value& value = tapped.graph().value(id);
    PITH_ASSERT(value.constant == nullptr || value.is_input, "a constant is not computed");
    if (!value.is_input && value.output_uses == 0) {
      ir::Rewriter(tapped).add_output(id, prefix + std::to_string(places.size()));
    }
    places.push_back({.name = tapped.graph().value(id).name, .is_input = value.is_input});
  }
  PITH_TRY(const ir::onnx::Written written, ir::onnx::write(tapped));
  const std::string bytes = written.file.joined();
  PITH_TRY(Session session, Session::create(runtime, std::as_bytes(std::span(bytes))));
  for (Place& place : places) {
    const auto& infos = place.is_input ? session.inputs() : session.outputs();
    const auto found = std::ranges::find(infos, place.name, &TensorInfo::name);
    place.is_tensor = found != infos.end() && found->dtype != ir::DType::undefined;
  }
  PITH_TRY(BoundDataset bound, data.bind(session.inputs(), max_samples));
  return Taps(std::move(session), std::move(bound), std::move(places));
}

Result<Taps> Taps::create_on_few(const Runtime& runtime, const ir::Model& model,
                                 std::span<const ir::ValueId> values, const Dataset& data,
                                 std::uint64_t samples) {
  auto taps = create(runtime, model, values, data, samples);
  if (taps || taps.error().code() != ErrorCode::data) return taps;
  return create(runtime, model, values, data);
}

Result<std::vector<ir::Tensor>> Taps::run(std::uint64_t batch) const {
  PITH_TRY(const std::vector<NamedTensor> inputs, data_.batch(batch));
  std::vector<std::string> names;
  for (const Place& place : places_) {
    if (place.is_tensor && !place.is_input) names.push_back(place.name);
  }
  std::vector<NamedTensor> outputs;
  if (!names.empty()) {
    PITH_TRY(outputs, session_.run(inputs, names));
  }
  std::vector<ir::Tensor> tensors(places_.size());
  auto next = outputs.begin();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!places_[i].is_tensor) continue;
    if (!places_[i].is_input) {
      tensors[i] = std::move((next++)->tensor);
      continue;
    }
    const auto input = std::ranges::find(inputs, places_[i].name, &NamedTensor::name);
    if (input != inputs.end()) tensors[i] = input->tensor;  // an input with a default may be left out
  }
  return tensors;
}

Result<std::unordered_map<ir::ValueId, ir::ValueType>> observe_types(const Runtime& runtime,
                                                                     const ir::Model& model,
                                                                     std::span<const ir::ValueId> values,
                                                                     const Dataset& data) {
  PITH_TRY(const Taps taps, Taps::create_on_few(runtime, model, values, data, 1));
  PITH_TRY(const std::vector<ir::Tensor> tensors, taps.run(0));
  std::unordered_map<ir::ValueId, ir::ValueType> types;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!taps.is_tensor(i)) continue;
    const ir::Shape& shape = tensors[i].shape();
    types.emplace(values[i],
                  ir::ValueType{tensors[i].dtype(), std::vector<ir::Dim>(shape.begin(), shape.end())});
  }
  return types;
}

}  // namespace pith::engine
