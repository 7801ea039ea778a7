#include "ir/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

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
  onnx::ExternalData external(folder.path());
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
