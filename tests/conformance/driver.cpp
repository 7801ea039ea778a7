// Takes a folder of models through pipelines, all in one process, for the scripts beside this file.
//
//   conformance_driver --list               a line for each pass that keeps outputs: name, effect, pipeline
//   conformance_driver FOLDER VARIANT...    VARIANT is NAME=PIPELINE or NAME=pith:PIPELINE
//
// Each FOLDER/MODEL.onnx becomes FOLDER/MODEL.VARIANT, plain ONNX as the command writes it; with `pith:` the
// result is written as a container and read back first. A line on stdout for each: model, variant, what
// happened ("written"; "same": the bytes of the first variant, so no file; "refused"; "broken"), a message.
// A model that cannot be done does not stop the others; a line is there before the next model begins.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/builtin_passes.h"
#include "cli/model_file.h"
#include "cli/presets.h"
#include "passes/runner.h"

namespace pith {
namespace {

namespace fs = std::filesystem;

struct Variant {
  std::string name;
  bool container = false;
  passes::Pipeline pipeline;
};

Result<ir::Buffer> make(const fs::path& path, const Variant& variant) {
  PITH_TRY(cli::ModelFile file, cli::load_model(path));
  passes::PassContext context;
  PITH_TRY([[maybe_unused]] const auto records, passes::run(variant.pipeline, file.model, context));
  std::vector<std::string> notes;
  if (variant.container) {
    PITH_TRY(const ir::Buffer packed, cli::encode_model(file.model, cli::ModelFormat::pith, notes));
    PITH_TRY(file.model, cli::decode_model(packed, cli::ModelFormat::pith));
  }
  return cli::encode_model(file.model, cli::ModelFormat::onnx, notes);
}

void say(const fs::path& model, const Variant& variant, std::string_view what, std::string message = {}) {
  std::ranges::replace_if(message, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  fmt::print("{}\t{}\t{}\t{}\n", model.stem().string(), variant.name, what, message);
}

// Makes all variants of one model.
void take_through(const fs::path& model, const std::vector<Variant>& variants) {
  std::string first;
  for (const Variant& variant : variants) {
    try {
      const Result<ir::Buffer> made = make(model, variant);
      if (!made) {
        say(model, variant, "refused", made.error().message());
        continue;
      }
      if (&variant != variants.data() && made->text() == first) {
        say(model, variant, "same");
        continue;
      }
      if (&variant == variants.data()) first = made->text();
      std::ofstream file(fs::path(model).replace_extension(variant.name), std::ios::binary);
      file << made->text() << std::flush;
      say(model, variant, file ? "written" : "broken", file ? "" : "the result cannot be saved");
    } catch (const std::exception& error) {
      say(model, variant, "broken", error.what());
    }
  }
  std::fflush(stdout);
}

void list_passes() {
  for (const auto& entry : cli::builtin_passes().entries()) {
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
  text.remove_prefix(equals + 1);
  variant.container = text.starts_with("pith:");
  if (variant.container) text.remove_prefix(std::string_view("pith:").size());
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
