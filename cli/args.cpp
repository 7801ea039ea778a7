#include "cli/args.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "cli/presets.h"
#include "passes/nearest.h"

namespace pith::cli {
namespace {

// Groups of flags; each command takes those that mean something to it.
struct Takes {
  bool output = false;    // -o, -f
  bool compress = false;  // pipelines, dry runs
  bool data = false;      // --calib, --eval, metrics
};

// CLI11 would read "-3" as a very large unsigned number.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most = UINT64_MAX) {
  const auto check = [least, most](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && stop == end && number >= least && number <= most) return "";
    return most == UINT64_MAX ? fmt::format("'{}' is no whole number from {} on", text, least)
                              : fmt::format("'{}' is no whole number from {} to {}", text, least, most);
  };
  return {check, ""};
}

// Finite, and written as a number is: CLI11 would let "nan" through.
CLI::Validator number_from_zero() {
  const auto check = [](const std::string& text) -> std::string {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && stop == end && std::isfinite(number) && number >= 0) return "";
    return fmt::format("'{}' is no number from 0 on", text);
  };
  return {check, ""};
}

CLI::Validator share() {
  const auto check = [](const std::string& text) -> std::string {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && stop == end && number > 0 && number < 1) return "";
    return fmt::format("'{}' is no share between 0 and 1; write 0.5 for half of the samples", text);
  };
  return {check, ""};
}

class CommandLine {
 public:
  explicit CommandLine(Args& args) : args_(args), app_("Compresses trained ONNX models.", "pith") {
    app_.set_version_flag("--version", std::string("pith ") + PITH_VERSION, "Print the version and exit");
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.require_subcommand(1);
    app_.footer(presets_text());
    add_inspect();
    add_compare();
    add_compress();
    add_unpack();
    add_pack();
    add_verify();
    add_evaluate();
    add_sensitivity();
    add_passes();
    add_doctor();
  }

  Result<void> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      args_.text = help_of(app_);
      return {};
    } catch (const CLI::CallForVersion& version) {
      args_.text = std::string(version.what()) + "\n";
      return {};
    } catch (const CLI::ParseError& error) {
      return refuse(error, argc, argv);
    }
    args_.command = app_.get_subcommands().front()->get_name();
    return {};
  }

 private:
  CLI::App& command(const std::string& name, const std::string& summary, Takes takes) {
    CLI::App& sub = *app_.add_subcommand(name, summary);
    sub.set_help_flag("-h,--help", "Print this help and exit");
    if (takes.output) {
      add_list(sub, "-o,--output", args_.outputs, "File to write; .pith or .onnx");
      sub.add_flag("-f,--force", args_.force, "Overwrite, and write a result that is not smaller");
    }
    if (takes.compress) add_compress_flags(sub);
    if (takes.output) add_external_flags(sub);
    if (takes.data) add_data_flags(sub);
    add_general_flags(sub);
    return sub;
  }

  void add_external_flags(CLI::App& sub) {
    static const std::map<std::string, ExternalWeights> kWhen{{"auto", ExternalWeights::automatic},
                                                              {"always", ExternalWeights::always},
                                                              {"never", ExternalWeights::never}};
    add_choice(sub, "--external-data", args_.external_weights, kWhen,
               "Weights of an .onnx output in a file beside it: auto (above 2 GiB), always or never");
    sub.add_option("--data-file-size", args_.data_file_size, "Largest such file, as in 500MB or 2GiB")
        ->transform(CLI::AsSizeValue(/*kb_is_1000=*/true))
        ->check(whole_number(1))
        ->type_name("SIZE");
  }

  void add_codec_flag(CLI::App& sub) {
    static const std::map<std::string, std::string> kCodecs{
        {"auto", "auto"}, {"huffman", "huffman"}, {"fast", "fast"}, {"small", "small"}};
    add_choice(sub, "--codec", args_.codec, kCodecs,
               "Coders tried for a .pith file: huffman; fast as well; small as well (fewest bytes, slow); "
               "auto: small for up to 524,288 weights, else fast");
  }

  void add_cache_flag(CLI::App& sub) {
    sub.add_flag("--no-cache", args_.no_cache, "Neither take measurements of earlier runs nor keep any");
  }

  void add_selection_flags(CLI::App& sub) {
    add_list(sub, "--include", args_.include,
             "Only weights whose tensor or node name this regular expression finds");
    add_list(sub, "--exclude", args_.exclude, "Not the weights that this regular expression finds");
  }

  void add_compress_flags(CLI::App& sub) {
    sub.add_option("--pipeline", args_.pipeline,
                   "Passes in order: name{key=value}, name, ...; \"\" for none");
    sub.add_option("--recipe", args_.recipe, "File that holds the pipeline");
    sub.add_option("--preset", args_.preset, "Named pipeline, see pith --help");
    add_list(
        sub, "--budget", args_.budgets,
        "drop=0.5pt, metric>=0.89, size=5MB or ratio=20x: search for the plan that holds with the fewest "
        "bytes; needs --calib, and --eval for a metric on labels");
    sub.add_option("--holdout", args_.holdout,
                   "Keep this share of the --eval samples out of the search; they have the last word")
        ->check(share());
    add_cache_flag(sub);
    add_codec_flag(sub);
    sub.add_flag("-n,--dry-run", args_.dry_run, "Do everything but write the outputs");
    add_selection_flags(sub);
    sub.add_option("--report", args_.report, "Folder for report.json");
    sub.add_option("--seed", args_.seed, "Seed of every random choice")->check(whole_number(0));
    sub.add_flag("--strict", args_.strict, "Fail when a pass skips anything");
    add_opset(sub);
  }

  void add_opset(CLI::App& sub) {
    sub.add_option("--opset", args_.opset, "Convert to this operator set, or refuse")->check(whole_number(1));
  }

  void add_data_flags(CLI::App& sub) {
    sub.add_option("--eval", args_.eval, "Labelled data: PATH[,key=value...] (.npz, .npy, IDX)");
    sub.add_option("--calib", args_.calib, "Unlabelled data, to measure agreement with the reference");
    sub.add_option("--metric", args_.metric, "top1, agreement or mse");
    sub.add_option("--max-samples", args_.max_samples, "Use the first N samples only")
        ->check(whole_number(1));
    sub.add_option("--ort-lib", args_.ort_lib, "ONNX Runtime library to load");
  }

  void add_general_flags(CLI::App& sub) {
    static const std::map<std::string, Format> kFormats{
        {"human", Format::human}, {"json", Format::json}, {"quiet", Format::quiet}};
    static const std::map<std::string, ProgressKind> kProgress{{"auto", ProgressKind::automatic},
                                                               {"bar", ProgressKind::bar},
                                                               {"plain", ProgressKind::plain},
                                                               {"json", ProgressKind::json},
                                                               {"none", ProgressKind::none}};
    static const std::map<std::string, Color> kColors{
        {"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}};
    add_choice(sub, "--format", args_.format, kFormats, "What stdout carries: human, json or quiet");
    add_choice(sub, "--progress", args_.progress, kProgress, "auto, bar, plain, json or none, on stderr");
    add_choice(sub, "--color", args_.color, kColors, "auto, always or never");
    sub.add_option("-j,--threads", args_.threads, "Threads to use (default: one a core)")
        ->check(whole_number(1, 1024));
    sub.add_flag("-v", args_.verbosity, "Say more; twice for debugging");
    sub.add_flag("-q,--quiet", args_.quiet, "Say nothing but errors");
  }

  // A flag that may be repeated, each time with one value: what follows it is not swallowed.
  static void add_list(CLI::App& sub, const std::string& flag, std::vector<std::string>& target,
                       const std::string& help) {
    sub.add_option(flag, target, help)->take_all()->allow_extra_args(false);
  }

  template <class T>
  static void add_choice(CLI::App& sub, const std::string& flag, T& target,
                         const std::map<std::string, T>& values, const std::string& help) {
    sub.add_option_function<std::string>(
           flag,
           [&target, &values, flag](const std::string& text) {
             const auto found = values.find(text);
             std::vector<std::string> known;
             for (const auto& [name, value] : values) known.push_back(name);
             if (found == values.end()) {
               throw CLI::ValidationError(
                   flag, fmt::format("unknown value '{}'; {}", text, passes::suggestion(text, known)));
             }
             target = found->second;
           },
           help)
        ->type_name("NAME");
  }

  void add_model(CLI::App& sub) {
    sub.add_option("MODEL", args_.model, "An .onnx or .pith file")->required();
    sub.add_option("--data-root", args_.data_root,
                   "Folder in which links to the model's external data may be followed");
  }

  void add_inspect() {
    CLI::App& sub = command("inspect", "Show what a model is made of", {});
    add_model(sub);
    sub.add_flag("--no-entropy", args_.no_entropy, "Do not count distinct values, which takes longest");
    sub.add_option("--data", args_.data,
                   "Run the model once on this data, for shapes that the file leaves open: "
                   "PATH[,key=value...], or synthetic:n=1");
    add_run_flags(sub);
  }
  void add_compare() {
    static const std::map<std::string, bool> kSwitch{{"on", true}, {"off", false}};
    CLI::App& sub = command("compare", "Show what differs between two models", {});
    sub.add_option("A", args_.model, "An .onnx or .pith file")->required();
    sub.add_option("B", args_.other, "Another one")->required();
    sub.add_option("--calib", args_.calib,
                   "Data to compare outputs on: PATH[,key=value...], or synthetic:n=16");
    sub.add_option("--eval", args_.eval, "The same; labels are not used");
    sub.add_option("--max-samples", args_.max_samples, "Use the first N samples only")
        ->check(whole_number(1));
    sub.add_option("--tolerance", args_.tolerance,
                   "End with 1 when an output's largest error, relative to its largest value, is above this; "
                   "0: outputs must be equal bit for bit")
        ->check(number_from_zero());
    add_choice(sub, "--ort-optimizations", args_.ort_optimizations, kSwitch,
               "on or off (default on): ONNX Runtime's own; bits are only promised equal when off");
    add_run_flags(sub);
  }
  void add_run_flags(CLI::App& sub) {
    sub.add_option("--seed", args_.seed, "Seed of synthetic data")->check(whole_number(0));
    sub.add_option("--ort-lib", args_.ort_lib, "ONNX Runtime library to load");
  }
  void add_compress() {
    add_model(command("compress", "Compress a model and measure the result",
                      {.output = true, .compress = true, .data = true}));
  }
  void add_unpack() {
    CLI::App& sub = command("unpack", "Turn a .pith file back into plain ONNX", {.output = true});
    add_model(sub);
    sub.add_flag("--list", args_.list, "List the tensors instead");
    sub.add_option("--extract", args_.extract, "Write this tensor as .npy instead");
    add_opset(sub);
  }
  void add_pack() {
    CLI::App& sub = command("pack", "Store a model losslessly as .pith", {.output = true});
    add_model(sub);
    add_codec_flag(sub);
  }
  void add_verify() {
    add_model(command("verify", "Check every checksum and bound of a .pith file, and decode it once", {}));
  }
  void add_evaluate() {
    CLI::App& sub = command("evaluate", "Measure a model on data", {.data = true});
    add_model(sub);
    sub.add_option("--reference", args_.reference, "Model to agree with");
  }
  void add_sensitivity() {
    CLI::App& sub =
        command("sensitivity", "Show what each layer costs when it alone is rounded", {.data = true});
    add_model(sub);
    add_selection_flags(sub);
    add_cache_flag(sub);
    sub.add_option("--seed", args_.seed, "Seed of synthetic data")->check(whole_number(0));
  }
  void add_passes() {
    command("passes", "List the passes, or the options of one", {}).add_option("NAME", args_.pass, "A pass");
  }
  void add_doctor() {
    command("doctor", "Show versions, what was found, and what works here", {})
        .add_option("--ort-lib", args_.ort_lib, "ONNX Runtime library to load");
  }

  static std::string presets_text() {
    std::string text = "Presets:\n";
    for (const Preset& preset : kPresets) {
      text += fmt::format("  {:<10}{}\n            {}\n", preset.name, preset.summary, preset.pipeline);
    }
    return text +
           "\nExit codes: 0 done, 1 a comparison failed, 2 usage, 3 bad model, 4 bad data, 5 environment,\n"
           "6 not smaller, 7 own output failed its check, 70 internal error, 75 terminated, 130 interrupted";
  }

  // The help of the command that was asked, or of pith itself.
  static std::string help_of(const CLI::App& app) {
    for (const CLI::App* sub : app.get_subcommands()) return sub->help(app.get_name());
    return app.help();
  }

  std::unexpected<Error> refuse(const CLI::ParseError& error, int argc, const char* const* argv) const {
    const auto subs = app_.get_subcommands();
    const CLI::App& where = subs.empty() ? app_ : *subs.front();
    const std::string help = fmt::format("see pith {}--help", subs.empty() ? "" : where.get_name() + " ");
    const std::string what = error.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && what.ends_with("missing"))
      return fail(ErrorCode::usage, fmt::format("{} needs a value", what.substr(0, what.find(':'))), help);
    if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
      const std::size_t hint = what.find("; ");
      return fail(ErrorCode::usage, what.substr(0, hint),
                  hint == std::string::npos ? help : what.substr(hint + 2));
    }
    if (const std::string unknown = unknown_word(where, argc, argv); !unknown.empty()) {
      if (unknown.front() == '-') {
        const std::string flag = unknown.substr(0, unknown.find('='));
        return fail(ErrorCode::usage, fmt::format("unknown flag '{}'", flag),
                    passes::suggestion(flag, flags_of(where)));
      }
      if (subs.empty()) {
        return fail(ErrorCode::usage, fmt::format("unknown command '{}'", unknown),
                    passes::suggestion(unknown, names_of_commands()));
      }
      return fail(ErrorCode::usage, fmt::format("'{}' is one argument too many", unknown), help);
    }
    if (subs.empty()) return fail(ErrorCode::usage, "no command is named", help);
    return fail(ErrorCode::usage, what, help);
  }

  // The first word that nothing accounts for.
  std::string unknown_word(const CLI::App& where, int argc, const char* const* argv) const {
    if (const auto rest = where.remaining(true); !rest.empty()) return rest.front();
    if (const auto rest = app_.remaining(true); !rest.empty()) return rest.front();
    const auto known = flags_of(where);
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      const std::string name = word.substr(0, word.find('='));
      if (name.starts_with("--") && name.size() > 2 && std::ranges::find(known, name) == known.end())
        return name;
    }
    return "";
  }

  static std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
      for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
    }
    return flags;
  }

  std::vector<std::string> names_of_commands() const {
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(sub->get_name());
    return names;
  }

  Args& args_;
  CLI::App app_;
};

}  // namespace

Result<Args> parse_args(int argc, const char* const* argv) {
  Args args;
  args.argv.assign(argv, argv + argc);
  PITH_CHECK_OK(CommandLine(args).parse(argc, argv));
  return args;
}

}  // namespace pith::cli
