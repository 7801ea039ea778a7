// `doctor`: versions, what was found, and what works here.
#include <fmt/core.h>

#include <filesystem>
#include <thread>

#include "cli/commands.h"
#include "cli/output_file.h"
#include "engine/runtime.h"
#include "report/json.h"
#include "report/table.h"

namespace pith::cli {
namespace {

report::Fact write_test() {
  const std::filesystem::path target = std::filesystem::path(".") / "pith-doctor-write-test.pith";
  ir::Pieces pieces;
  pieces.add(ir::Buffer::own(std::string("test")));
  auto file = OutputFile::write(target, pieces);
  return {"write test", file ? "this folder can be written to" : file.error().message(), file.has_value()};
}

}  // namespace

Result<Exit> run_doctor(const Args& args, Ui& ui) {
  const engine::RuntimeFacts facts = engine::examine_runtime(args.ort_lib);
  const report::Environment environment = ui.environment("");
  std::vector<report::Fact> rows;
  rows.push_back({"pith", PITH_VERSION, true});
  rows.push_back({"platform",
                  fmt::format("{}, {} cores", environment.platform, std::thread::hardware_concurrency()),
                  true});
  rows.push_back({"ONNX Runtime",
                  facts.runtime
                      ? fmt::format("{} at {}", facts.runtime->version, facts.runtime->path.string())
                      : facts.runtime.error().message(),
                  facts.runtime.has_value()});
  for (const auto& place : facts.tried) {
    rows.push_back({"  " + place.origin, fmt::format("{}: {}", place.where.string(), place.outcome), true});
  }
  rows.push_back({"Python", facts.python.empty() ? "no environment is active" : facts.python.string(), true});
  rows.push_back({"data readers", ".npz, .npy, IDX (plain or gzip)", true});
  rows.push_back(write_test());
  bool fine = true;
  for (const auto& row : rows) fine = fine && row.fine;
  if (args.format == Format::json) {
    PITH_CHECK_OK(ui.print(report::to_json(rows)));
  } else if (args.format == Format::human && !args.quiet) {
    std::vector<std::vector<std::string>> cells;
    for (const auto& row : rows) cells.push_back({row.fine ? "ok" : "NOT OK", row.name, row.value});
    PITH_CHECK_OK(ui.print(report::table(cells, {})));
  }
  return fine ? Exit::done : Exit::environment;
}

}  // namespace pith::cli
