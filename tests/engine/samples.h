// Hand-made data files, valid and broken.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/buffer.h"

namespace pith::test {

inline ir::Buffer buffer(std::string_view bytes) {
  return ir::Buffer::own(std::string(bytes));
}

// `value` as `bytes` little-endian bytes.
inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}
inline std::string big(std::uint64_t value, int bytes) {
  const std::string text = little(value, bytes);
  return {text.rbegin(), text.rend()};
}

// The bytes of values as they lie in memory.
template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A .npy file around a header dictionary as given.
inline std::string npy_with(std::string_view dict, std::string_view data, int version = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         little(dict.size(), version == 1 ? 2 : 4) + std::string(dict) + std::string(data);
}
inline std::string npy(std::string_view descr, std::string_view shape, std::string_view data,
                       bool fortran = false) {
  return npy_with("{'descr': '" + std::string(descr) + "', 'fortran_order': " + (fortran ? "True" : "False") +
                      ", 'shape': " + std::string(shape) + ", }\n",
                  data);
}

inline std::string deflated(std::string_view data, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, data.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}
inline std::string gzip(std::string_view data) {
  return deflated(data, 16 + MAX_WBITS);
}

struct ZipMember {
  std::string name;
  std::string data;  // before packing
  int method = 8;    // 0 stored, 8 deflated
  std::optional<std::uint32_t> claimed_size = std::nullopt;
  std::optional<std::uint32_t> claimed_checksum = std::nullopt;
};

inline std::string zip(const std::vector<ZipMember>& members) {
  std::string file;
  std::string directory;
  for (const ZipMember& member : members) {
    const std::string packed = member.method == 8 ? deflated(member.data, -MAX_WBITS) : member.data;
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(member.data.data()), static_cast<uInt>(member.data.size()));
    const std::string fields =
        little(static_cast<std::uint64_t>(member.method), 2) + little(0, 4) +
        little(member.claimed_checksum.value_or(static_cast<std::uint32_t>(checksum)), 4) +
        little(packed.size(), 4) + little(member.claimed_size.value_or(member.data.size()), 4) +
        little(member.name.size(), 2) + little(0, 2);
    directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + little(0, 2) + fields + little(0, 2) +
                 little(0, 2) + little(0, 2) + little(0, 4) + little(file.size(), 4) + member.name;
    file += "PK\x03\x04" + little(20, 2) + little(0, 2) + fields + member.name + packed;
  }
  return file + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pith-engine-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  std::filesystem::path write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pith::test
