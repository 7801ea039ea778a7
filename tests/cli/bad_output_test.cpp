// Outputs that must not be written, or cannot be.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

std::vector<std::string> compress_to(const std::string& output) {
  return {"compress", kLenet, "-o", output};
}

TEST_CASE("bad output: names that are none") {
  const Workbench bench;
  check_refused(bench, compress_to("out"), 2, {"'out'", ".pith", ".onnx"});
  check_refused(bench, compress_to("out.bin"), 2, {"'out.bin'", ".pith", ".onnx"});
  check_refused(bench, compress_to(""), 2, {"-o"});
  check_refused(bench, {"compress", kLenet}, 2, {"-o"});
  check_refused(bench, {"pack", kLenet, "-o", "out.onnx"}, 2, {"'out.onnx'", ".pith"});
  check_refused(bench, {"compress", kLenet, "-o", "a.pith", "-o", "a.pith"}, 2, {"a.pith", "twice"});
  check_refused(bench, {"compress", kLenet, "-o", "a.pith", "-o", "./a.pith"}, 2, {"a.pith", "twice"});
}

TEST_CASE("bad output: what exists stays") {
  const Workbench bench;
  bench.write("old.pith", "old");
  check_refused(bench, compress_to("old.pith"), 2, {"old.pith: exists already", "-f"});
  check_refused(bench, {"compress", kLenet, "-o", "new.pith", "-o", "old.pith"}, 2,
                {"old.pith: exists already"});
  // -f overwrites, but not when the run fails.
  bench.write("empty.npz", "");
  check_refused(bench, {"compress", kLenet, "-o", "old.pith", "-f", "--eval", "empty.npz"}, 4, {"empty.npz"});
  check_refused(bench, {"compress", "missing.onnx", "-o", "old.pith", "-f"}, 3, {"missing.onnx"});
  check_refused(bench, {"compress", kLenet, "-o", "old.pith", "-f", "--strict", "--pipeline", "prume"}, 2,
                {"prume"});
  bench.done({"compress", kLenet, "-o", "old.pith", "-f"});
  CHECK(bench.read("old.pith").size() > 100000);
}

TEST_CASE("bad output: an input by any name") {
  const Workbench bench;
  fs::copy_file(kLenet, bench / "in.onnx");
  fs::create_hard_link(bench / "in.onnx", bench / "link.onnx");
  for (const std::string output : {"in.onnx", "./in.onnx", "link.onnx"})
    check_refused(bench, {"compress", "in.onnx", "-o", output, "-f"}, 2, {"is also an input"});
  bench.done({"pack", "in.onnx", "-o", "in.pith"});
  check_refused(bench, {"compress", "in.pith", "-o", "in.pith", "-f"}, 2, {"is also an input"});
}

TEST_CASE("bad output: folders, links and devices") {
  const Workbench bench;
  fs::create_directory(bench / "folder.pith");
  fs::create_symlink("elsewhere.pith", bench / "dangling.pith");
  bench.write("target.pith", "old");
  fs::create_symlink("target.pith", bench / "link.pith");
  REQUIRE(::mkfifo((bench / "fifo.pith").c_str(), 0600) == 0);
  bench.write("file", "");
  for (const std::string name : {"folder.pith", "dangling.pith", "link.pith", "fifo.pith"}) {
    check_refused(bench, {"compress", kLenet, "-o", name, "-f"}, 2, {name + ": is a "});
    check_refused(bench, {"pack", kLenet, "-o", name, "-f"}, 2, {name + ": is a "});
  }
  check_refused(bench, compress_to("missing/out.pith"), 5, {"out.pith: its folder does not exist"});
  check_refused(bench, compress_to("file/out.pith"), 5, {"out.pith: its folder does not exist"});
}

TEST_CASE("bad output: a report folder that cannot be one") {
  const Workbench bench;
  bench.write("file", "");
  fs::create_directories(bench / "taken/report.json");
  for (const std::string name : {"file", "file/below"})
    check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--report", name}, 5,
                  {"report folder " + name});
  check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--report", "taken"}, 2,
                {"report.json: is a folder"});
}

TEST_CASE("bad output: a full disk") {
  const Workbench bench;
  bench.write("old.pith", "old");
  RunOptions full;
  full.largest_file = 64 * 1024;
  check_refused(bench, compress_to("out.pith"), 5, {"out.pith: ", "free space"}, full);
  check_refused(bench, compress_to("out.onnx"), 5, {"out.onnx: ", "free space"}, full);
  check_refused(bench, {"pack", kLenet, "-o", "old.pith", "-f"}, 5, {"old.pith: ", "free space"}, full);
  // One output fits, the other does not: neither appears.
  full.largest_file = 250'000;
  check_refused(bench, {"compress", kLenet, "-o", "small.pith", "-o", "large.onnx"}, 5, {"large.onnx: "},
                full);
  bench.done({"pack", kLenet, "-o", "in.pith"});
  check_refused(bench, {"unpack", "in.pith", "-o", "out.onnx"}, 5, {"out.onnx: ", "free space"}, full);
  check_refused(bench, {"unpack", "in.pith", "--extract", "fc1.weight", "-o", "t.npy"}, 5, {"t.npy: "}, full);
}

TEST_CASE("bad output: a full file system") {
  const Workbench bench;
  fs::create_directory(bench / "small");
  // A mount of our own, which nobody else sees.
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", (bench / "small").c_str(), "tmpfs", 0, "size=64k") != 0) {
    WARN("a small file system cannot be mounted here: not tested");
    return;
  }
  check_refused(bench, compress_to("small/out.pith"), 5,
                {"out.pith: cannot be written: No space left on device"});
  bench.write("small/filler", std::string(60 * 1024, 'x'));
  check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--report", "small"}, 5,
                {"report.json: ", "No space left on device"});
  CHECK(::umount((bench / "small").c_str()) == 0);
}

TEST_CASE("bad output: stdout that takes nothing") {
  const Workbench bench;
  RunOptions full;
  full.stdout_to = "/dev/full";
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"--version"}, {"inspect", kLenet}, {"passes"}, {"compress", kLenet, "-n"}}) {
    CAPTURE(arguments);
    const CommandRun run = bench.pith(arguments, full);
    CHECK(run.exit_code == 5);
    CHECK(error_of(run).find("stdout") != std::string::npos);
  }
  // The file was complete before there was anything to print.
  CHECK(bench.pith(compress_to("out.pith"), full).exit_code == 5);
  bench.done({"verify", "out.pith"});
}

TEST_CASE("bad output: not smaller") {
  const Workbench bench;
  bench.write("tiny.onnx", tiny_model());
  check_refused(bench, {"compress", "tiny.onnx", "-o", "out.pith"}, 6,
                {"out.pith: ", "not smaller than tiny.onnx", "-f"});
  check_refused(bench, {"compress", "tiny.onnx", "-o", "out.onnx"}, 6, {"out.onnx: ", "not smaller"});
  check_refused(bench, {"pack", "tiny.onnx", "-o", "out.pith"}, 6, {"out.pith: ", "not smaller"});
  // The report says why.
  const CommandRun run = bench.pith({"compress", "tiny.onnx", "-o", "out.pith", "--report", "why"});
  CHECK(run.exit_code == 6);
  const auto report = nlohmann::json::parse(bench.read("why/report.json"));
  CHECK(JsonSchema::of_reports().violations(report) == std::vector<std::string>{});
  CHECK(report["status"] == "not_smaller");
  CHECK(report["exit_code"] == 6);
  CHECK(report["outputs"].empty());
  CHECK_FALSE(fs::exists(bench / "out.pith"));
  const CommandRun forced = bench.done({"compress", "tiny.onnx", "-o", "out.pith", "-f"});
  CHECK(forced.out.find("x larger") != std::string::npos);
  bench.done({"verify", "out.pith"});
}

TEST_CASE("bad environment: no ONNX Runtime") {
  const Workbench bench;
  fs::create_directory(bench / "empty");
  RunOptions without;
  for (const std::string name : {"HOME", "PITH_CACHE", "XDG_CACHE_HOME"})
    without.environment.emplace_back(name, bench / "empty");
  for (const std::string name : {"PITH_ORT_LIB", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH"})
    without.environment.emplace_back(name, std::nullopt);
  bench.done({"compress", kLenet, "-o", "free.pith"}, without);  // nothing to measure, nothing needed
  const CommandRun doctor = bench.pith({"doctor"}, without);
  if (doctor.exit_code == 0) {
    WARN("ONNX Runtime is where every program finds it: its absence is not tested");
  } else {
    CHECK(doctor.exit_code == 5);
    CHECK(doctor.out.find("NOT OK  ONNX Runtime") != std::string::npos);
    check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--eval", kLenetTest}, 5,
                  {"ONNX Runtime was not found", "setup.sh", "--ort-lib", "pith doctor"}, without);
    check_refused(bench, {"evaluate", kLenet, "--eval", kLenetTest}, 5, {"ONNX Runtime was not found"},
                  without);
  }
  // A path that the user names is the only one that counts.
  bench.write("text.so", "no library");
  for (const std::string name : {"text.so", "missing.so"}) {
    check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--eval", kLenetTest, "--ort-lib", name}, 5,
                  {"--ort-lib", name});
    RunOptions named;
    named.environment.emplace_back("PITH_ORT_LIB", bench / name);
    check_refused(bench, {"evaluate", kLenet, "--eval", kLenetTest}, 5, {"PITH_ORT_LIB", name}, named);
  }
}

}  // namespace
}  // namespace pith::test
