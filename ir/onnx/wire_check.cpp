#include "ir/onnx/wire_check.h"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <optional>

#include "ir/onnx/proto.h"
#include "ir/wire.h"

namespace pith::ir::onnx {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDeepestMessage = 128;
constexpr std::uint64_t kMostOfAKind = 10'000'000;
constexpr std::size_t kLongestName = std::size_t{64} << 10;
constexpr std::string_view kAddressMark = "_ORT_MEM_ADDR_";
constexpr std::size_t kFields = 64;  // ONNX's highest field number is below

enum class Kind : std::uint8_t { other, message, name, text };

// What the walk needs to know of a message type.
struct Shape {
  struct Field {
    Kind kind = Kind::other;
    bool repeated = true;  // also: unknown
    const Shape* message = nullptr;
    std::string_view name;
  };
  std::string name;
  std::array<Field, kFields> fields;
  bool is_counted = false;
};

// Fields whose strings name something; the others are texts for people, and values of attributes.
bool is_name(std::string_view field) {
  static constexpr std::array kNames{"name",     "input",     "output",    "op_type",       "domain",
                                     "overload", "dim_param", "attribute", "ref_attr_name", "key"};
  return std::ranges::find(kNames, field) != kNames.end();
}

class Shapes {
 public:
  const Shape& of(const Descriptor& descriptor) {
    const auto [found, is_new] = shapes_.try_emplace(&descriptor);
    Shape& shape = found->second;
    if (!is_new) return shape;
    shape.name = descriptor.name();
    shape.is_counted = shape.name == "NodeProto" || shape.name == "TensorProto";
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const auto number = static_cast<std::size_t>(field.number());
      if (number >= kFields) continue;
      Shape::Field& entry = shape.fields[number];
      entry.name = field.name();
      entry.repeated = field.is_repeated();
      if (field.type() == FieldDescriptor::TYPE_MESSAGE) {
        entry.kind = Kind::message;
        entry.message = &of(*field.message_type());
      } else if (field.type() == FieldDescriptor::TYPE_STRING) {
        entry.kind = is_name(field.name()) ? Kind::name : Kind::text;
      }
    }
    return shape;
  }

 private:
  std::map<const Descriptor*, Shape> shapes_;  // pointers into it stay valid
};

class Walk {
 public:
  explicit Walk(std::string_view bytes) : bytes_(bytes) {}

  Result<void> message(const Shape& shape, std::size_t end, int depth) {
    if (depth > kDeepestMessage)
      return refuse(shape, fmt::format("is nested deeper than {}", kDeepestMessage));
    if (shape.is_counted && ++counts_[&shape] > kMostOfAKind)
      return refuse(shape, fmt::format("is one of more than {}", kMostOfAKind));
    std::bitset<kFields> seen;
    while (at_ < end) {
      const std::size_t start = at_;
      const auto tag = varint(end);
      if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0 || at_ - start != varint_size(*tag))
        return refuse(shape, "has a damaged field");
      const std::uint64_t number = *tag >> 3;
      static const Shape::Field kUnknown;
      const Shape::Field& field = number < kFields ? shape.fields[number] : kUnknown;
      if (!field.repeated) {
        if (seen[number]) return refuse(shape, fmt::format("has the field '{}' twice", field.name));
        seen[number] = true;
      }
      PITH_CHECK_OK(value(shape, field, *tag & 7, end, depth));
    }
    return {};
  }

 private:
  Result<void> value(const Shape& shape, const Shape::Field& field, std::uint64_t wire_type, std::size_t end,
                     int depth) {
    switch (wire_type) {
      case 0:
        if (!varint(end)) return refuse(shape, "has a damaged number");
        return {};
      case 1:
        return skip(shape, 8, end);
      case 5:
        return skip(shape, 4, end);
      case 3:
      case 4:
        return refuse(shape, "holds a protobuf group, which ONNX does not use");
      case 2: {
        const auto size = varint(end);
        if (!size || *size > end - at_) return refuse(shape, "has a field that is longer than what is left");
        const std::size_t inner_end = at_ + *size;
        if (field.kind == Kind::message) return message(*field.message, inner_end, depth + 1);
        PITH_CHECK_OK(text(shape, field, bytes_.substr(at_, *size)));
        at_ = inner_end;
        return {};
      }
      default:
        return refuse(shape, "has a damaged field");
    }
  }

  Result<void> text(const Shape& shape, const Shape::Field& field, std::string_view text) const {
    if (field.kind != Kind::name && field.kind != Kind::text) return {};
    if (text.find(kAddressMark) != std::string_view::npos)
      return refuse(shape, "names an address in memory as external data");
    if (field.kind != Kind::name) return {};
    const auto wrong = [&](std::string_view rule) {
      return refuse(shape, fmt::format("has the {} '{}', which {}", field.name, text.substr(0, 40), rule));
    };
    if (text.size() > kLongestName) return wrong("is longer than 64 KiB");
    if (text.find('\0') != std::string_view::npos) return wrong("holds a NUL byte");
    if (!is_utf8(text)) return wrong("is not UTF-8");
    return {};
  }

  Result<void> skip(const Shape& shape, std::size_t size, std::size_t end) {
    if (size > end - at_) return refuse(shape, "ends within a number");
    at_ += size;
    return {};
  }

  std::optional<std::uint64_t> varint(std::size_t end) {
    std::string_view rest = bytes_.substr(at_, end - at_);
    const auto value = take_varint(rest);
    at_ = end - rest.size();
    return value;
  }

  [[nodiscard]] std::unexpected<Error> refuse(const Shape& shape, const std::string& what) const {
    return fail(ErrorCode::model,
                fmt::format("this is not an ONNX model, or it is damaged: the {} before byte {} {}",
                            shape.name, at_, what),
                "name an .onnx or .pith file");
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::map<const Shape*, std::uint64_t> counts_;
};

}  // namespace

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80) return false;
    }
    const unsigned second = length > 2 ? byte(i + 1) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;  // longer than needed, a surrogate, or beyond the last character
    }
    i += length;
  }
  return true;
}

Result<void> check_wire(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Shapes shapes;
  return Walk(text).message(shapes.of(*proto::ModelProto::descriptor()), text.size(), 0);
}

}  // namespace pith::ir::onnx
