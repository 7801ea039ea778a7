#include "ir/verify.h"

#include "tests/ir/small_graph.h"
#include "tests/support/catch.h"

namespace pith::ir {
namespace {

// A valid graph to break: y = Relu(x); z = Add(y, c).
struct Sample {
  Model model;
  SmallGraph net{model};
  ValueId x = net.input("x");
  ValueId c = net.constant("c", {1, 2});
  ValueId y = net.node("Relu", {x}, "y");
  ValueId z = net.node("Add", {y, c}, "z");

  Sample() {
    net.builder().set_name("g");
    net.output(z);
  }
  Value& at(ValueId id) { return net.builder().value(id); }

  [[nodiscard]] std::string violation() const {
    const auto verified = verify(model);
    if (verified) return "";
    CHECK(verified.error().code() == ErrorCode::model);
    return verified.error().message();
  }
};

TEST_CASE("a sound model passes") {
  CHECK(verify(Model()));
  CHECK(Sample().violation().empty());
  CHECK(verify(IfModel().model));
}

TEST_CASE("a default of a graph input is no second source") {
  Sample sample;
  sample.net.builder().add_input(sample.c);
  CHECK(sample.violation().empty());
}

TEST_CASE("a broken source of a value is found") {
  Sample sample;
  SECTION("an input listed twice") {
    sample.net.builder().add_input(sample.x);
    CHECK(sample.violation() == "graph 'g': a graph input is listed twice");
  }
  SECTION("a value that thinks it is an input") {
    sample.at(sample.c).is_input = true;
    CHECK(sample.violation() == "graph 'g': 'c' disagrees about being an input");
  }
  SECTION("an input that does not know") {
    sample.at(sample.x).is_input = false;
    CHECK(sample.violation() == "graph 'g': 'x' disagrees about being an input");
  }
  SECTION("a result that is a constant too") {
    sample.at(sample.y).constant = sample.at(sample.c).constant;
    CHECK(sample.violation() == "graph 'g': 'y' has two sources");
  }
  SECTION("an inconsistent constant") {
    Constant broken = *sample.at(sample.c).constant;
    broken.shape = {3};
    sample.at(sample.c).constant = std::make_shared<const Constant>(broken);
    CHECK(sample.violation() ==
          "graph 'g': tensor 'c': the dense values have another type or shape than the constant");
  }
  SECTION("an output that nothing makes") {
    sample.net.output(sample.net.value("nothing"));
    CHECK(sample.violation() == "graph 'g': a graph output has no source");
  }
}

TEST_CASE("a broken node is found") {
  Sample sample;
  SECTION("a read of a removed value") {
    sample.at(sample.c).alive = false;
    CHECK(sample.violation() == "graph 'g': node Add of 'z': reads a value that was removed");
  }
  SECTION("a read before the value is made") {
    const ValueId late = sample.net.value("late");
    sample.net.node("Neg", {late}, "early");
    sample.net.append("Neg", {sample.z}, {late});
    CHECK(sample.violation() == "graph 'g': node Neg of 'early': reads 'late' before it is produced");
  }
  SECTION("a result that was removed") {
    sample.at(sample.y).alive = false;
    CHECK_FALSE(verify(sample.model).has_value());
  }
  SECTION("a result that names another producer") {
    sample.at(sample.y).producer = sample.net.producer(sample.z);
    CHECK(sample.violation() == "graph 'g': node Relu of 'y': 'y' names another producer");
  }
  SECTION("one result in two places") {
    const ValueId twice = sample.net.value("twice");
    sample.net.append("Split", {sample.x}, {twice, twice});
    CHECK(sample.violation() == "graph 'g': node Split of 'twice': 'twice' is produced twice");
  }
  SECTION("attributes out of order") {
    sample.net.node("Elu", {sample.x}, "e", {{"b", 1.0F}, {"a", 1.0F}});
    CHECK(sample.violation() == "graph 'g': node Elu of 'e': attributes are not sorted and unique");
  }
  SECTION("an attribute given twice") {
    sample.net.node("Elu", {sample.x}, "e", {{"a", 1.0F}, {"a", 1.0F}});
    CHECK(sample.violation() == "graph 'g': node Elu of 'e': attributes are not sorted and unique");
  }
}

TEST_CASE("a broken record of uses is found") {
  Sample sample;
  SECTION("a reader too many") {
    sample.at(sample.x).readers.push_back(sample.net.producer(sample.z));
    CHECK(sample.violation() == "graph 'g': the recorded readers of a value are not the nodes that read it");
  }
  SECTION("a reader too few") {
    sample.at(sample.c).readers.clear();
    CHECK(sample.violation() == "graph 'g': the recorded readers of a value are not the nodes that read it");
  }
  SECTION("a wrong count of graph outputs") {
    sample.at(sample.z).output_uses = 2;
    CHECK(sample.violation() == "graph 'g': 'z' miscounts its graph outputs");
  }
  SECTION("a graph output that is none") {
    sample.at(sample.y).output_uses = 1;
    CHECK(sample.violation() == "graph 'g': 'y' miscounts its graph outputs");
  }
  SECTION("a producer that does not make it") {
    const ValueId stray = sample.net.value("stray");
    sample.at(stray).producer = sample.net.producer(sample.z);
    CHECK(sample.violation() == "graph 'g': 'stray' names a producer that does not make it");
  }
}

TEST_CASE("a broken subgraph is found") {
  IfModel sample;
  GraphBuilder main(sample.model);
  GraphBuilder then_graph(sample.model, sample.then_id);
  main.set_name("g");
  then_graph.set_name("then");
  const auto violation = [&] {
    const auto verified = verify(sample.model);
    return verified ? "" : verified.error().message();
  };
  SECTION("named by two nodes") {
    SmallGraph(sample.model)
        .node("If", {sample.condition}, "again",
              {{"else_branch", sample.else_id}, {"then_branch", sample.then_id}});
    CHECK(violation() == "graph 'g': node If of 'y': a subgraph belongs to another node");
  }
  SECTION("a capture that the owner does not know of") {
    static_cast<void>(then_graph.capture(sample.x));
    CHECK(violation() == "graph 'g': the recorded readers of a value are not the nodes that read it");
  }
  SECTION("a capture of what was removed") {
    main.value(sample.t).alive = false;
    CHECK_FALSE(verify(sample.model).has_value());
  }
  SECTION("a capture of what comes later") {
    const ValueId late = SmallGraph(sample.model).node("Neg", {sample.x}, "late");
    then_graph.value(sample.then_t).captured = late;
    CHECK(violation() == "graph 'g': node If of 'y': captures 'late' before it is produced");
  }
  SECTION("a capture in the main graph") {
    Value stray;
    stray.name = "stray";
    stray.captured = sample.x;
    main.add_value(stray);
    CHECK(violation() == "graph 'g': 'stray' captures what its owner does not read");
  }
  SECTION("a capture that is produced too") {
    then_graph.value(sample.r).captured = sample.t;
    CHECK(violation() == "graph 'g': the recorded readers of a value are not the nodes that read it");
  }
}

}  // namespace
}  // namespace pith::ir
