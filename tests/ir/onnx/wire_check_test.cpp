// More of what is refused is in tests/must_fail.
#include "ir/onnx/wire_check.h"

#include <onnx/onnx_pb.h>

#include "ir/onnx/read.h"
#include "tests/support/catch.h"
#include "tests/support/pass_test.h"

namespace pith::test {

namespace onnx = ir::onnx;
using namespace std::string_literals;

namespace {

bool passes(std::string_view bytes) {
  return onnx::check_wire(std::as_bytes(std::span(bytes))).has_value();
}

std::string sound_model() {
  return model_bytes(R"(
    <ir_version: 8, opset_import: ["" : 17, "f" : 1], doc_string: "zwölf">
    net (bool c, float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}> {
      t = If (c) <then_branch = g1 () => (a) { a = Neg(x) }, else_branch = g2 () => (b) { b = f.twice(x) }>
      y = Add(t, w)
    }
    <domain: "f", opset_import: ["" : 17]> twice (a) => (b) { b = Add(a, a) })");
}

}  // namespace

TEST_CASE("sound models pass, their prefixes never crash, and what passes parses") {
  const std::string model = sound_model();
  CHECK(passes(model));
  for (std::size_t size = 0; size < model.size(); ++size) {
    const std::string cut = model.substr(0, size);
    ::onnx::ModelProto message;
    if (passes(cut)) CHECK(message.ParsePartialFromString(cut));
  }
}

TEST_CASE("with any byte changed, what passes is what protobuf takes") {
  const std::string model = sound_model();
  for (std::size_t at = 0; at < model.size(); ++at) {
    for (const int mask : {0x01, 0x07, 0x80, 0xff}) {
      std::string damaged = model;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      ::onnx::ModelProto message;
      CAPTURE(at, mask);
      if (passes(damaged)) CHECK(message.ParsePartialFromString(damaged));
    }
  }
}

TEST_CASE("fields that nobody knows pass and are kept") {
  std::string model = sound_model();
  model += "\xfa\x7f\x03"s + "abc";  // field 2047
  CHECK(passes(model));
  const auto read = onnx::read(ir::Buffer::own(model));
  REQUIRE(read);
  CHECK(read->carried.find("abc") != std::string::npos);
}

TEST_CASE("texts for people may be anything, names may not") {
  ::onnx::ModelProto message;
  message.ParseFromString(sound_model());
  message.set_doc_string("\xff\0 latin-1"s);
  message.mutable_graph()->mutable_node(1)->set_doc_string(std::string(100'000, 'd'));
  CHECK(passes(message.SerializeAsString()));
  message.mutable_graph()->mutable_node(1)->set_name("\xff");
  CHECK_FALSE(passes(message.SerializeAsString()));
  message.mutable_graph()->mutable_node(1)->set_name(std::string(65536, 'n'));
  CHECK(passes(message.SerializeAsString()));
  message.mutable_graph()->mutable_node(1)->set_name(std::string(65537, 'n'));
  CHECK_FALSE(passes(message.SerializeAsString()));
}

TEST_CASE("UTF-8 is told from what resembles it") {
  for (const auto& text : {""s, "a\0b"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s,
                           "\xee\x80\x80"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s, "zw\xc3\xb6lf"s}) {
    CAPTURE(text);
    CHECK(onnx::is_utf8(text));
  }
  for (const auto& text :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc2"s, "\xc2\x7f"s, "\xe0\x9f\xbf"s, "\xe1\x80"s,
        "\xed\xa0\x80"s, "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s}) {
    CAPTURE(text);
    CHECK_FALSE(onnx::is_utf8(text));
  }
}

}  // namespace pith::test
