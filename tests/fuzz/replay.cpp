// Runs a fuzz target without libFuzzer: on every file of the corpus folder, on
// every truncation of it, and on seeded mutants. The target must return; sanitizers do the judging.
// PITH_FUZZ_MUTANTS in the environment says how many mutants of a file there are, PITH_FUZZ_SEED which.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned kMutantsPerFile = 400;
constexpr std::size_t kMostTruncations = 2000;

unsigned from_environment(const char* name, unsigned usual) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : usual;
}

void feed(const std::string& input) {
  // A copy of exactly this size, so that a read past the end is seen.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string mutate(std::string input, std::mt19937& random) {
  const auto edits = 1 + random() % 4;
  for (std::uint32_t i = 0; i < edits && !input.empty(); ++i) {
    const std::size_t at = random() % input.size();
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << random() % 8));
        break;
      case 2:
        input.erase(at, 1 + random() % 8);
        break;
      default:
        input.insert(at, std::string(1 + random() % 8, static_cast<char>(random())));
        break;
    }
  }
  return input;
}

std::string random_bytes(std::mt19937& random) {
  std::string bytes(random() % 512, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  if (argc > 1 && std::filesystem::is_directory(argv[1])) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  const unsigned mutants = from_environment("PITH_FUZZ_MUTANTS", kMutantsPerFile);
  std::mt19937 random(from_environment("PITH_FUZZ_SEED", 1));
  std::size_t runs = 0;
  std::size_t made = 0;
  const auto run = [&](const std::string& input) {
    feed(input);
    ++runs;
  };
  run("");
  for (unsigned i = 0; i < kMutantsPerFile; ++i) run(random_bytes(random));
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    run(input);
    const std::size_t step = std::max<std::size_t>(1, input.size() / kMostTruncations);
    for (std::size_t size = 0; size < input.size(); size += step) run(input.substr(0, size));
    for (unsigned i = 0; i < mutants; ++i, ++made) run(mutate(input, random));
  }
  std::printf("%zu inputs from %zu files, %zu of them mutants\n", runs, files.size(), made);
  return 0;
}
