// Time and peak memory of an ONNX Runtime session from a .pith file beside one from the same model as .onnx.
//
//   bench_session MODEL.onnx MODEL.pith [RUNS]      best of RUNS (5), each in a process of its own
//
// MODEL.onnx is what `pith unpack MODEL.pith` writes, so that both have the same values. Memory is what the
// process has at its peak above what it had with the runtime loaded.
#include <fmt/core.h>
#include <pith_onnxruntime.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "engine/ort.h"

namespace {

struct Result {
  double seconds = 0;
  double mebibytes = 0;
};

double peak_mebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

Ort::SessionOptions settings(bool prepack) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.AddConfigEntry("session.disable_prepacking", prepack ? "0" : "1");
  return options;
}

void open_session(const Ort::Env& env, const std::string& path, bool prepack) {
  if (!path.ends_with(".pith")) {
    const Ort::Session session(env, path.c_str(), settings(prepack));
    return;
  }
  pith_options options{};
  options.struct_size = sizeof options;
  options.flags = PITH_MAP_FILE;
  pith_file* file = nullptr;
  pith_message message{};
  const pith_status status = pith_open_file(path.c_str(), &options, &file, &message);
  if (status != PITH_OK) throw pith::LoadError(status, message);
  const pith::RuntimeSession session(env, file, settings(prepack));
  pith_close(file);
}

// In a process of its own, which tells what it measured through a pipe.
Result measure(const std::string& path, bool prepack) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto runtime = pith::engine::Runtime::load();
    if (!runtime) std::_Exit(1);
    Result result;
    const double before = peak_mebibytes();
    const auto started = std::chrono::steady_clock::now();
    open_session(runtime->library().env, path, prepack);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    result.mebibytes = peak_mebibytes() - before;
    const bool told = ::write(ends[1], &result, sizeof result) == sizeof result;
    std::_Exit(told ? 0 : 1);
  }
  Result result;
  const bool heard = ::read(ends[0], &result, sizeof result) == sizeof result;
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  if (!heard || status != 0) {
    fmt::print(stderr, "{}: no session\n", path);
    std::exit(1);
  }
  return result;
}

// The best of `runs` of either file, which take turns: the speed of a machine with other work changes.
std::pair<Result, Result> best(const std::string& onnx, const std::string& pith, bool prepack, int runs) {
  const auto better = [](const Result& a, const Result& b) {
    return Result{std::min(a.seconds, b.seconds), std::min(a.mebibytes, b.mebibytes)};
  };
  std::pair<Result, Result> found{{1e9, 1e9}, {1e9, 1e9}};
  for (int i = 0; i < runs; ++i) {
    found.first = better(found.first, measure(onnx, prepack));
    found.second = better(found.second, measure(pith, prepack));
  }
  return found;
}

double decoded_mebibytes(const std::string& path) {
  pith_file* file = nullptr;
  if (pith_open_file(path.c_str(), nullptr, &file, nullptr) != PITH_OK) return 0;
  double bytes = 0;
  for (std::size_t i = 0; i < pith_tensor_count(file); ++i) {
    pith_tensor info{};
    info.struct_size = sizeof info;
    if (pith_tensor_info(file, i, &info, nullptr) == PITH_OK) bytes += static_cast<double>(info.bytes);
  }
  pith_close(file);
  return bytes / (1 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_session MODEL.onnx MODEL.pith [RUNS]\n");
    return 2;
  }
  const std::string onnx = argv[1];
  const std::string pith = argv[2];
  const int runs = argc > 3 ? std::atoi(argv[3]) : 5;
  for (const bool prepack : {true, false}) {
    const auto [plain, packed] = best(onnx, pith, prepack, runs);
    fmt::print("| {} | {:.1f} MiB | {:.1f} ms, {:.1f} MiB | {:.1f} ms, {:.1f} MiB | {:.2f} | {:.1f} MiB |\n",
               prepack ? "yes" : "no", decoded_mebibytes(pith), 1000 * plain.seconds, plain.mebibytes,
               1000 * packed.seconds, packed.mebibytes, packed.seconds / plain.seconds,
               packed.mebibytes - plain.mebibytes);
  }
  return 0;
}
