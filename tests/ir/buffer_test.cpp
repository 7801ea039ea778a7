#include "ir/buffer.h"

#include <sys/stat.h>

#include <fstream>

#include "tests/support/catch.h"

namespace pith::ir {
namespace {

// A folder of its own, gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pith-buffer-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("a buffer holds bytes and hands out slices that keep them alive") {
  Buffer middle;
  {
    const Buffer whole = Buffer::own(std::string("pruned"));
    CHECK(whole.text() == "pruned");
    middle = whole.slice(1, 3);
  }
  CHECK(middle.text() == "run");
  CHECK(middle.slice(3, 0).size() == 0);
  CHECK(Buffer().size() == 0);
}

TEST_CASE("a buffer takes over numbers as their bytes") {
  const Buffer buffer = Buffer::own(std::vector<std::uint16_t>{0x0102, 0x0304});
  CHECK(buffer.text() == std::string_view("\x02\x01\x04\x03"));
}

TEST_CASE("a slice outside of a buffer is a bug") {
  const Buffer buffer = Buffer::own(std::string("1234"));
  CHECK_THROWS_AS(buffer.slice(0, 5), InternalError);
  CHECK_THROWS_AS(buffer.slice(5, 0), InternalError);
  CHECK_THROWS_AS(buffer.slice(2, std::numeric_limits<std::uint64_t>::max()), InternalError);
}

TEST_CASE("a mapped file is read, and outlives its name") {
  const TemporaryFolder folder;
  write(folder / "weights", "0123456789");
  auto mapped = Buffer::map_file(folder / "weights");
  REQUIRE(mapped);
  const Buffer slice = mapped->slice(3, 4);
  mapped = Buffer();
  std::filesystem::remove(folder / "weights");
  CHECK(slice.text() == "3456");
}

TEST_CASE("an empty file maps to an empty buffer") {
  const TemporaryFolder folder;
  write(folder / "empty", "");
  const auto mapped = Buffer::map_file(folder / "empty");
  REQUIRE(mapped);
  CHECK(mapped->size() == 0);
}

TEST_CASE("only regular files are mapped") {
  const TemporaryFolder folder;
  const auto refused = [](const std::filesystem::path& path) {
    const auto mapped = Buffer::map_file(path);
    REQUIRE_FALSE(mapped);
    CHECK(mapped.error().code() == ErrorCode::model);
    return mapped.error().message();
  };
  CHECK(refused(folder / "missing") == "missing: cannot be opened: No such file or directory");
  std::filesystem::create_directory(folder / "folder");
  CHECK(refused(folder / "folder") == "folder: is a folder, not a file");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(refused(folder / "pipe") == "pipe: is not a regular file");
}

TEST_CASE("large bytes move to the disk when asked, and read the same") {
  const TemporaryFolder folder;
  const std::string large(Buffer::kLeastSpilled + 5, 'w');
  CHECK_FALSE(Buffer::spill_to(folder / "missing"));
  REQUIRE(Buffer::spill_to(folder / "."));
  {
    const Buffer buffer = Buffer::own(std::string(large));
    CHECK((buffer.text() == large));
    buffer.release();
    CHECK((buffer.text() == large));
    const Buffer end = buffer.slice(large.size() - 5, 5);
    end.release();
    CHECK(end.text() == "wwwww");
    std::vector<Buffer> many;
    for (char c = 'a'; c < 'k'; ++c) many.push_back(Buffer::own(std::vector<char>(Buffer::kLeastSpilled, c)));
    for (char c = 'a'; c < 'k'; ++c) {
      const std::string_view text = many[static_cast<std::size_t>(c - 'a')].text();
      CHECK(text.find_first_not_of(c) == std::string_view::npos);
    }
  }
  // Nothing with a name is left, or ever was.
  CHECK(std::filesystem::is_empty(folder / "."));
}

TEST_CASE("bytes in memory have nothing to release") {
  const Buffer buffer = Buffer::own(std::string("pruned"));
  buffer.release();
  Buffer().release();
  CHECK(buffer.text() == "pruned");
  CHECK(buffer.copy().text() == "pruned");
}

}  // namespace
}  // namespace pith::ir
