#include "loader/container_reader.h"

#include <string>

#include "tests/loader/container_samples.h"

namespace pith::loader {
namespace {

using namespace samples;

TEST_CASE("a container opens and gives back what is in it") {
  ContainerBuilder builder;
  builder.tensors = {dense("b"), dense("a")};
  const Bytes file = builder.file();
  const auto container = Container::open(file);
  REQUIRE(container);
  CHECK(container->tensors().size() == 2);
  CHECK(container->tensors()[0].name == "b");
  CHECK(container->operators().size() == 2);
  CHECK(container->graph() == Bytes{'g', 'r', 'a', 'p', 'h'});
  const auto values = decode_tensor(container->tensors()[1]);
  REQUIRE(values);
  CHECK(values->values == Bytes{1, 2, 3});
}

TEST_CASE("a container without tensors and operators opens") {
  ContainerBuilder builder;
  builder.operators.clear();
  CHECK(opened(builder.file()) == StatusCode::ok);
}

TEST_CASE("what is no container is refused") {
  CHECK(opened({}) == StatusCode::damaged);
  CHECK(opened(Bytes(63, 0)) == StatusCode::damaged);
  CHECK(opened(Bytes(4096, 0)) == StatusCode::damaged);
  CHECK(opened(Bytes(4096, 0xFF)) == StatusCode::damaged);
}

TEST_CASE("other versions and unknown features are refused as unsupported") {
  const ContainerBuilder builder;
  CHECK(opened(builder.file({.major = 1})) == StatusCode::damaged);  // its directory is not compressed
  CHECK(opened(builder.file({.major = 2})) == StatusCode::unsupported);
  CHECK(opened(builder.file({.minor = 4})) == StatusCode::unsupported);
  CHECK(opened(builder.file({.minor = 3})) == StatusCode::ok);
  CHECK(opened(builder.file({.minor = 2})) == StatusCode::ok);
  CHECK(opened(builder.file({.minor = 1})) == StatusCode::ok);
  CHECK(opened(builder.file({.minor = 0})) == StatusCode::unsupported);
  for (int bit = 0; bit < 32; ++bit) {
    CHECK(opened(builder.file({.features = std::uint64_t{1} << bit})) == StatusCode::unsupported);
  }
}

// The directory of a version 1 file: a draft's, and chunks of these ids and sizes.
struct Chunk {
  std::uint64_t id = 0;
  std::uint64_t size = 0;
};

Bytes directory_with(const ContainerBuilder& builder, const std::vector<Chunk>& chunks) {
  Bytes directory = builder.directory();
  tests::put_varint(directory, chunks.size());
  for (const Chunk& chunk : chunks) {
    tests::put_varint(directory, chunk.id);
    tests::put_varint(directory, chunk.size);
    tests::put_fixed(directory, 0, 8);
  }
  return directory;
}

TEST_CASE("every minor version of version 1 opens, and a feature that is not known is refused") {
  ContainerBuilder builder;
  builder.tensors = {dense("b"), dense("a")};
  const auto with = [&](const tests::HeaderFields& fields) {
    return opened(
        ContainerBuilder::file_of_version_1(directory_with(builder, {}), builder.sections(), fields));
  };
  CHECK(with({.major = 1, .minor = 0}) == StatusCode::ok);
  CHECK(with({.major = 1, .minor = 77}) == StatusCode::ok);
  CHECK(with({.major = 2, .minor = 0}) == StatusCode::unsupported);
  CHECK(with({.major = 0, .minor = 2}) == StatusCode::damaged);  // drafts are not compressed
  CHECK(with({.major = 1, .minor = 0, .features = 1}) == StatusCode::unsupported);
  CHECK(with({.major = 1, .minor = 0, .reserved = 1}) == StatusCode::damaged);
  CHECK(with({.major = 1, .minor = 0, .reserved = std::uint64_t{0} - 1}) == StatusCode::damaged);
  CHECK(with({.major = 1, .minor = 0, .reserved = 1U << 24}) == StatusCode::damaged);
}

TEST_CASE("names of a version 1 file stay when the container moves") {
  ContainerBuilder builder;
  builder.tensors = {dense("a name of more than a few letters"), dense("a")};
  const Bytes file = ContainerBuilder::file_of_version_1(directory_with(builder, {}), builder.sections());
  auto first = Container::open(file);
  REQUIRE(first);
  const Container container = *std::move(first);
  first = std::unexpected(Status());
  CHECK(container.tensors()[0].name == "a name of more than a few letters");
  CHECK(container.operators()[0] == "Conv");
}

TEST_CASE("chunks that are not known are skipped, and must fit the file") {
  ContainerBuilder builder;
  builder.tensors = {dense()};
  const auto with = [&](const std::vector<Chunk>& chunks, std::size_t bytes) {
    Bytes sections = builder.sections();
    sections.resize(sections.size() + bytes, 0xEE);
    const Bytes file = ContainerBuilder::file_of_version_1(directory_with(builder, chunks), sections);
    return Container::open(file, {.max_decoded_bytes = 100000}).has_value();
  };
  CHECK(with({{3, 5}, {9, 0}, {1000, 70}}, 75));
  CHECK_FALSE(with({{3, 5}}, 6));
  CHECK_FALSE(with({{3, 5}}, 4));
  CHECK_FALSE(with({{3, 5}, {3, 5}}, 10));
  CHECK_FALSE(with({{4, 5}, {3, 5}}, 10));
  CHECK_FALSE(with({{std::uint64_t{1} << 63, 5}}, 5));
  CHECK_FALSE(with({{3, 200000}}, 200000));  // over the limit
  Bytes directory = builder.directory();
  for (const std::uint8_t count : {std::uint8_t{1}, std::uint8_t{127}}) {  // more than there are
    directory.push_back(count);
    CHECK(opened(ContainerBuilder::file_of_version_1(directory, builder.sections())) == StatusCode::damaged);
    directory.pop_back();
  }
}

TEST_CASE("a compressed directory is one frame and expands at most 4096 times") {
  ContainerBuilder builder;
  const Bytes directory = directory_with(builder, {});
  Bytes frame(ZSTD_compressBound(directory.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), directory.data(), directory.size(), 3));
  const auto with = [&](const Bytes& stored, std::uint64_t expanded) {
    return opened(
        ContainerBuilder::file(stored, builder.sections(), {.major = 1, .minor = 0, .reserved = expanded}));
  };
  CHECK(with(frame, directory.size()) == StatusCode::ok);
  Bytes two = frame;
  tests::append(two, frame);
  CHECK(with(two, 2 * directory.size()) == StatusCode::damaged);
  Bytes longer = frame;
  longer.push_back(0);
  CHECK(with(longer, directory.size()) == StatusCode::damaged);
  CHECK(with({}, directory.size()) == StatusCode::damaged);
  const Bytes zeros(1 << 20, 0);
  Bytes bomb(ZSTD_compressBound(zeros.size()));
  bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), zeros.data(), zeros.size(), 19));
  CHECK(bomb.size() < 256);
  CHECK(with(bomb, zeros.size()) == StatusCode::damaged);
}

TEST_CASE("header fields with right checksums but wrong values are refused") {
  const ContainerBuilder builder;
  CHECK(opened(builder.file({.extra_file_size = 1})) == StatusCode::damaged);
  CHECK(opened(builder.file({.directory_offset = 65})) == StatusCode::damaged);
  CHECK(opened(builder.file({.directory_offset = 0})) == StatusCode::damaged);
  CHECK(opened(builder.file({.reserved = 1})) == StatusCode::damaged);
}

TEST_CASE("sections that leave bytes over or want more are refused") {
  const ContainerBuilder builder;
  Bytes sections = builder.sections();
  sections.push_back(0);
  CHECK(opened(ContainerBuilder::file(builder.directory(), sections)) == StatusCode::damaged);
  sections.resize(sections.size() - 2);
  CHECK(opened(ContainerBuilder::file(builder.directory(), sections)) == StatusCode::damaged);
}

TEST_CASE("a directory cut short or with bytes after its end is refused") {
  ContainerBuilder builder;
  builder.tensors = {dense()};
  const Bytes directory = builder.directory();
  for (std::size_t size = 0; size < directory.size(); ++size) {
    const Bytes part(directory.begin(), directory.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(opened(ContainerBuilder::file(part, builder.sections())) == StatusCode::damaged);
  }
  Bytes longer = directory;
  longer.push_back(0);
  CHECK(opened(ContainerBuilder::file(longer, builder.sections())) == StatusCode::damaged);
}

TEST_CASE("counts that the file cannot hold are refused before memory is taken") {
  const ContainerBuilder builder;
  Bytes directory = builder.directory();
  directory.pop_back();  // the tensor count
  tests::put_varint(directory, std::uint64_t{1} << 60);
  CHECK(opened(ContainerBuilder::file(directory, builder.sections())) == StatusCode::damaged);

  Bytes operators = ContainerBuilder().directory();
  operators.resize(18);
  tests::put_varint(operators, ~std::uint64_t{0});
  CHECK(opened(ContainerBuilder::file(operators, builder.sections())) == StatusCode::damaged);
}

TEST_CASE("names must be unique, clean and of allowed length") {
  ContainerBuilder builder;
  builder.tensors = {dense("a"), dense("a")};
  CHECK(opened(builder.file()) == StatusCode::damaged);
  const std::string longest(65535, 'n');
  const std::string too_long(65536, 'n');
  CHECK(opened(with(dense(longest))) == StatusCode::ok);
  CHECK(opened(with(dense(too_long))) == StatusCode::damaged);
  for (const std::string_view name :
       {std::string_view(""), std::string_view("\0", 1), std::string_view("\xFF")}) {
    CHECK(opened(with(dense(name))) == StatusCode::damaged);
  }
}

TEST_CASE("operators must be sorted and unique") {
  ContainerBuilder builder;
  builder.operators = {"Gemm", "Conv"};
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.operators = {"Conv", "Conv"};
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.operators = {""};
  CHECK(opened(builder.file()) == StatusCode::damaged);
}

TEST_CASE("unknown forms and coders are refused as unsupported") {
  RecordFields tensor = dense();
  tensor.shape_and_form[3] = 4;
  CHECK(opened(with(tensor)) == StatusCode::unsupported);
  tensor = dense();
  tensor.streams[0].coder = 10;
  CHECK(opened(with(tensor)) == StatusCode::unsupported);
}

TEST_CASE("a tensor may have the stream of an earlier one of the same kind") {
  const auto shared = [](std::string_view name, std::uint64_t number) {
    RecordFields tensor = dense(name);
    tensor.streams = {{static_cast<int>(Coder::same), {}, number}};
    tensor.padding = {0};  // ceil(3 / 4096) bytes
    return tensor;
  };
  ContainerBuilder builder;
  builder.tensors = {dense("a"), shared("b", 0), shared("c", 0)};
  const Bytes file = builder.file();
  const auto container = Container::open(file);
  REQUIRE(container);
  for (const TensorInfo& tensor : container->tensors()) {
    CHECK(decode_tensor(tensor)->values == Bytes{1, 2, 3});
    CHECK(tensor.streams[0].elsewhere == (tensor.name != "a"));
    CHECK(tensor.streams[0].bytes.data() == container->tensors()[0].payload.data());
  }
  builder.tensors[1] = shared("b", 1);  // itself
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.tensors[1] = shared("b", 2);
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.tensors[1] = shared("b", std::uint64_t{1} << 63);
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.tensors[1] = shared("b", 0);
  builder.tensors[2] = shared("c", 1);  // whose stream is elsewhere
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.tensors[2] = shared("c", 0);
  builder.tensors[2].shape_and_form[0] = static_cast<std::uint8_t>(3);  // int8
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.tensors[2] = shared("c", 0);
  builder.tensors[2].decoded = {1, 2, 4};
  CHECK(decoded(builder.file()) == StatusCode::damaged);
  builder.tensors[2] = shared("c", 0);
  builder.tensors[2].padding = {1};
  CHECK(decoded(builder.file()) == StatusCode::damaged);
  builder.tensors[2].padding = {};
  CHECK(opened(builder.file()) == StatusCode::damaged);
}

TEST_CASE("impossible tensors are refused") {
  RecordFields tensor = dense();
  tensor.shape_and_form = {0, 1, 3, kDense};
  CHECK(opened(with(tensor)) == StatusCode::damaged);
  tensor.shape_and_form = {kUint8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 3, kDense};
  CHECK(opened(with(tensor)) == StatusCode::damaged);
  tensor.shape_and_form = {kFloat32, 1, 3, kAffine, 4, 4, kNoAxis, 0};  // unknown flag
  CHECK(opened(with(tensor)) == StatusCode::damaged);
}

TEST_CASE("files that decode to more than the limit are refused") {
  const Bytes file = with(dense());
  CHECK(opened(file, {.max_decoded_bytes = 8}) == StatusCode::ok);  // 5 of the graph, 3 of the tensor
  CHECK(opened(file, {.max_decoded_bytes = 7}) == StatusCode::limit);
  CHECK(opened(file, {.max_decoded_bytes = 4}) == StatusCode::limit);
  RecordFields huge = dense();
  huge.shape_and_form = {kUint8, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, kDense};
  CHECK(opened(with(huge)) == StatusCode::limit);
}

TEST_CASE("a section expands at most 4096 times") {
  // 8192 bytes of one value: two bytes at least, the second one padding.
  RecordFields tensor{
      .shape_and_form = {kUint8, 1, 0x80, 0x40, kDense}, .streams = {{3, {7}}}, .decoded = Bytes(8192, 7)};
  CHECK(opened(with(tensor)) == StatusCode::damaged);
  tensor.padding = {0};
  CHECK(decoded(with(tensor)) == StatusCode::ok);
  tensor.padding = {1};
  CHECK(decoded(with(tensor)) == StatusCode::damaged);
  tensor.padding = {0, 0};
  CHECK(opened(with(tensor)) == StatusCode::damaged);
}

TEST_CASE("a graph section expands at most 4096 times") {
  ContainerBuilder builder;
  builder.graph.assign(std::size_t{4096} * 300, 'g');
  builder.compress_graph();
  REQUIRE(builder.frame.size() < 299);
  CHECK(opened(builder.file()) == StatusCode::damaged);
  builder.graph_padding.assign(300 - builder.frame.size(), 0);
  const auto reads_graph = [&] {
    const Bytes file = builder.file();
    const auto container = Container::open(file);
    return container && container->graph().has_value();
  };
  CHECK(reads_graph());
  builder.graph_padding.back() = 1;
  CHECK_FALSE(reads_graph());
}

}  // namespace
}  // namespace pith::loader
