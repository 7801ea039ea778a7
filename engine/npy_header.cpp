#include <fmt/core.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/data_file.h"
#include "engine/npy.h"

namespace pith::engine {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxRank = 64;  // NumPy's own limit

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::data, fmt::format("not a readable .npy array: {}", what));
}

// Reads the Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}.
class DictReader {
 public:
  explicit DictReader(std::string_view text) : text_(text) {}

  bool take(char expected) {
    skip_space();
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<std::string_view> quoted() {
    skip_space();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) return std::nullopt;
    const char quote = text_.front();
    const std::size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value;
  }

  std::optional<bool> boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (text_.starts_with(word)) {
        text_.remove_prefix(word.size());
        return value;
      }
    }
    return std::nullopt;
  }

  std::optional<ir::Shape> shape() {
    if (!take('(')) return std::nullopt;
    ir::Shape dims;
    while (!take(')')) {
      skip_space();
      std::int64_t dim = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (error != std::errc() || dims.size() == kMaxRank) return std::nullopt;
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      if (text_.starts_with('L')) text_.remove_prefix(1);  // Python 2 wrote 3L
      dims.push_back(dim);
      if (!take(',')) {
        if (!take(')')) return std::nullopt;
        break;
      }
    }
    return dims;
  }

  bool at_end() {
    skip_space();
    return text_.empty();
  }
  [[nodiscard]] char next() {
    skip_space();
    return text_.empty() ? '\0' : text_.front();
  }

 private:
  void skip_space() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) text_.remove_prefix(1);
  }

  std::string_view text_;
};

struct TypeName {
  std::string_view name;  // kind and bytes an element
  ir::DType dtype;
};

constexpr std::array kTypes{
    TypeName{"b1", ir::DType::boolean}, TypeName{"i1", ir::DType::int8},
    TypeName{"u1", ir::DType::uint8},   TypeName{"i2", ir::DType::int16},
    TypeName{"u2", ir::DType::uint16},  TypeName{"i4", ir::DType::int32},
    TypeName{"u4", ir::DType::uint32},  TypeName{"i8", ir::DType::int64},
    TypeName{"u8", ir::DType::uint64},  TypeName{"f2", ir::DType::float16},
    TypeName{"f4", ir::DType::float32}, TypeName{"f8", ir::DType::float64},
};

Result<void> read_type(std::string_view descr, NpyHeader& header) {
  const std::string_view name = descr.substr(descr.empty() ? 0 : 1);
  const char order = descr.empty() ? '\0' : descr.front();
  if (order == '<' || order == '>' || order == '|' || order == '=') {
    for (const TypeName& type : kTypes) {
      if (type.name != name) continue;
      header.dtype = type.dtype;
      header.big_endian = order == '>';
      return {};
    }
  }
  if (name.starts_with('O')) {
    return fail(ErrorCode::data, "holds Python objects, which are never read: they can run code",
                "save the array with a numeric dtype");
  }
  return fail(ErrorCode::data, fmt::format("element type '{}' is not read", descr),
              "integers, booleans and floats of 16 to 64 bits are");
}

Result<void> read_entry(DictReader& reader, std::string_view key, NpyHeader& header) {
  if (key == "descr") {
    if (reader.next() == '[') {
      return fail(ErrorCode::data, "holds a structured array, which is not read",
                  "save each field by itself");
    }
    const auto descr = reader.quoted();
    if (!descr) return damaged("its element type is not a name");
    return read_type(*descr, header);
  }
  if (key == "fortran_order") {
    const auto value = reader.boolean();
    if (!value) return damaged("fortran_order is neither True nor False");
    header.fortran_order = *value;
    return {};
  }
  if (key == "shape") {
    auto value = reader.shape();
    if (!value) return damaged("its shape is not a list of dimensions");
    header.shape = *std::move(value);
    return {};
  }
  return damaged("its header has an unknown entry");
}

Result<void> read_dict(std::string_view text, NpyHeader& header) {
  DictReader reader(text);
  if (!reader.take('{')) return damaged("its header is not a dictionary");
  unsigned seen = 0;
  while (!reader.take('}')) {
    const auto key = reader.quoted();
    if (!key || !reader.take(':')) return damaged("its header is not a dictionary");
    PITH_CHECK_OK(read_entry(reader, *key, header));
    const unsigned bit = *key == "descr" ? 1U : *key == "shape" ? 2U : 4U;
    if ((seen & bit) != 0) return damaged("its header names an entry twice");
    seen |= bit;
    if (!reader.take(',') && reader.next() != '}') return damaged("its header is not a dictionary");
  }
  if (seen != 7U || !reader.at_end()) return damaged("its header is incomplete");
  return {};
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) return damaged("it does not start with NumPy's mark");
  const std::size_t fixed = kMagic.size() + 2;
  if (text.size() < fixed) return damaged("it ends inside its header");
  const auto byte_at = [&](std::size_t index) { return std::to_integer<std::uint64_t>(bytes[index]); };
  const std::uint64_t version = byte_at(kMagic.size());
  if (version < 1 || version > 3) return damaged(fmt::format("its format version {} is unknown", version));
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (text.size() < fixed + length_bytes) return damaged("it ends inside its header");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= byte_at(fixed + i) << (8 * i);
  const std::uint64_t offset = fixed + length_bytes;
  if (length > text.size() - offset) return damaged("it ends inside its header");

  NpyHeader header;
  PITH_CHECK_OK(read_dict(text.substr(offset, length), header));
  header.data_offset = offset + length;
  PITH_TRY(header.data_bytes, array_bytes(header.dtype, header.shape));
  return header;
}

}  // namespace pith::engine
