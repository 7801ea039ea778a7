// `compress`: read a model, run a pipeline, write the compact model and its
// report. The report measures the bytes that ship - decoded again - not the
// model that we happen to hold in memory.
#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/budgets.h"
#include "cli/builtin_passes.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/log.h"
#include "cli/presets.h"
#include "cli/selection.h"
#include "cli/ship.h"
#include "cli/signals.h"
#include "codec/entropy_code.h"
#include "codec/rate_model.h"
#include "engine/activations.h"
#include "engine/model_runner.h"
#include "passes/runner.h"
#include "report/json.h"
#include "report/text.h"

namespace pith::cli {
namespace {

// Shows which pass runs, and keeps what reproduces a broken one and the model before the first lossy pass.
class Watcher final : public passes::Observer {
 public:
  Watcher(Ui& ui, ir::Model model) : ui_(ui), exact_(std::move(model)) {}

  void before_pass(const passes::Pass& pass, std::size_t index, std::size_t count) override {
    ui_.progress.stage(fmt::format("{} ({} of {})", pass.info().name, index + 1, count));
    lossy_ = lossy_ || pass.info().effect == passes::Effect::lossy;
  }

  void after_pass(const passes::PassRecord& record, const ir::Model& model) override {
    log_note(fmt::format("{}: {} changes, {} skipped, {:.3f} s", record.name, record.changes,
                         record.skipped.size(), record.wall_seconds));
    if (!lossy_) exact_ = model;
  }

  void pass_broke(const passes::Pass& pass, const ir::Model& before) override {
    std::vector<std::string> notes;
    const auto file = encode_model(before, ModelFormat::pith, nullptr, notes);
    const std::filesystem::path path = std::filesystem::temp_directory_path() / "pith-reproducer.pith";
    if (file && write_file(path, *file)) {
      reproducer_ = fmt::format("pith compress -n {} --pipeline \"{}\"", path.string(), passes::print(pass));
    }
  }

  [[nodiscard]] const ir::Model& exact() const { return exact_; }
  [[nodiscard]] const std::string& reproducer() const { return reproducer_; }

 private:
  Ui& ui_;
  ir::Model exact_;
  bool lossy_ = false;
  std::string reproducer_;
};

Result<std::string> pipeline_text(const Args& args) {
  const int given = static_cast<int>(args.pipeline.has_value()) + static_cast<int>(!args.recipe.empty()) +
                    static_cast<int>(!args.preset.empty());
  if (given > 1)
    return fail(ErrorCode::usage, "--pipeline, --recipe and --preset exclude each other", "pass one of them");
  if (!args.codec.empty() && (args.pipeline || !args.recipe.empty())) {
    return fail(ErrorCode::usage, "--codec is for presets",
                fmt::format("write entropy-code{{coder={}}} in the pipeline", args.codec));
  }
  if (args.pipeline) return *args.pipeline;
  if (!args.recipe.empty()) {
    std::ifstream file(args.recipe, std::ios::binary);
    std::error_code error;  // a folder opens like a file, and throws when it is read
    if (!file || std::filesystem::is_directory(args.recipe, error))
      return fail(ErrorCode::usage, fmt::format("recipe {} cannot be read", args.recipe), "check the path");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  PITH_TRY(const Preset preset, find_preset(args.preset.empty() ? kDefaultPreset : args.preset));
  const bool searched = args.preset.empty() && !args.budgets.empty();
  std::string text(searched ? kBudgetPipeline : preset.pipeline);
  PITH_ASSERT(text.ends_with("entropy-code"), "a preset that does not end with entropy-code");
  // A budget asks for the fewest bytes.
  const std::string codec = args.codec.empty() && searched ? "small" : args.codec;
  if (codec.empty()) return text;
  return text + fmt::format("{{coder={}}}", codec);
}

Result<void> check_report_folder(const Args& args) {
  if (args.report.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(args.report, error);
  if (error || !std::filesystem::is_directory(args.report)) {
    return fail(ErrorCode::environment, fmt::format("report folder {} cannot be made", args.report),
                "name a folder that can be written to");
  }
  return OutputFile::check_target(std::filesystem::path(args.report) / "report.json", Overwrite::yes, {});
}

Result<void> save_report(const Args& args, const report::CompressReport& report) {
  if (args.report.empty() || args.dry_run) return {};
  return write_file(std::filesystem::path(args.report) / "report.json", report::to_json(report));
}

Result<void> show(const Args& args, const report::CompressReport& report, Ui& ui) {
  switch (args.format) {
    case Format::json:
      return ui.print(report::to_json(report));
    case Format::quiet: {
      std::string names;
      for (const std::string& output : args.outputs) names += output + "\n";
      return ui.print(names);
    }
    case Format::human:
      break;
  }
  if (args.quiet) return {};
  return ui.print(
      report::to_text(report, args.verbosity > 0 ? report::Detail::everything : report::Detail::summary));
}

Result<void> check_strict(const Args& args, const std::vector<passes::PassRecord>& records) {
  if (!args.strict) return {};
  for (const auto& record : records) {
    if (record.skipped.empty()) continue;
    const auto& first = record.skipped.front();
    return fail(ErrorCode::model, fmt::format("{} skipped {}: {}", record.name, first.where, first.reason),
                "leave out --strict to carry it through as it is");
  }
  return {};
}

bool writes_container(const std::vector<Target>& targets) {
  return std::ranges::any_of(targets,
                             [](const Target& target) { return target.format == ModelFormat::pith; });
}

void add_warnings(report::CompressReport& report, const passes::Pipeline& pipeline,
                  const std::vector<Target>& targets, bool explicit_pipeline) {
  const bool any_container = writes_container(targets);
  for (const auto& pass : pipeline.passes()) {
    if (explicit_pipeline && !any_container && pass->info().name == "entropy-code") {
      report.warnings.emplace_back(
          "entropy-code has no effect in an .onnx file; only .pith keeps what it gains");
    }
  }
  const bool lossy = std::ranges::any_of(
      pipeline.passes(), [](const auto& pass) { return pass->info().effect == passes::Effect::lossy; });
  if (!report.quality && lossy) {
    report.warnings.emplace_back("the accuracy was not measured; pass --eval or --calib");
  }
}

std::string suggestion(const Args& args, const report::CompressReport& report, const Target& shipped) {
  const std::string output = shipped.path.filename().string();
  if (args.dry_run) return "run it again without -n to write the file";
  if (!report.quality) return fmt::format("pith evaluate {} --eval DATA", output);
  if (shipped.format == ModelFormat::pith)
    return fmt::format("pith unpack {} -o {}.onnx", output, shipped.path.stem().string());
  return fmt::format("pith inspect {}", output);
}

// Everything that can be refused cheaply, refused before the model is read.
struct Plan {
  std::string text;
  passes::Pipeline pipeline;
  passes::PassContext context;
  std::vector<Target> targets;
  Budgets budgets;
};

Result<Plan> make_plan(const Args& args, const passes::PassRegistry& registry, const Ui& ui) {
  Plan plan;
  PITH_TRY(plan.text, pipeline_text(args));
  PITH_TRY(plan.pipeline, passes::Pipeline::parse(plan.text, registry));
  PITH_CHECK_OK(plan.pipeline.check(
      {.calibration = !args.calib.empty(), .evaluator = !args.eval.empty(), .training = false}));
  PITH_TRY(plan.budgets, Budgets::parse(args, plan.pipeline));
  PITH_CHECK_OK(select_weights(args, plan.context));
  PITH_TRY(plan.targets, check_targets(args));
  PITH_CHECK_OK(check_report_folder(args));
  plan.context.keeps_encodings = writes_container(plan.targets);
  plan.context.threads = ui.threads();
  plan.context.seed = args.seed;
  plan.context.cancelled = stop_requested;
  return plan;
}

std::string plans_judged(std::uint64_t looks) {
  return looks == 1 ? "where one plan was judged" : fmt::format("where {} plans were judged", looks);
}

// The coder of the codes that are written.
Result<codec::CoderChoice> coder_of(const Plan& plan, const ir::Model& model) {
  using codec::EntropyCode;
  if (!plan.context.keeps_encodings) return codec::CoderChoice::huffman;
  for (const auto& pass : plan.pipeline.passes()) {
    if (pass->info().name != EntropyCode::kInfo.name) continue;
    PITH_TRY(const auto options, passes::parse_options<EntropyCode::Options>(pass->settings()));
    return EntropyCode::choice_for(model, options);
  }
  return codec::CoderChoice::huffman;
}

}  // namespace

Result<Exit> run_compress(const Args& args, Ui& ui) {
  const passes::PassRegistry registry = builtin_passes();
  PITH_TRY(Plan plan, make_plan(args, registry, ui));
  PITH_TRY(auto evaluation, Evaluation::open(args, ui));
  PITH_TRY(const auto calibration, calibration_data(args, evaluation));

  ui.progress.stage("reading");
  PITH_TRY(const ModelFile original, load_model(args.model, load_options(args)));
  report::CompressReport report;
  report.pipeline = plan.text;
  report.resolved = plan.pipeline.print();
  // Only the report in full shows what the operators compute and the values are like.
  const bool in_full = args.full_report();
  const auto size_of = [&](const ir::Model& model, report::Storage storage, std::uint64_t bytes) {
    return report::size_of(model, storage, bytes, in_full ? report::count_macs(model) : report::MacCount());
  };
  report.before = size_of(original.model, storage_of(original.format), original.total_bytes);
  if (evaluation) {
    PITH_TRY(const ir::Buffer runnable_original, runnable(original));
    PITH_CHECK_OK(evaluation->measure_reference(runnable_original));
  }

  engine::OnnxRunner runner(args.ort_lib);
  plan.context.runner = &runner;
  PITH_TRY(const codec::CoderChoice coder, coder_of(plan, original.model));
  const codec::AdaptiveRate rate(coder);
  plan.context.rate = &rate;
  std::optional<engine::OnnxActivations> activations;
  if (calibration) {
    PITH_TRY(const auto runtime, engine::Runtime::load(args.ort_lib));
    activations.emplace(runtime, *calibration, args.max_samples, ui.threads());
    plan.context.activations = &*activations;
  }
  if (plan.budgets.any()) {
    PITH_TRY(const auto runtime, engine::Runtime::load(args.ort_lib));
    PITH_CHECK_OK(plan.budgets.install(ui, {runtime, *calibration}, original, *evaluation, plan.context,
                                       plan.targets.front().format, plan.pipeline));
    // Without the options that the search chooses for each layer.
    report.resolved = plan.pipeline.print();
  }
  PITH_TRY(ir::Model model, with_opset(original, args.opset));
  Watcher watcher(ui, model);
  passes::Observer* observers[] = {&watcher};
  try {
    PITH_TRY(report.passes, passes::run(plan.pipeline, model, plan.context, observers));
  } catch (const InternalError& error) {
    const std::string& how = watcher.reproducer();
    throw InternalError(how.empty() ? error.what()
                                    : fmt::format("{}; reproduce it with: {}", error.what(), how));
  }
  PITH_CHECK_OK(check_strict(args, report.passes));

  ui.progress.stage("writing");
  std::vector<Shipped> shipped;
  for (const Target& target : plan.targets) {
    PITH_TRY(Shipped one, ship(model, target, ship_options(args), report.warnings));
    report.outputs.push_back(one.entry);
    report.outputs.insert(report.outputs.end(), one.data_entries.begin(), one.data_entries.end());
    shipped.push_back(std::move(one));
  }
  const Shipped& main = shipped.front();
  const report::Storage storage = storage_of(main.target.format);
  report.after = size_of(main.model, storage, main.total_bytes());
  report.tensors = report::measure_tensors(
      original.model, storage_of(original.format), watcher.exact(), main.model, storage,
      {.statistics = in_full ? report::Statistics::everything : report::Statistics::none,
       .threads = ui.threads()});
  if (evaluation) {
    PITH_TRY(const ir::Buffer runnable_result, runnable(main.model));
    PITH_TRY(auto searched, evaluation->measure(runnable_result, "evaluating the result"));
    if (evaluation->holds_out()) {
      report.holdout = {.share = *args.holdout, .searched = std::move(searched)};
      PITH_TRY(searched, evaluation->measure(runnable_result, "evaluating the result on samples held out",
                                             Evaluation::Samples::held_out));
    }
    report.quality = std::move(searched);
  }
  PITH_CHECK_OK(plan.context.keep_going());

  Exit exit = Exit::done;
  if (!plan.budgets.judge(report)) {
    exit = Exit::failed;
    report.status = "over_budget";
    report.outputs.clear();
  }
  std::string larger;
  for (const Shipped& one : shipped) {
    if (one.total_bytes() >= original.total_bytes && !args.force && larger.empty()) larger = one.entry.name;
  }
  if (exit == Exit::done && !larger.empty()) {
    exit = Exit::not_smaller;
    report.status = "not_smaller";
    report.outputs.clear();
  }
  report.exit_code = static_cast<int>(exit);
  report.inputs.push_back(original.entry());
  add_warnings(report, plan.pipeline, plan.targets, args.pipeline.has_value());
  report.suggestion = suggestion(args, report, main.target);
  report.environment = ui.environment(evaluation ? evaluation->runtime_version() : "");
  report.invocation = ui.invocation();
  PITH_CHECK_OK(save_report(args, report));  // also when the result is refused
  if (exit == Exit::not_smaller) {
    return fail(
        ErrorCode::not_smaller,
        fmt::format("{}: the result is not smaller than {}; nothing was written", larger, original.name()),
        "pass -f to write it all the same");
  }
  if (exit == Exit::done) {
    for (Shipped& one : shipped) PITH_CHECK_OK(one.commit());
  }
  PITH_CHECK_OK(show(args, report, ui));
  if (exit == Exit::failed) {
    ui.progress.finish();
    log_error(
        report.holdout
            ? fmt::format("a budget does not hold on the {} samples held out of the search, {}; nothing "
                          "was written",
                          report.quality->samples, plans_judged(report.holdout->looks))
            : "a budget does not hold with any plan that was tried; nothing was written");
  }
  return exit;
}

}  // namespace pith::cli
