#include "loader/graph_index.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "loader/sort.h"
#include "loader/wire.h"

namespace pith::loader {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kDeepest = 100;
constexpr std::uint64_t kExternal = 1;  // TensorProto.DataLocation

enum class Kind : std::uint8_t { model, graph, node, attribute, tensor, sparse, function, training };

// A field that holds a message to look into.
struct Child {
  Kind parent;
  std::uint64_t number;
  Kind kind;
  bool single;  // protobuf would merge a second one into the first
};
constexpr std::array kChildren{
    Child{Kind::model, 7, Kind::graph, true},          Child{Kind::model, 20, Kind::training, false},
    Child{Kind::model, 25, Kind::function, false},     Child{Kind::graph, 1, Kind::node, false},
    Child{Kind::graph, 5, Kind::tensor, false},        Child{Kind::graph, 15, Kind::sparse, false},
    Child{Kind::node, 5, Kind::attribute, false},      Child{Kind::attribute, 5, Kind::tensor, true},
    Child{Kind::attribute, 6, Kind::graph, true},      Child{Kind::attribute, 10, Kind::tensor, false},
    Child{Kind::attribute, 11, Kind::graph, false},    Child{Kind::attribute, 22, Kind::sparse, true},
    Child{Kind::attribute, 23, Kind::sparse, false},   Child{Kind::sparse, 1, Kind::tensor, true},
    Child{Kind::sparse, 2, Kind::tensor, true},        Child{Kind::function, 7, Kind::node, false},
    Child{Kind::function, 11, Kind::attribute, false}, Child{Kind::training, 1, Kind::graph, true},
    Child{Kind::training, 2, Kind::graph, true},
};

// What a TensorProto says of itself.
struct TensorHead {
  std::string_view name;
  std::uint64_t dtype = 0;
  Vector<std::uint64_t> dims;
  bool has_data = false;
  bool external = false;
};

class Walker {
 public:
  Walker(Bytes graph, const Container& container) : bytes_(graph), container_(container) {
    by_name_.resize(container.tensors().size());
    taken_.resize(by_name_.size());
    for (std::size_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
    const auto tensors = container.tensors();
    sort_numbers(by_name_, [&](std::size_t a, std::size_t b) { return tensors[a].name < tensors[b].name; });
  }

  Expected<GraphIndex> run() {
    Status status = walk(Kind::model, 0, bytes_.size(), 0, true);
    if (!status.ok()) return std::unexpected(std::move(status));
    const auto missing = std::ranges::find(taken_, std::uint8_t{0});
    if (missing != taken_.end()) {
      const auto index = static_cast<std::size_t>(missing - taken_.begin());
      return std::unexpected(
          damaged(quoted("tensor", container_.tensors()[index].name, " has no place in the graph")));
    }
    return std::move(index_);
  }

 private:
  // An open message; `place` is where it is in the index once something in it grows.
  struct Open {
    GrowingMessage message;
    std::size_t place = GrowingMessage::kNone;
  };

  static Status no_model() { return damaged("the graph is not an ONNX model"); }

  std::string_view text(const WireField& field) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + field.content, field.end - field.content};
  }

  // `stored`: whether initializers in here may have their data in the container.
  Status walk(Kind kind, std::size_t begin, std::size_t end, std::size_t depth, bool stored) {
    if (depth > kDeepest) return damaged("the graph's messages are nested deeper than 100");
    std::string_view op_type;
    std::string_view domain;
    std::uint32_t seen = 0;  // single fields, by number
    WireReader reader(bytes_, begin, end);
    WireField field;
    while (reader.next(field)) {
      if (kind == Kind::node && field.number == 4 && field.delimited) op_type = text(field);
      if (kind == Kind::node && field.number == 7 && field.delimited) domain = text(field);
      const auto* child = std::ranges::find_if(
          kChildren, [&](const Child& c) { return c.parent == kind && c.number == field.number; });
      if (child == kChildren.end()) continue;
      if (!field.delimited) return no_model();
      const std::uint32_t bit = child->single ? 1U << field.number : 0;
      if ((seen & bit) != 0) return damaged("a message of the graph occurs twice");
      seen |= bit;
      const bool inner = stored && child->kind != Kind::function && child->kind != Kind::training;
      Status status = walk_child(*child, field, depth + 1, inner);
      if (!status.ok()) return status;
    }
    if (reader.failed()) return no_model();
    return kind == Kind::node ? check_operator(domain, op_type) : Status();
  }

  Status walk_child(const Child& child, const WireField& field, std::size_t depth, bool stored) {
    open_.push_back({.message = {.length_at = field.length_at, .content = field.content, .end = field.end}});
    Status status = child.kind == Kind::tensor ? check_tensor(field, stored && child.parent == Kind::graph)
                                               : walk(child.kind, field.content, field.end, depth, stored);
    open_.pop_back();
    return status;
  }

  std::optional<TensorHead> read_head(const WireField& tensor) const {
    TensorHead head;
    WireReader reader(bytes_, tensor.content, tensor.end);
    WireField field;
    while (reader.next(field)) {
      switch (field.number) {
        case 1:
          if (!read_dims(field, head.dims)) return std::nullopt;
          break;
        case 2:
          head.dtype = field.value;
          break;
        case 4:
        case 5:
        case 6:
        case 7:
        case 9:
        case 10:
        case 11:
          head.has_data = true;
          break;
        case 8:
          head.name = text(field);
          break;
        case 13:
          head.external = true;
          break;
        case 14:
          head.external = head.external || field.value == kExternal;
          break;
        default:
          break;
      }
    }
    if (reader.failed()) return std::nullopt;
    return head;
  }

  bool read_dims(const WireField& field, Vector<std::uint64_t>& dims) const {
    if (field.varint) dims.push_back(field.value);
    if (!field.delimited) return field.varint;
    // Packed: numbers without tags. Each is read as the value of a field.
    for (std::size_t at = field.content; at < field.end;) {
      std::uint64_t dim = 0;
      for (unsigned shift = 0;; shift += 7) {
        if (at == field.end || shift > 63) return false;
        const std::uint8_t byte = bytes_[at++];
        dim |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) break;
      }
      dims.push_back(dim);
    }
    return true;
  }

  Status check_tensor(const WireField& field, bool stored) {
    const auto head = read_head(field);
    if (!head) return no_model();
    if (head->external) return damaged("the graph refers to external data");
    if (!stored || head->has_data) return {};
    const auto wrong = [&](const char* what) { return damaged(quoted("initializer", head->name, what)); };
    const auto tensors = container_.tensors();
    const auto found =
        std::ranges::lower_bound(by_name_, head->name, {}, [&](std::size_t i) { return tensors[i].name; });
    if (found == by_name_.end() || tensors[*found].name != head->name) {
      const bool empty = std::ranges::find(head->dims, std::uint64_t{0}) != head->dims.end();
      return empty ? Status() : wrong(" has no data");
    }
    if (taken_[*found] != 0) return wrong(" occurs twice");
    taken_[*found] = 1;
    const TensorHeader& header = tensors[*found].header;
    if (head->dtype != header.dtype || !std::ranges::equal(head->dims, header.dims))
      return wrong(" has another type or shape than its values");
    grow(*found);
    return {};
  }

  void grow(std::size_t tensor) {
    std::size_t parent = GrowingMessage::kNone;
    for (Open& open : open_) {
      if (open.place == GrowingMessage::kNone) {
        open.place = index_.size();
        open.message.parent = parent;
        index_.push_back(open.message);
      }
      parent = open.place;
    }
    index_.back().tensor = tensor;
  }

  Status check_operator(std::string_view domain, std::string_view op_type) {
    key_.clear();
    if (!domain.empty() && domain != "ai.onnx") {
      key_.insert(key_.end(), domain.begin(), domain.end());
      key_.insert(key_.end(), 2, ':');
    }
    key_.insert(key_.end(), op_type.begin(), op_type.end());
    const std::string_view key(key_.data(), key_.size());
    if (std::ranges::binary_search(container_.operators(), key)) return {};
    if (container_.is_draft() && key == "Constant") return {};
    return damaged(quoted("the graph has an operator", key, " that the file does not list"));
  }

  Bytes bytes_;
  const Container& container_;
  Vector<std::size_t> by_name_;
  Vector<std::uint8_t> taken_;
  Vector<Open> open_;
  Vector<char> key_;
  GraphIndex index_;
};

}  // namespace

Expected<GraphIndex> index_graph(Bytes graph, const Container& container) noexcept {
  return guarded([&] { return Walker(graph, container).run(); });
}

}  // namespace pith::loader
