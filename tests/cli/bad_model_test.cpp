// Files that are no model, or no longer one.
#include "cli/model_file.h"
#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

// Every command that reads a model, reading this one.
std::vector<std::vector<std::string>> readers(const std::string& model) {
  return {{"inspect", model},
          {"verify", model},
          {"compress", model, "-o", "out.pith"},
          {"compress", model, "-o", "out.onnx"},
          {"pack", model, "-o", "out.pith"},
          {"unpack", model, "-o", "out.onnx"},
          {"unpack", model, "--list"},
          {"evaluate", model, "--eval", kLenetTest}};
}

TEST_CASE("bad model: missing, a folder, empty, random") {
  const Workbench bench;
  fs::create_directory(bench / "folder.onnx");
  bench.write("empty.onnx", "");
  bench.write("random.onnx", random_bytes(5000, 1));
  bench.write("random.pith", "pith" + random_bytes(5000, 2));
  bench.write("text.onnx", "this is a text about a model\n");
  for (const std::string name :
       {"missing.onnx", "folder.onnx", "empty.onnx", "random.onnx", "random.pith", "text.onnx"}) {
    for (const auto& arguments : readers(name)) check_refused(bench, arguments, 3, {name + ": "});
  }
  for (const auto& arguments : readers("no/such/folder/m.onnx"))
    check_refused(bench, arguments, 3, {"m.onnx: cannot be opened"});
}

TEST_CASE("bad model: cut off") {
  const Workbench bench;
  const std::string whole = read_file(kLenet);
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    bench.write("cut.onnx", whole.substr(0, size));
    check_refused(bench, {"compress", "cut.onnx", "-o", "out.pith"}, 3, {"cut.onnx: "});
  }
  bench.done({"pack", kLenet, "-o", "whole.pith"});
  const std::string packed = bench.read("whole.pith");
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, packed.size() / 2, packed.size() - 1}) {
    bench.write("cut.pith", packed.substr(0, size));
    check_refused(bench, {"verify", "cut.pith"}, 3, {"cut.pith: "});
    check_refused(bench, {"unpack", "cut.pith", "-o", "out.onnx"}, 3, {"cut.pith: "});
  }
  bench.write("long.pith", packed + "x");
  check_refused(bench, {"verify", "long.pith"}, 3, {"long.pith: "});
}

TEST_CASE("bad model: no byte of a .pith file may change") {
  const Workbench bench;
  bench.write("small.onnx", small_model());
  bench.done({"compress", "small.onnx", "-o", "small.pith"});
  const std::string sound = bench.read("small.pith");
  REQUIRE(cli::load_model(bench / "small.pith"));
  // All of them, through what every command reads models with.
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (const int mask : {1 << (at % 8), 0xff}) {
      std::string damaged = sound;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      bench.write("damaged.pith", damaged);
      const auto model = cli::load_model(bench / "damaged.pith");
      CAPTURE(at, mask);
      REQUIRE_FALSE(model);
      CHECK(model.error().code() == ErrorCode::model);
      CHECK(model.error().message().starts_with("damaged.pith: "));
    }
  }
  // Some of them, through the command.
  const std::size_t step = sound.size() / 20;
  for (std::size_t at = 0; at < sound.size(); at += step) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    bench.write("damaged.pith", damaged);
    check_refused(bench, {"verify", "damaged.pith"}, 3, {"damaged.pith: "});
    check_refused(bench, {"unpack", "damaged.pith", "-o", "out.onnx"}, 3, {"damaged.pith: "});
  }
}

TEST_CASE("bad model: any byte of an .onnx file may change, and nothing breaks") {
  const Workbench bench;
  const std::string sound = tiny_model();
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    bench.write("damaged.onnx", damaged);
    const CommandRun run = bench.pith({"compress", "damaged.onnx", "-o", "out.pith", "-f"});
    CAPTURE(at, run.err);
    CHECK((run.exit_code == 0 || run.exit_code == 3));
    CHECK(fs::exists(bench / "out.pith") == (run.exit_code == 0));
    fs::remove(bench / "out.pith");
    CHECK(bench.contents().size() == 1);
  }
}

TEST_CASE("bad model: what only .pith files can do") {
  const Workbench bench;
  check_refused(bench, {"verify", kLenet}, 3, {"lenet-300-100.onnx: ", ".pith"});
  check_refused(bench, {"unpack", kLenet, "-o", "out.onnx"}, 3, {"lenet-300-100.onnx: ", ".pith"});
}

TEST_CASE("bad model: --strict refuses what a pass had to skip") {
  const Workbench bench;
  bench.write("flat.onnx", flat_model());
  const std::vector<std::string> lenient{"compress",   "flat.onnx",    "-o", "out.pith",
                                         "--pipeline", "entropy-code", "-f"};
  const CommandRun run = bench.done([&] {
    auto verbose = lenient;
    verbose.emplace_back("-v");
    return verbose;
  }());
  CHECK(run.out.find("entropy-code skipped tensor 'flat': ") != std::string::npos);
  fs::remove(bench / "out.pith");
  auto strict = lenient;
  strict.emplace_back("--strict");
  check_refused(bench, strict, 3, {"entropy-code skipped", "flat", "--strict"});
}

}  // namespace
}  // namespace pith::test
