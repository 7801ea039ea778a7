// `inspect`: what a model is made of.
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/model_file.h"
#include "cli/named_data.h"
#include "engine/taps.h"
#include "ir/onnx/infer_shapes.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {
namespace {

// What the model's values had in a run on --data.
struct Observed {
  std::unordered_map<ir::ValueId, ir::ValueType> types;  // of the main graph
  std::optional<report::DataEntry> data;

  [[nodiscard]] const ir::ValueType* find(ir::GraphId graph, ir::ValueId value) const {
    const auto found = graph == ir::kMainGraph ? types.find(value) : types.end();
    return found == types.end() ? nullptr : &found->second;
  }
};

// The values of the main graph whose shape inference leaves open.
Result<std::vector<ir::ValueId>> open_values(const ir::Model& model) {
  PITH_TRY(const auto types, ir::onnx::infer_types(model));
  std::vector<ir::ValueId> values;
  const ir::Graph& graph = model.graph();
  for (const ir::ValueId id : graph.values()) {
    const bool computed = graph.value(id).is_input || graph.producer(id) != ir::kNoNode;
    if (computed && !types.shape(ir::kMainGraph, id)) values.push_back(id);
  }
  return values;
}

Result<Observed> observe(const Args& args, const ModelFile& file) {
  Observed observed;
  if (args.data.empty()) return observed;
  PITH_TRY(const NamedData given, open_data(args.data, args));
  observed.data = report::DataEntry{given.name, {}, given.synthetic};
  for (const engine::NamedTensor& array : given.data.arrays()) {
    observed.data->arrays.push_back(fmt::format("{} {} {}", array.name, ir::name_of(array.tensor.dtype()),
                                                ir::to_string(array.tensor.shape())));
  }
  PITH_TRY(const auto runtime, engine::Runtime::load(args.ort_lib));
  PITH_TRY(const auto values, open_values(file.model));
  PITH_TRY(observed.types, engine::observe_types(runtime, file.model, values, given.data));
  return observed;
}

}  // namespace

Result<Exit> run_inspect(const Args& args, Ui& ui) {
  ui.progress.stage("reading");
  PITH_TRY(const ModelFile file, load_model(args.model, load_options(args)));
  ui.progress.stage("measuring");
  PITH_TRY(const Observed observed, observe(args, file));
  const report::MeasureOptions options{
      .statistics = args.no_entropy ? report::Statistics::zeros : report::Statistics::everything,
      .threads = ui.threads()};
  report::InspectReport report =
      report::inspect(file.model, storage_of(file.format), file.entry(), options,
                      [&](ir::GraphId graph, ir::ValueId value) { return observed.find(graph, value); });
  report.external = file.external;
  report.data = observed.data;
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
  } else if (args.format == Format::human && !args.quiet) {
    PITH_CHECK_OK(ui.print(
        report::to_text(report, args.verbosity > 0 ? report::Detail::everything : report::Detail::summary)));
  }
  return Exit::done;
}

}  // namespace pith::cli
