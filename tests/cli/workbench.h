// A folder to run `pith` in.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/run_command.h"

namespace pith::test {

namespace fs = std::filesystem;

inline const fs::path kExample = fs::path(PITH_SOURCE_DIR) / "examples" / "fashion-mnist";
inline const std::string kLenet = (kExample / "lenet-300-100.onnx").string();
inline const std::string kLenetTest = (kExample / "t10k-images-idx3-ubyte.gz").string() +
                                      ",labels=" + (kExample / "t10k-labels-idx1-ubyte.gz").string() +
                                      ",scale=1/255";
inline const std::string kLenetTrain = (kExample / "train-2048.npz").string() + ",scale=1/255";

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

class Workbench {
 public:
  Workbench() {
    std::string name = (fs::temp_directory_path() / "pith-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    folder_ = name;
  }
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;
  ~Workbench() {
    fs::remove_all(folder_);
    fs::remove_all(cache_folder());
  }

  // Where `pith` keeps measurements; beside the folder, whose contents tests look at.
  [[nodiscard]] fs::path cache_folder() const { return folder_.string() + "-cache"; }

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] std::string operator/(std::string_view name) const { return (folder_ / name).string(); }

  void write(std::string_view name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string read(std::string_view name) const { return read_file(folder_ / name); }

  // Names and contents of the regular files of the folder and its subfolders; other things count as empty.
  [[nodiscard]] std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      const bool regular = entry.is_regular_file() && !entry.is_symlink();
      files[fs::relative(entry.path(), folder_)] = regular ? read_file(entry.path()) : "";
    }
    return files;
  }

  [[nodiscard]] CommandRun pith(const std::vector<std::string>& arguments, RunOptions options = {}) const {
    return run({PITH_COMMAND}, arguments, std::move(options));
  }
  // The same of another command, which may have words of its own.
  [[nodiscard]] CommandRun run(std::vector<std::string> argv, const std::vector<std::string>& arguments,
                               RunOptions options = {}) const {
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    if (options.folder.empty()) options.folder = folder_;
    options.environment.insert(options.environment.begin(), {"PITH_CACHE_DIR", cache_folder().string()});
    return run_command(argv, options);
  }

  // A run that must succeed.
  CommandRun done(const std::vector<std::string>& arguments, const RunOptions& options = {}) const {
    CommandRun run = pith(arguments, options);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    return run;
  }

 private:
  fs::path folder_;
};

}  // namespace pith::test
