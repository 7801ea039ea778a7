#include "passes/runner.h"

#include "ir/print.h"
#include "tests/ir/small_graph.h"
#include "tests/passes/sample_passes.h"
#include "tests/support/catch.h"

namespace pith::test {
namespace {

using passes::PassContext, passes::PassRecord, passes::Pipeline;

Pipeline pipeline(std::string_view text) {
  passes::PassRegistry registry;
  registry.add<SamplePass>();
  registry.add<EditingPass>();
  registry.add<BoastingPass>();
  auto parsed = Pipeline::parse(text, registry);
  REQUIRE(parsed);
  return *std::move(parsed);
}

struct Sample {
  ir::Model model;
  PassContext context;

  Sample() {
    ir::SmallGraph net(model);
    net.output(net.node("Add", {net.input("x"), net.constant("c", {1, 2, 3})}, "y"));
  }
  [[nodiscard]] std::size_t values() const { return model.graph().values().size(); }
};

// Writes down what it is told.
class Watcher : public passes::Observer {
 public:
  void before_pass(const passes::Pass& pass, std::size_t index, std::size_t count) override {
    log +=
        std::string(pass.info().name) + " " + std::to_string(index + 1) + "/" + std::to_string(count) + "; ";
  }
  void after_pass(const PassRecord& record, const ir::Model& model) override {
    log += "done with " + std::to_string(record.changes) + " and " +
           std::to_string(model.graph().values().size()) + " values; ";
  }
  void pass_broke(const passes::Pass& pass, const ir::Model& before) override {
    log += std::string(pass.info().name) + " broke with " + std::to_string(before.graph().values().size()) +
           " values; ";
  }
  std::string log;
};

TEST_CASE("passes run in order and are recorded") {
  Sample sample;
  const auto records =
      passes::run(pipeline("edit, sample{bits=3}, edit{end=skip}"), sample.model, sample.context);
  REQUIRE(records);
  REQUIRE(records->size() == 3);
  const PassRecord& edit = records->at(0);
  CHECK(edit.name == "edit");
  CHECK(edit.settings == "edit{end=well}");
  CHECK(edit.changes == 1);
  CHECK(edit.bytes_before == 12);
  CHECK(edit.bytes_after == 20);
  CHECK(edit.statistics == std::vector<std::pair<std::string, double>>{{"added", 3}});
  CHECK(edit.wall_seconds >= 0);
  CHECK(records->at(1).settings == "sample{bits=3 share=0.5 fast=false color=green}");
  CHECK(records->at(1).changes == 0);
  CHECK(records->at(1).skipped.empty());
  CHECK(records->at(2).skipped == std::vector<passes::Skipped>{{"tensor 'w'", "it is skipped"}});
  CHECK(sample.values() == 4);
}

TEST_CASE("an empty pipeline changes nothing") {
  Sample sample;
  const std::uint64_t edits = sample.model.edits();
  CHECK(passes::run(Pipeline(), sample.model, sample.context).value().empty());
  CHECK(sample.model.edits() == edits);
}

TEST_CASE("a failing pass ends the run, with the model as before that pass") {
  Sample sample;
  const auto records = passes::run(pipeline("edit, edit{end=fail}, edit"), sample.model, sample.context);
  REQUIRE_FALSE(records);
  CHECK(records.error().code() == ErrorCode::data);
  CHECK(records.error().message() == "edit: it failed");
  CHECK(sample.values() == 4);
}

TEST_CASE("a pass that changes without saying so is a bug, and is rolled back") {
  Sample sample;
  CHECK_THROWS_AS(passes::run(pipeline("edit{end=claim-nothing}"), sample.model, sample.context),
                  InternalError);
  CHECK(sample.values() == 3);
}

TEST_CASE("a pass that says it changed without doing so is a bug") {
  Sample sample;
  CHECK_THROWS_AS(passes::run(pipeline("boast"), sample.model, sample.context), InternalError);
}

TEST_CASE("a pass that leaves an invalid model is a bug, and is rolled back") {
  Sample sample;
  const std::string before = ir::print(sample.model);
  Watcher watcher;
  const std::vector<passes::Observer*> observers{&watcher};
  CHECK_THROWS_AS(passes::run(pipeline("edit{end=break-model}"), sample.model, sample.context, observers),
                  InternalError);
  CHECK(ir::print(sample.model) == before);
  CHECK(watcher.log == "edit 1/1; edit broke with 3 values; ");
}

TEST_CASE("observers see each pass before and after, with the model that was kept") {
  Sample sample;
  Watcher watcher;
  const std::vector<passes::Observer*> observers{&watcher};
  REQUIRE(passes::run(pipeline("sample, edit"), sample.model, sample.context, observers));
  CHECK(watcher.log == "sample 1/2; done with 0 and 3 values; edit 2/2; done with 1 and 4 values; ");
}

TEST_CASE("no pass starts when the user wants to stop") {
  Sample sample;
  int asked = 0;
  sample.context.cancelled = [&] { return ++asked > 1; };
  const auto records = passes::run(pipeline("edit, edit"), sample.model, sample.context);
  REQUIRE_FALSE(records);
  CHECK(records.error().code() == ErrorCode::interrupted);
  CHECK(sample.values() == 4);
}

TEST_CASE("an encoded constant counts with the size of its code") {
  Sample sample;
  CHECK(passes::stored_bytes(sample.model) == 12);
  ir::Rewriter(sample.model)
      .set_encoding(sample.model.graph().values()[1],
                    {.streams = {{.coder = 1, .bytes = ir::Buffer::own(std::string("code"))}}});
  CHECK(passes::stored_bytes(sample.model) == 6);  // with the coder and the length
}

}  // namespace
}  // namespace pith::test
