// Takes a folder of models through pipelines, all in one process, for the scripts beside this file.
//
//   conformance_driver --list               a line for each pass that keeps outputs: name, effect, pipeline
//   conformance_driver FOLDER VARIANT...    VARIANT is NAME=PIPELINE, NAME=pith:PIPELINE or
//   NAME=opsetN:PIPELINE
//
// Each FOLDER/MODEL.onnx becomes FOLDER/MODEL.VARIANT, plain ONNX as the command writes it; with `pith:` the
// result is written as a container and read back first, with `opsetN:` the model is converted to that
// operator set first. A line on stdout for each: model, variant, what
// happened ("written"; "same": nothing changed or the first variant's bytes, so no file; "refused";
// "broken"), a message. A model that cannot be done does not stop the others; a line is there before the next
// model begins.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/builtin_passes.h"
#include "cli/model_file.h"
#include "cli/presets.h"
#include "engine/model_runner.h"
#include "ir/onnx/convert_opset.h"
#include "passes/runner.h"

namespace pith {
namespace {

namespace fs = std::filesystem;

struct Variant {
  std::string name;
  bool container = false;
  std::optional<std::int64_t> opset;
  passes::Pipeline pipeline;
};

// The plain ONNX of a variant; nullopt when no pass of a pipeline changed anything (which the runner checks).
Result<std::optional<ir::Buffer>> make(ir::Model model, const Variant& variant) {
  if (variant.opset) {
    PITH_TRY(model, ir::onnx::convert_opset(model, *variant.opset));
  }
  static engine::OnnxRunner runner({});
  passes::PassContext context;
  context.runner = &runner;
  PITH_TRY(const auto records, passes::run(variant.pipeline, model, context));
  const auto idle = [](const passes::PassRecord& record) { return record.changes == 0; };
  if (!records.empty() && !variant.container && std::ranges::all_of(records, idle)) return std::nullopt;
  std::vector<std::string> notes;
  if (variant.container) {
    PITH_TRY(const ir::Pieces packed, cli::encode_model(model, cli::ModelFormat::pith, nullptr, notes));
    PITH_TRY(model, cli::decode_model(ir::Buffer::own(packed.joined()), cli::ModelFormat::pith));
  }
  PITH_TRY(const ir::Pieces file, cli::encode_model(model, cli::ModelFormat::onnx, nullptr, notes));
  return std::optional(ir::Buffer::own(file.joined()));
}

void say(const fs::path& model, const Variant& variant, std::string_view what, std::string message = {}) {
  std::ranges::replace_if(message, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  fmt::print("{}\t{}\t{}\t{}\n", model.stem().string(), variant.name, what, message);
}

// Makes one variant of a model. `first` is the result of the first variant, which this call may be about.
void take_through(const fs::path& path, const Result<cli::ModelFile>& file, const Variant& variant,
                  bool is_first, std::string& first) {
  if (!file) return say(path, variant, "refused", file.error().message());
  const auto made = make(file->model, variant);
  if (!made) return say(path, variant, "refused", made.error().message());
  if (!*made || (!is_first && (*made)->text() == first)) return say(path, variant, "same");
  const std::string_view result = (*made)->text();
  if (is_first) first = result;
  std::ofstream out(fs::path(path).replace_extension(variant.name), std::ios::binary);
  out << result << std::flush;
  say(path, variant, out ? "written" : "broken", out ? "" : "the result cannot be saved");
}

// Makes all variants of one model.
void take_through(const fs::path& path, const std::vector<Variant>& variants) {
  Result<cli::ModelFile> file = fail(ErrorCode::internal, "was not read");
  std::string first;
  for (const Variant& variant : variants) {
    const bool is_first = &variant == variants.data();
    try {
      if (is_first) file = cli::load_model(path);
      take_through(path, file, variant, is_first, first);
    } catch (const std::exception& error) {
      say(path, variant, "broken", error.what());
    }
  }
  std::fflush(stdout);
}

void list_passes() {
  const passes::PassRegistry registry = cli::builtin_passes();
  for (const auto& entry : registry.entries()) {
    if (entry.info.effect == passes::Effect::lossy) continue;
    const bool exact = entry.info.effect == passes::Effect::exact;
    fmt::print("{0}\t{1}\t{0}\n", entry.info.name, exact ? "exact" : "rounding");
  }
  const Result<cli::Preset> lossless = cli::find_preset("lossless");
  if (lossless) fmt::print("--preset lossless\tpreset\t{}\n", lossless->pipeline);
}

Result<Variant> parse_variant(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos)
    return fail(ErrorCode::usage, fmt::format("'{}' is not NAME=PIPELINE", text));
  Variant variant;
  variant.name = text.substr(0, equals);
  if (variant.name == "onnx") return fail(ErrorCode::usage, "the model itself ends in .onnx");
  text.remove_prefix(equals + 1);
  variant.container = text.starts_with("pith:");
  if (variant.container) text.remove_prefix(std::string_view("pith:").size());
  if (text.starts_with("opset")) {
    text.remove_prefix(std::string_view("opset").size());
    std::int64_t opset = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), opset);
    if (error != std::errc() || end == text.data() + text.size() || *end != ':')
      return fail(ErrorCode::usage, fmt::format("'{}' is not N:PIPELINE", text));
    variant.opset = opset;
    text = std::string_view(end + 1, text.data() + text.size());
  }
  PITH_TRY(variant.pipeline, passes::Pipeline::parse(text, cli::builtin_passes()));
  return variant;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1 && arguments.front() == "--list") {
    list_passes();
    return 0;
  }
  if (arguments.size() < 2) {
    fmt::print(stderr, "usage: conformance_driver --list | FOLDER VARIANT...\n");
    return 2;
  }
  std::vector<Variant> variants;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    Result<Variant> variant = parse_variant(arguments[i]);
    if (!variant) {
      fmt::print(stderr, "{}\n", variant.error().message());
      return 2;
    }
    variants.push_back(*std::move(variant));
  }
  std::vector<fs::path> models;
  for (const auto& file : fs::directory_iterator(arguments.front())) {
    if (file.path().extension() == ".onnx") models.push_back(file.path());
  }
  std::ranges::sort(models);
  for (const fs::path& model : models) take_through(model, variants);
  return 0;
}

}  // namespace
}  // namespace pith

int main(int count, char** arguments) {
  try {
    return pith::run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "conformance_driver: {}\n", error.what());
    return 70;
  }
}
