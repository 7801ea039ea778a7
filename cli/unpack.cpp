// `unpack`: a container back to plain ONNX, its weights as plain values.
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/log.h"
#include "cli/ship.h"
#include "engine/npy_write.h"
#include "ir/rewriter.h"
#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

namespace pith::cli {
namespace {

// Affine and codebook weights as the values that they stand for.
void make_plain(ir::Model& model) {
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const ir::ValueId id : model.graph(graph_id).values()) {
      const auto constant = model.graph(graph_id).value(id).constant;
      if (constant == nullptr || std::holds_alternative<ir::Dense>(constant->form) ||
          std::holds_alternative<ir::Sparse>(constant->form)) {
        continue;
      }
      ir::Rewriter(model, graph_id).set_constant(id, ir::Constant::dense(to_dense(*constant)));
    }
  }
}

Result<Exit> list(const Args& args, const ModelFile& file, Ui& ui) {
  using report::Align;
  const auto report =
      report::inspect(file.model, report::Storage::container, file.entry(), {.threads = ui.threads()});
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(report)));
    return Exit::done;
  }
  std::vector<std::vector<std::string>> rows{{"tensor", "type", "shape", "form", "coder", "bytes"}};
  for (const auto& t : report.tensors) {
    rows.push_back(
        {t.name, t.dtype, ir::to_string(t.shape), t.form, t.coder, report::with_commas(t.bytes_after)});
  }
  PITH_CHECK_OK(ui.print(
      report::table(rows, {Align::left, Align::left, Align::left, Align::left, Align::left, Align::right})));
  return Exit::done;
}

std::shared_ptr<const ir::Constant> find_tensor(const ir::Model& model, const std::string& name) {
  for (const ir::GraphId graph_id : model.graphs()) {
    const ir::Graph& graph = model.graph(graph_id);
    for (const ir::ValueId id : graph.values()) {
      if (graph.value(id).constant != nullptr && graph.value(id).name == name)
        return graph.value(id).constant;
    }
  }
  return nullptr;
}

// The files that were made: their names for scripts, a sentence for people.
Result<void> show(const Args& args, const ModelFile& file, const std::vector<report::FileEntry>& made,
                  Ui& ui) {
  if (args.format == Format::json) return ui.print(report::to_json(file.entry(), made));
  if (args.quiet) return {};
  std::string text;
  if (args.format == Format::quiet) {
    for (const std::string& output : args.outputs) text += output + "\n";
    return ui.print(text);
  }
  for (const report::FileEntry& one : made) {
    text += fmt::format("{} ({} bytes) -> {} ({} bytes)\n", file.name(),
                        report::with_commas(file.total_bytes), one.name, report::with_commas(one.bytes));
  }
  return ui.print(text);
}

Result<Exit> extract(const Args& args, const ModelFile& file, Ui& ui) {
  if (args.outputs.size() != 1 || !args.outputs[0].ends_with(".npy")) {
    return fail(ErrorCode::usage, "--extract writes one .npy file", "pass -o tensor.npy");
  }
  const std::filesystem::path target = args.outputs[0];
  const std::vector<std::filesystem::path> inputs{file.path};
  PITH_CHECK_OK(OutputFile::check_target(target, args.force ? Overwrite::yes : Overwrite::no, inputs));
  const auto constant = find_tensor(file.model, args.extract);
  if (constant == nullptr) {
    return fail(ErrorCode::usage, fmt::format("{} has no tensor '{}'", file.name(), args.extract),
                "pith unpack --list shows the names");
  }
  PITH_TRY(const std::string bytes, engine::write_npy(to_dense(*constant)));
  PITH_CHECK_OK(write_file(target, bytes));
  const auto raw = std::as_bytes(std::span(bytes));
  PITH_CHECK_OK(show(args, file, {{target.filename().string(), raw.size(), report::sha256(raw)}}, ui));
  return Exit::done;
}

}  // namespace

Result<Exit> run_unpack(const Args& args, Ui& ui) {
  const bool writes_model = !args.list && args.extract.empty();
  std::vector<Target> targets;
  if (writes_model) {
    PITH_TRY(targets, check_targets(args));
    for (const Target& target : targets) {
      if (target.format != ModelFormat::onnx)
        return fail(ErrorCode::usage, "unpack writes .onnx files", "pass -o out.onnx");
    }
  }
  ui.progress.stage("reading");
  PITH_TRY(ModelFile file, load_model(args.model, load_options(args)));
  if (file.format != ModelFormat::pith) {
    return fail(ErrorCode::model, fmt::format("{}: is not a .pith file", file.name()),
                "unpack turns .pith files into .onnx");
  }
  if (args.list) return list(args, file, ui);
  if (!args.extract.empty()) return extract(args, file, ui);

  PITH_TRY(file.model, with_opset(file, args.opset));
  make_plain(file.model);
  ui.progress.stage("writing");
  std::vector<std::string> notes;
  std::vector<report::FileEntry> made;
  for (const Target& target : targets) {
    PITH_TRY(Shipped shipped, ship(file.model, target, ship_options(args), notes));
    PITH_CHECK_OK(shipped.commit());
    made.push_back(shipped.entry);
    made.insert(made.end(), shipped.data_entries.begin(), shipped.data_entries.end());
  }
  PITH_CHECK_OK(show(args, file, made, ui));
  return Exit::done;
}

}  // namespace pith::cli
