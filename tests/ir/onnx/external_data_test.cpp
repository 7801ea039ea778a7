#include "ir/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>

#include "tests/support/catch.h"

namespace pith::test {

namespace fs = std::filesystem;
namespace onnx = ir::onnx;
using Catch::Matchers::Contains;

namespace {

// A folder with weights.bin (8 bytes) and sub/weights.bin, and a secret beside it.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "pith-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    top_ = pattern;
    fs::create_directories(path() / "sub");
    for (const fs::path& file :
         {path() / "weights.bin", path() / "sub" / "weights.bin", top_ / "secret.bin"}) {
      std::ofstream(file, std::ios::binary) << "12345678";
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(top_); }

  [[nodiscard]] fs::path path() const { return top_ / "model"; }
  [[nodiscard]] const fs::path& top() const { return top_; }

 private:
  fs::path top_;
};

::onnx::TensorProto tensor(const std::vector<std::pair<std::string, std::string>>& entries) {
  ::onnx::TensorProto message;
  message.set_data_location(::onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : entries) {
    auto* entry = message.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  return message;
}

std::string outcome(const Folder& folder, const std::vector<std::pair<std::string, std::string>>& entries,
                    std::uint64_t size = 8) {
  onnx::ExternalData external({.folder = folder.path()});
  const auto bytes = external.bytes_of(tensor(entries), size);
  return bytes ? std::string(bytes->text()) : bytes.error().message();
}

}  // namespace

TEST_CASE("external data is read from the model's folder and below") {
  const Folder folder;
  CHECK(outcome(folder, {{"location", "weights.bin"}}) == "12345678");
  CHECK(outcome(folder, {{"location", "sub/weights.bin"}}) == "12345678");
  CHECK(outcome(folder, {{"location", "weights.bin"}, {"offset", "2"}, {"length", "3"}}, 3) == "345");
  CHECK(outcome(folder, {{"location", "weights.bin"}, {"offset", "8"}, {"length", "0"}}, 0).empty());
}

TEST_CASE("locations outside of the folder are refused before anything is opened") {
  const Folder folder;
  const std::string absolute = (folder.top() / "secret.bin").string();
  for (const std::string& location :
       {std::string("../secret.bin"), std::string("sub/../../secret.bin"), absolute, std::string(""),
        std::string("sub\\..\\..\\secret.bin"), std::string("weights.bin\0x", 13), std::string("sub/.."),
        std::string(5000, 'a'), std::string("/etc/passwd"), std::string("sub/")}) {
    INFO(location);
    CHECK_THAT(outcome(folder, {{"location", location}}), Contains("outside of the model's folder"));
  }
}

TEST_CASE("links, pipes, devices and folders are refused") {
  const Folder folder;
  const fs::path target = folder.top() / "secret.bin";
  SECTION("a symbolic link") {
    fs::create_symlink(target, folder.path() / "link");
  }
  SECTION("a link in the middle of the path") {
    fs::create_directory_symlink(folder.top(), folder.path() / "dir");
    CHECK_THAT(outcome(folder, {{"location", "dir/secret.bin"}}), Contains("cannot be opened"));
    fs::create_symlink(target, folder.path() / "link");
  }
  SECTION("a hard link") {
    fs::create_hard_link(target, folder.path() / "link");
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo((folder.path() / "link").c_str(), 0600) == 0);
  }
  SECTION("a folder") {
    fs::create_directory(folder.path() / "link");
  }
  CHECK_THAT(outcome(folder, {{"location", "link"}}),
             Contains("cannot be opened") || Contains("several hard links") ||
                 Contains("not a regular file") || Contains("is a folder"));
}

TEST_CASE("both ways of opening confine the path") {
  const Folder folder;
  fs::create_symlink("weights.bin", folder.path() / "inside-link");
  fs::create_symlink(folder.top() / "secret.bin", folder.path() / "outside-link");
  fs::create_directory_symlink("sub", folder.path() / "inside-dir");
  fs::create_directory_symlink(folder.top(), folder.path() / "outside-dir");
  const int root = ::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(root >= 0);
  const auto opens = [&](const std::string& path) {
    const bool by_components = onnx::open_by_components(root, path).get() >= 0;
    const bool by_kernel = onnx::open_by_kernel(root, path, onnx::Links::refused).get() >= 0;
    if (errno != ENOSYS) CHECK(by_kernel == by_components);
    return by_components;
  };
  CHECK(opens("weights.bin"));
  CHECK(opens("sub/weights.bin"));
  for (const char* path : {"inside-link", "outside-link", "inside-dir/weights.bin", "outside-dir/secret.bin",
                           "../secret.bin", "sub/../../secret.bin", "missing.bin", "weights.bin/x"}) {
    INFO(path);
    CHECK_FALSE(opens(path));
  }
  CHECK_FALSE(opens((folder.top() / "secret.bin").string()));
  ::close(root);
}

TEST_CASE("a data root lets links lead elsewhere below it, and nowhere else") {
  const Folder folder;
  fs::create_directories(folder.top() / "blobs");
  fs::rename(folder.path() / "weights.bin", folder.top() / "blobs" / "1234");
  fs::create_symlink("../blobs/1234", folder.path() / "weights.bin");
  fs::create_symlink("/etc/hostname", folder.path() / "far.bin");
  const auto read = [&](const std::string& location, const fs::path& root) {
    onnx::ExternalData external({.folder = folder.path(), .root = root});
    const auto bytes = external.bytes_of(tensor({{"location", location}}), 8);
    return bytes ? std::string(bytes->text()) : bytes.error().message();
  };
  CHECK_THAT(read("weights.bin", {}), Contains("symbolic link"));
  CHECK(read("weights.bin", folder.top()) == "12345678");
  CHECK_THAT(read("weights.bin", folder.path()), Contains("cannot be opened"));
  CHECK_THAT(read("far.bin", folder.top()), Contains("outside of the folder"));
  CHECK_THAT(read("../secret.bin", folder.top()), Contains("outside of the model's folder"));
  // A root that the model does not lie in changes nothing.
  CHECK_THAT(read("weights.bin", folder.top() / "blobs"), Contains("symbolic link"));
}

TEST_CASE("no exchange of a file for a link leads outside") {
  const Folder folder;
  const fs::path file = folder.path() / "weights.bin";
  const fs::path link = folder.path() / "link";
  fs::create_symlink(folder.top() / "secret.bin", link);
  std::ofstream(folder.top() / "secret.bin", std::ios::binary) << "stolen!!";
  std::atomic<bool> stop = false;
  {
    const std::jthread swapper([&] {
      while (!stop) {
        // Exchanges the two names in one step.
        ::syscall(SYS_renameat2, AT_FDCWD, file.c_str(), AT_FDCWD, link.c_str(), 2U);
      }
    });
    int read = 0;
    for (int round = 0; round < 10000; ++round) {
      const std::string found = outcome(folder, {{"location", "weights.bin"}});
      if (found == "12345678") ++read;
      CHECK(found != "stolen!!");
    }
    CHECK(read > 0);
    stop = true;
  }
}

TEST_CASE("ranges and keys are checked") {
  const Folder folder;
  using Entries = std::vector<std::pair<std::string, std::string>>;
  const std::vector<std::pair<Entries, std::string>> cases{
      {{{"location", "weights.bin"}, {"offset", "9"}}, "past the end"},
      {{{"location", "weights.bin"}, {"length", "9"}}, "past the end"},
      {{{"location", "weights.bin"}, {"offset", "4"}, {"length", "5"}}, "past the end"},
      {{{"location", "weights.bin"}, {"offset", "18446744073709551615"}, {"length", "2"}}, "past the end"},
      {{{"location", "weights.bin"}, {"length", "4"}}, "4 bytes where 8 are needed"},
      {{{"location", "weights.bin"}, {"offset", "-1"}}, "is no number"},
      {{{"location", "weights.bin"}, {"offset", "+1"}}, "is no number"},
      {{{"location", "weights.bin"}, {"offset", " 1"}}, "is no number"},
      {{{"location", "weights.bin"}, {"length", "99999999999999999999999"}}, "is no number"},
      {{{"location", "weights.bin"}, {"basepath", "/"}}, "unknown key 'basepath'"},
      {{{"location", "weights.bin"}, {"location", "weights.bin"}}, "'location' twice"},
      {{{"location", "weights.bin"}, {"offset", "0"}, {"offset", "0"}}, "'offset' twice"},
      {{{"offset", "0"}}, "outside of the model's folder"},
      {{{"location", "missing.bin"}}, "cannot be opened"},
  };
  for (const auto& [entries, reason] : cases) {
    INFO(reason);
    CHECK_THAT(outcome(folder, entries), Contains(reason));
  }
}

}  // namespace pith::test
