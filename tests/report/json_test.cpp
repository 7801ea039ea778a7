// Reports as JSON, with the names that docs/report.schema.json promises.
#include "report/json.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/support/json_schema.h"
#include "tests/support/weight_model.h"

namespace pith::report {
namespace {

using nlohmann::json;
using test::JsonSchema;
using Strings = std::vector<std::string>;

CompressReport full_report() {
  CompressReport report;
  report.environment = {"1.31.1", "Linux x86_64", 2};
  report.invocation = {{"pith", "compress", "m.onnx"}, 1.5, 2.5, 1024, 7};
  report.pipeline = "prune";
  report.resolved = "prune{sparsity=0.5}";
  report.inputs = {{"m.onnx", 1000, sha256({})}};
  report.outputs = {{"m.pith", 100, sha256({})}};
  report.before = {1000, 900, 225, 6, std::nullopt};
  report.after = {100, 90, 225, 5, 1234};
  passes::PassRecord record;
  record.name = "prune";
  record.settings = "prune{sparsity=0.5}";
  record.changes = 3;
  record.statistics = {{"zeros", 0.5}, {"strange", std::numeric_limits<double>::quiet_NaN()}};
  record.skipped = {{"node 'n'", "it is strange"}};
  report.passes = {record};
  const ir::Model model = test::model_around({1, 2}, {3, 4});
  const ir::Model other = test::model_around({1, 2}, {3, 5});
  report.tensors = measure_tensors(model, Storage::onnx, model, other, Storage::container);
  QualityEntry quality;
  quality.metric = "top1";
  quality.before = 0.8985;
  quality.after = 0.8949;
  quality.ci95_low = 0.88;
  quality.ci95_high = 0.9;
  quality.samples = 10000;
  quality.agreement = 0.99;
  report.quality = quality;
  report.warnings = {"be careful"};
  return report;
}

TEST_CASE("json: a full report follows the schema") {
  const CompressReport full = full_report();
  const std::string text = to_json(full);
  CHECK(text.ends_with("}\n"));
  const json report = json::parse(text);
  CHECK(JsonSchema::of_reports().violations(report) == Strings{});
  CHECK(report["status"] == "done");
  CHECK(report["tool"]["name"] == "pith");
  CHECK(report["invocation"] == json{{"argv", {"pith", "compress", "m.onnx"}},
                                     {"wall_s", 1.5},
                                     {"cpu_s", 2.5},
                                     {"peak_rss_bytes", 1024},
                                     {"seed", 7}});
  CHECK(report["recipe"]["sha256"] == sha256(std::as_bytes(std::span(full.resolved))));
  CHECK(report["model"]["before"] ==
        json{{"bytes", 1000}, {"weight_bytes", 900}, {"parameters", 225}, {"nodes", 6}, {"macs", nullptr}});
  CHECK(report["ratio"] == 10.0);
  CHECK(report["passes"][0]["changed"] == 3);
  CHECK(report["passes"][0]["statistics"] == json{{"zeros", 0.5}, {"strange", nullptr}});
  CHECK(report["passes"][0]["skipped"] ==
        json::array({{{"where", "node 'n'"}, {"reason", "it is strange"}}}));
  CHECK(report["tensors"][0]["name"] == "w");
  CHECK(report["tensors"][0]["max_abs_error"] == 1.0);
  CHECK(report["tensors"][0]["shape"] == json{1, 2});
  CHECK(report["quality"]["after"] == 0.8949);  // a fraction, whatever the text shows
  CHECK(report["quality"]["ci95"] == json{0.88, 0.9});
  CHECK(report["quality"]["drop"].get<double>() > 0.0035);
  // The order of the contract, for people who read it.
  CHECK(text.find("\"status\"") < text.find("\"recipe\""));
  CHECK(text.find("\"recipe\"") < text.find("\"tensors\""));
}

TEST_CASE("json: what is not known is null") {
  CompressReport report = full_report();
  report.environment.onnxruntime.clear();
  report.quality.reset();
  const ir::Model model = test::model_around({1, 2}, {3, 4});
  report.tensors =
      measure_tensors(test::model_around({2, 1}, {3, 4}), Storage::onnx, model, model, Storage::onnx);
  json made = json::parse(to_json(report));
  CHECK(JsonSchema::of_reports().violations(made) == Strings{});
  CHECK(made["environment"]["onnxruntime"].is_null());
  CHECK(made["quality"].is_null());
  CHECK(made["tensors"][0]["bytes_before"].is_null());
  CHECK(made["tensors"][0]["sqnr_db"].is_null());
}

TEST_CASE("json: names may hold anything") {
  CompressReport report = full_report();
  report.inputs[0].name = "a\"b\\c\n\xff.onnx";
  const json made = json::parse(to_json(report));
  CHECK(made["inputs"][0]["path"] == "a\"b\\c\n\xef\xbf\xbd.onnx");
}

TEST_CASE("json: the other documents follow it too") {
  const JsonSchema schema = JsonSchema::of_reports();
  const ir::Model model = test::model_around({1, 2}, {3, 4});
  const FileEntry file{"m.onnx", 100, sha256({})};
  CHECK(schema.violations(json::parse(to_json(inspect(model, Storage::onnx, file))), "inspect") == Strings{});
  CHECK(schema.violations(
            json::parse(to_json(compare(model, Storage::onnx, file, model, Storage::container, file, 1))),
            "compare") == Strings{});
  const CompressReport full = full_report();
  CHECK(schema.violations(
            json::parse(to_json(EvaluateReport{file, *full.quality, full.environment, full.invocation})),
            "evaluate") == Strings{});
  CHECK(schema.violations(json::parse(to_json(file, {file, file})), "unpack") == Strings{});
  const std::vector<Fact> facts{{"pith", "0.1.0", true}, {"ONNX Runtime", "none", false}};
  CHECK(schema.violations(json::parse(to_json(facts)), "doctor") == Strings{});
  const json error = json::parse(to_json(Error(ErrorCode::data, "a.npz: is empty", "name another")));
  CHECK(schema.violations(error, "error") == Strings{});
  CHECK(error ==
        json{{"error", {{"code", "data"}, {"message", "a.npz: is empty"}, {"hint", "name another"}}}});
}

TEST_CASE("json: the schema refuses what is not as it says") {
  const JsonSchema schema = JsonSchema::of_reports();
  const json good = json::parse(to_json(full_report()));
  const auto refuses = [&](const auto& change) {
    json bad = good;
    change(bad);
    return schema.violations(bad).size() == 1;
  };
  CHECK(refuses([](json& r) { r.erase("recipe"); }));
  CHECK(refuses([](json& r) { r["recipes"] = 1; }));
  CHECK(refuses([](json& r) { r["status"] = "finished"; }));
  CHECK(refuses([](json& r) { r["exit_code"] = 2; }));
  CHECK(refuses([](json& r) { r["inputs"][0]["bytes"] = -1; }));
  CHECK(refuses([](json& r) { r["inputs"][0]["sha256"] = "abc"; }));
  CHECK(refuses([](json& r) { r["tensors"][0]["sparsity"] = 1.5; }));
  CHECK(refuses([](json& r) { r["passes"][0].erase("skipped"); }));
  CHECK(refuses([](json& r) { r["quality"]["ci95"] = json{0.5}; }));
  CHECK(refuses([](json& r) { r["quality"]["metric"] = "best"; }));
  CHECK(refuses([](json& r) { r["warnings"] = "none"; }));
  CHECK(refuses([](json& r) { r["passes"][0]["statistics"]["zeros"] = "many"; }));
  CHECK_THROWS(JsonSchema(json{{"tpye", "object"}}).violations(good));
}

}  // namespace
}  // namespace pith::report
