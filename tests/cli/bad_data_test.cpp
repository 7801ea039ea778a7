// Data that cannot be read, or that does not fit the model.
#include <limits>

#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"
#include "tests/engine/samples.h"

namespace pith::test {
namespace {

struct Array {
  std::string name;
  std::string descr;
  std::string shape;
  std::string data;
};

std::string npz(const std::vector<Array>& arrays) {
  std::vector<ZipMember> members;
  for (const Array& array : arrays)
    members.push_back({array.name + ".npy", npy(array.descr, array.shape, array.data)});
  return zip(members);
}

std::string floats(std::size_t count) {
  return raw(std::vector<float>(count, 0.5F));
}

std::string labels_of(const std::vector<std::int64_t>& labels) {
  return raw(labels);
}

struct DataBench : Workbench {
  DataBench() { write("tiny.onnx", tiny_model()); }

  // Both commands that take data.
  void refused(const std::string& spec, const std::vector<std::string>& words, int exit_code = 4) const {
    check_refused(*this, {"compress", "tiny.onnx", "-o", "out.pith", "-f", "--eval", spec}, exit_code, words);
    check_refused(*this, {"evaluate", "tiny.onnx", "--eval", spec}, exit_code, words);
  }
};

TEST_CASE("bad data: what fits is measured") {
  const DataBench bench;
  bench.write("good.npz",
              npz({{"input", "<f4", "(2, 4)", floats(8)}, {"labels", "<i8", "(2,)", labels_of({0, 2})}}));
  const CommandRun run = bench.done({"evaluate", "tiny.onnx", "--eval", "good.npz"});
  CHECK(run.out.starts_with("quality  top1 50.00 %, 2 samples"));
}

TEST_CASE("bad data: unreadable") {
  const DataBench bench;
  const std::string good =
      npz({{"input", "<f4", "(2, 4)", floats(8)}, {"labels", "<i8", "(2,)", labels_of({0, 1})}});
  fs::create_directory(bench / "folder.npz");
  bench.write("empty.npz", "");
  bench.write("random.npz", random_bytes(3000, 3));
  bench.write("cut.npz", good.substr(0, good.size() - 30));
  bench.write("noarrays.npz", npz({}));
  bench.write("objects.npz", npz({{"input", "|O", "(2, 4)", floats(16)}}));
  bench.write("short.npz",
              npz({{"input", "<f4", "(2, 4)", floats(7)}, {"labels", "<i8", "(2,)", labels_of({0, 1})}}));
  for (const std::string name : {"missing.npz", "folder.npz", "empty.npz", "random.npz", "cut.npz",
                                 "noarrays.npz", "objects.npz", "short.npz"})
    bench.refused(name, {name});
}

TEST_CASE("bad data: names and shapes that do not fit") {
  const DataBench bench;
  bench.write("names.npz", npz({{"a", "<f4", "(2, 4)", floats(8)},
                                {"b", "<f4", "(2, 4)", floats(8)},
                                {"labels", "<i8", "(2,)", labels_of({0, 1})}}));
  bench.refused("names.npz", {"names.npz", "'input'", "'a'", "'b'"});
  bench.write("shape.npz",
              npz({{"input", "<f4", "(2, 5)", floats(10)}, {"labels", "<i8", "(2,)", labels_of({0, 1})}}));
  bench.refused("shape.npz", {"shape.npz", "'input'", "[?,4]", "[2,5]"});
  bench.write("nolabels.npz", npz({{"input", "<f4", "(2, 4)", floats(8)}}));
  bench.refused("nolabels.npz", {"nolabels.npz", "labels"});
  bench.refused("nolabels.npz,labels=truth", {"nolabels.npz", "'truth'"});
  bench.write("none.npz", npz({{"input", "<f4", "(0, 4)", ""}, {"labels", "<i8", "(0,)", ""}}));
  bench.refused("none.npz", {"none.npz"});
}

TEST_CASE("bad data: labels") {
  const DataBench bench;
  const auto with = [&](const std::string& name, const std::string& descr, const std::string& shape,
                        const std::string& data) {
    bench.write(name, npz({{"input", "<f4", "(2, 4)", floats(8)}, {"labels", descr, shape, data}}));
    return name;
  };
  bench.refused(with("high.npz", "<i8", "(2,)", labels_of({0, 3})), {"high.npz", "3"});
  bench.refused(with("negative.npz", "<i8", "(2,)", labels_of({-1, 0})), {"negative.npz", "-1"});
  bench.refused(with("many.npz", "<i8", "(3,)", labels_of({0, 1, 2})), {"many.npz", "3", "2"});
  bench.refused(
      with("nan.npz", "<f4", "(2,)", raw(std::vector{0.0F, std::numeric_limits<float>::quiet_NaN()})),
      {"nan.npz"});
  bench.refused(with("fraction.npz", "<f4", "(2,)", raw(std::vector{0.0F, 0.5F})), {"fraction.npz", "0.5"});
}

TEST_CASE("bad data: IDX files that disagree") {
  const Workbench bench;
  const std::string images = (kExample / "t10k-images-idx3-ubyte.gz").string();
  const std::string labels = (kExample / "t10k-labels-idx1-ubyte.gz").string();
  const auto refused = [&](const std::string& spec, const std::vector<std::string>& words,
                           int exit_code = 4) {
    check_refused(bench, {"compress", kLenet, "-o", "out.pith", "--eval", spec}, exit_code, words);
  };
  const std::string magic{"\0\0\x08\x01", 4};
  bench.write("few", magic + big(3, 4) + std::string("\1\2\3"));
  bench.write("cut", magic + big(10000, 4) + std::string("\1\2\3"));
  bench.write("high", magic + big(10000, 4) + std::string(10000, '\x0a'));
  refused(images + ",labels=few", {"10000", "3"});
  refused(images + ",labels=cut", {"cut"});
  refused(images + ",labels=high", {"label", "10"});
  refused(images + ",labels=missing", {"missing: cannot be opened"});
  refused(images + ",labels=" + images, {"label"});
  refused(labels + ",labels=" + labels, {"t10k-labels-idx1-ubyte.gz", "'input'"});
  refused(images, {"t10k-images-idx3-ubyte.gz", "labels"});
}

TEST_CASE("bad data: specs and metrics that mean nothing") {
  const DataBench bench;
  bench.write("good.npz",
              npz({{"input", "<f4", "(2, 4)", floats(8)}, {"labels", "<i8", "(2,)", labels_of({0, 1})}}));
  bench.refused("good.npz,labls=labels", {"'labls'", "'labels'"}, 2);
  bench.refused("good.npz,scale=1/0", {"scale"}, 2);
  bench.refused("good.npz,scale=x", {"scale=x", "number"}, 2);
  bench.refused("npx:good.npz", {"npx"}, 2);
  bench.refused("good.npz,scale=1,scale=2", {"scale"}, 2);
  const std::vector<std::string> evaluate{"evaluate", "tiny.onnx"};
  const auto refused = [&](std::vector<std::string> arguments, const std::vector<std::string>& words) {
    arguments.insert(arguments.begin(), {"evaluate", "tiny.onnx"});
    check_refused(bench, arguments, 2, words);
  };
  refused({"--eval", "good.npz", "--metric", "top2"}, {"unknown metric 'top2'", "'top1'"});
  refused({"--calib", "good.npz", "--metric", "top1", "--reference", "tiny.onnx"}, {"top1", "labels"});
  refused({"--calib", "good.npz"}, {"--reference"});
  refused({}, {"--eval"});
  check_refused(bench, {"compress", "tiny.onnx", "-o", "out.pith", "--metric", "top1"}, 2,
                {"--metric", "--eval"});
}

}  // namespace
}  // namespace pith::test
