// Whenever and however a run ends, the output is the old file or the complete new one.
#include <csignal>
#include <random>

#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

const std::vector<std::string> kCompress{"compress", kLenet, "-o", "out.pith", "-f", "-q"};

// What a run that nobody disturbs writes.
std::string undisturbed() {
  const Workbench bench;
  bench.done(kCompress);
  return bench.read("out.pith");
}

void clean(const Workbench& bench) {
  for (const auto& entry : fs::directory_iterator(bench.folder())) fs::remove_all(entry);
}

// SIGKILL cannot be cleaned up after: a temporary file may stay, but nothing else.
void check_only_output_and_temporary(const Workbench& bench) {
  for (const auto& [name, bytes] : bench.contents()) {
    CAPTURE(name);
    CHECK((name == "out.pith" || name.ends_with(".pith-tmp")));
  }
}

bool have(const std::string& program) {
  try {
    return run_command({program, "-V"}).exit_code == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// The command for strace to disturb. A sanitizer makes system calls of its own, which would be counted and
// made to fail too, so scripts/test.sh names the release build; empty when there is none.
std::string traced_command() {
  if (const char* given = std::getenv("PITH_TRACED_COMMAND"); given != nullptr) return given;
#ifdef __SANITIZE_ADDRESS__
  return "";
#else
  return PITH_COMMAND;
#endif
}

// Whether faults can be injected; says so when not.
bool can_trace() {
  if (!have("strace")) WARN("strace is not here: not tested");
  if (traced_command().empty()) WARN("PITH_TRACED_COMMAND names no command without sanitizers: not tested");
  return have("strace") && !traced_command().empty();
}

TEST_CASE("kill: at random moments the old output or the new one is there, whole") {
  const std::string old_bytes = "the old output";
  const std::string new_bytes = undisturbed();
  const Workbench bench;
  std::chrono::microseconds longest{0};
  // Without sanitizers it is over sooner, and is what users run.
  const std::string command = traced_command().empty() ? PITH_COMMAND : traced_command();
  for (int i = 0; i < 3; ++i) {
    const CommandRun run = bench.run({command}, kCompress);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    longest = std::max(longest, run.took);
  }
  std::mt19937 random(1);
  int killed = 0;
  int replaced = 0;
  constexpr int kRuns = 150;
  for (int i = 0; i < kRuns; ++i) {
    clean(bench);
    bench.write("out.pith", old_bytes);
    RunOptions options;
    options.signal = PlannedSignal{SIGKILL, longest * static_cast<int>(random() % 1000) / 1000, ""};
    const CommandRun run = bench.run({command}, kCompress, options);
    killed += run.signal == SIGKILL ? 1 : 0;
    CHECK((run.signal == SIGKILL || run.exit_code == 0));
    const std::string bytes = bench.read("out.pith");
    replaced += bytes == new_bytes ? 1 : 0;
    CHECK((bytes == old_bytes || bytes == new_bytes));
    CHECK((run.signal == SIGKILL || bytes == new_bytes));
    check_only_output_and_temporary(bench);
  }
  INFO(killed << " of " << kRuns << " runs were killed, " << replaced << " had written");
  CHECK(killed > kRuns / 3);
}

// Runs the command under strace with one fault: "fsync:error=EIO:when=1".
CommandRun run_with_fault(const Workbench& bench, const std::string& fault) {
  std::vector<std::string> argv{"strace",        "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + fault,
                                traced_command()};
  argv.insert(argv.end(), kCompress.begin(), kCompress.end());
  RunOptions options;
  options.folder = bench.folder();
  return run_command(argv, options);
}

TEST_CASE("kill: at every system call that touches files") {
  if (!can_trace()) return;
  const std::string new_bytes = undisturbed();
  const Workbench bench;
  // The first time that a call is made, the second, and so on, until a run is no longer killed.
  for (const std::string call : {"write", "fchmod", "fsync", "rename", "unlink", "ftruncate", "close"}) {
    bool finished = false;
    for (int at = 1; !finished; ++at) {
      REQUIRE(at < 200);
      clean(bench);
      bench.write("out.pith", "old");
      const CommandRun run = run_with_fault(bench, call + ":signal=SIGKILL:when=" + std::to_string(at));
      CAPTURE(call, at, run.err);
      finished = run.exit_code == 0 && run.signal == 0;
      const std::string bytes = bench.read("out.pith");
      CHECK((bytes == "old" || bytes == new_bytes));
      CHECK((!finished || bytes == new_bytes));
      check_only_output_and_temporary(bench);
      if (finished && (call == "write" || call == "fsync" || call == "rename")) CHECK(at > 1);
    }
  }
}

TEST_CASE("kill: every call that writes the output may fail") {
  if (!can_trace()) return;
  const Workbench bench;
  for (const std::string fault :
       {"write:error=ENOSPC:when=1", "write:error=EIO:when=1", "fsync:error=EIO:when=1",
        "fchmod:error=EPERM:when=1", "rename:error=EACCES:when=1"}) {
    CAPTURE(fault);
    clean(bench);
    bench.write("out.pith", "old");
    const CommandRun run = run_with_fault(bench, fault);
    CHECK(run.exit_code == 5);
    CHECK(error_of(run).starts_with("out.pith: "));
    CHECK(bench.contents() == std::map<std::string, std::string>{{"out.pith", "old"}});
  }
}

TEST_CASE("kill: a polite signal ends the run with nothing written") {
  const std::vector<std::pair<int, int>> signals{{SIGINT, 130}, {SIGTERM, 75}, {SIGHUP, 75}};
  for (const auto& [signal, exit_code] : signals) {
    for (const std::string stage :
         {"reading", "evaluating the original", "share-weights", "evaluating the result"}) {
      CAPTURE(signal, stage);
      const Workbench bench;
      bench.write("out.pith", "old");
      RunOptions options;
      options.signal = PlannedSignal{signal, std::chrono::microseconds(0), stage};
      CommandRun run;
      // A run that was faster than the signal says nothing.
      for (int i = 0; i < 20; ++i) {
        run = bench.pith({"compress", kLenet, "-o", "out.pith", "-f", "-j", "1", "--eval", kLenetTest,
                          "--pipeline", "share-weights{bits=6}, entropy-code", "--report", "."},
                         options);
        if (run.exit_code != 0) break;
        bench.write("out.pith", "old");
        fs::remove(bench / "report.json");
      }
      CHECK(run.signal == 0);
      CHECK(run.exit_code == exit_code);
      CHECK(error_of(run).find("nothing was written") != std::string::npos);
      CHECK(bench.contents() == std::map<std::string, std::string>{{"out.pith", "old"}});
    }
  }
}

}  // namespace
}  // namespace pith::test
