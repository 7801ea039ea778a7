// Models whose weights lie in files beside them.
#include <cstdlib>
#include <cstring>

#include "tests/cli/refusal.h"
#include "tests/cli/samples.h"

namespace pith::test {
namespace {

std::vector<std::string> data_files(const Workbench& bench) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : bench.contents()) {
    if (name.ends_with(".data")) names.push_back(name);
  }
  return names;
}

std::vector<std::string> to_external(const std::string& output) {
  return {"compress", kLenet, "--pipeline", "", "-o", output, "-f", "-q", "--external-data", "always"};
}

TEST_CASE("external: weights go to a file named after their contents, and come back") {
  const Workbench bench;
  bench.done(to_external("out.onnx"));
  const auto names = data_files(bench);
  REQUIRE(names.size() == 1);
  CHECK(names[0].size() == std::string("out.0123456789abcdef.data").size());
  CHECK(names[0].starts_with("out."));
  CHECK(bench.read("out.onnx").size() < 10000);
  CHECK(bench.read(names[0]).size() > 1000000);

  // Again: the same name and bytes.
  const auto before = bench.contents();
  bench.done(to_external("out.onnx"));
  CHECK((bench.contents() == before));

  bench.done({"compress", "out.onnx", "--pipeline", "", "-o", "single.onnx", "-f", "-q"});
  bench.done({"compress", kLenet, "--pipeline", "", "-o", "direct.onnx", "-f", "-q"});
  CHECK((bench.read("single.onnx") == bench.read("direct.onnx")));
  const CommandRun same = bench.done({"evaluate", "out.onnx", "--reference", kLenet, "--calib", kLenetTrain,
                                      "--metric", "mse", "--max-samples", "64"});
  CHECK_THAT(same.out, Catch::Matchers::Contains("0"));
}

TEST_CASE("external: files may be given a largest size, and a tensor is never split") {
  const Workbench bench;
  std::vector<std::string> arguments = to_external("out.onnx");
  arguments.insert(arguments.end(), {"--data-file-size", "200kB"});
  bench.done(arguments);
  const auto names = data_files(bench);
  CHECK(names.size() == 3);  // the biases, the 940,800 bytes of the first layer, the other layers
  for (const std::string& name : names) {
    CHECK(name.ends_with("." + name.substr(name.size() - 6)));
    CHECK((bench.read(name).size() <= 200000 || bench.read(name).size() == 940800));
  }
  bench.done({"compress", "out.onnx", "--pipeline", "", "-o", "single.onnx", "-f", "-q"});
  check_refused(bench, {"compress", kLenet, "-o", "x.onnx", "--data-file-size", "0"}, 2,
                {"--data-file-size"});
}

TEST_CASE("external: another model under the same name leaves the old data until the end") {
  const Workbench bench;
  bench.done(to_external("out.onnx"));
  const std::string old_model = bench.read("out.onnx");
  const auto old_data = data_files(bench);
  // A run that fails after the data is written: no room for it under the limit on the size of files.
  RunOptions small_files;
  small_files.largest_file = 100000;
  const CommandRun failed = bench.pith(
      {"compress", kLenet, "--preset", "safe", "-o", "out.onnx", "-f", "-q", "--external-data", "always"},
      small_files);
  CHECK(failed.exit_code == 5);
  CHECK((bench.read("out.onnx") == old_model));
  CHECK(data_files(bench) == old_data);
  bench.done({"inspect", "out.onnx", "-q"});
}

TEST_CASE("external: links are followed only below --data-root") {
  const Workbench bench;
  bench.done(to_external("out.onnx"));
  const std::string data = data_files(bench).at(0);
  fs::create_directories(bench / "cache/model");
  fs::create_directories(bench / "cache/blobs");
  fs::rename(bench / "out.onnx", bench / "cache/model/out.onnx");
  fs::rename(bench / data, bench / "cache/blobs/1234");
  fs::create_symlink("../blobs/1234", bench / ("cache/model/" + data));
  check_refused(bench, {"inspect", "cache/model/out.onnx"}, 3, {"out.onnx", "symbolic link", "--data-root"});
  bench.done({"inspect", "cache/model/out.onnx", "-q", "--data-root", "cache"});
  check_refused(bench, {"inspect", "cache/model/out.onnx", "--data-root", "cache/model"}, 3, {"out.onnx"});
}

// 700 MB of weights in 42 tensors of 16 MB, as external data.
void write_large_model(const Workbench& bench) {
  constexpr std::int64_t kRows = 2048;
  constexpr std::int64_t kTensorBytes = kRows * kRows * 4;
  constexpr std::int64_t kTensors = 42;
  std::string block = random_bytes(1 << 20, 7);
  for (std::size_t i = 3; i < block.size(); i += 4) block[i] = static_cast<char>((block[i] & 0x80) | 0x3c);
  std::ofstream data(bench.folder() / "weights.bin", std::ios::binary);
  for (std::int64_t i = 0; i < kTensors * (kTensorBytes >> 20); ++i) {
    std::memcpy(block.data(), &i, 2);  // no two tensors alike
    data.write(block.data(), static_cast<std::streamsize>(block.size()));
  }
  std::string weights;
  std::string nodes;
  for (std::int64_t i = 0; i < kTensors; ++i) {
    const std::string n = std::to_string(i);
    weights += (i == 0 ? "" : ", ") + std::string("float[2048,2048] w") + n +
               " = [\"location\": \"weights.bin\", \"offset\": \"" + std::to_string(i * kTensorBytes) +
               "\", \"length\": \"" + std::to_string(kTensorBytes) + "\"]";
    nodes += "x" + std::to_string(i + 1) + " = MatMul(x" + n + ", w" + n + ") ";
  }
  bench.write("large.onnx", model_bytes("net (float[N,2048] x0) => (float[N,2048] x" +
                                        std::to_string(kTensors) + ") <" + weights + "> { " + nodes + "}"));
}

TEST_CASE("external: memory is bounded by the largest tensor, not by the model") {
  const char* command = std::getenv("PITH_TRACED_COMMAND");
  if (command == nullptr) {
    WARN("PITH_TRACED_COMMAND names no command without sanitizers: not tested");
    return;
  }
  const Workbench bench;
  write_large_model(bench);
  constexpr std::uint64_t kLargestTensor = std::uint64_t{16} << 20;
  constexpr std::uint64_t kBound = kLargestTensor * 12 / 10 + (std::uint64_t{512} << 20);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"inspect", "large.onnx", "-q"},
        {"compress", "large.onnx", "--pipeline", "", "-o", "out.onnx", "-f", "-q", "--external-data",
         "always"},
        {"compress", "large.onnx", "--preset", "safe", "-o", "out.pith", "-f", "-q"},
        {"pack", "large.onnx", "-o", "packed.pith", "-f", "-q"},
        {"unpack", "out.pith", "-o", "unpacked.onnx", "-f", "-q"},
        {"verify", "packed.pith", "-q"}}) {
    std::vector<std::string> argv{command};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    RunOptions options;
    options.folder = bench.folder();
    const CommandRun run = run_command(argv, options);
    CAPTURE(arguments, run.err);
    CHECK(run.exit_code == 0);
    CHECK(run.peak_bytes < kBound);
  }
}

}  // namespace
}  // namespace pith::test
