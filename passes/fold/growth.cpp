#include "passes/fold/growth.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

namespace pith::passes::fold {
namespace {

class Groups {
 public:
  explicit Groups(std::size_t count) : parents_(count) { std::iota(parents_.begin(), parents_.end(), 0U); }

  std::size_t find(std::size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) { parents_[find(a)] = find(b); }

 private:
  std::vector<std::size_t> parents_;
};

class Chooser {
 public:
  // Without `free_bytes` every byte counts, those beside the values too.
  Chooser(const std::vector<Piece>& pieces, std::optional<std::uint64_t> free_bytes)
      : pieces_(pieces), free_bytes_(free_bytes), goes_(pieces.size()), readers_(pieces.size()) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      goes_[i] = pieces[i].is_result;
      for (const std::size_t input : pieces[i].inputs) readers_[input].push_back(i);
    }
  }

  std::vector<bool> run() {
    for (const auto& group : groups()) {
      while (stored(group) > freed(group)) keep_largest(group);
    }
    return goes_;
  }

  // Whether the file as a whole becomes no larger.
  [[nodiscard]] bool is_no_larger() {
    free_bytes_.reset();
    std::vector<std::size_t> all(pieces_.size());
    std::iota(all.begin(), all.end(), 0U);
    return stored(all) <= freed(all);
  }

 private:
  std::uint64_t cost(std::size_t i) const {
    const Piece& piece = pieces_[i];
    if (!free_bytes_) return piece.bytes + piece.overhead;
    return piece.bytes > *free_bytes_ ? piece.bytes : 0;
  }

  std::vector<std::vector<std::size_t>> groups() const {
    Groups joined(pieces_.size());
    std::map<std::size_t, std::size_t> first_of_content;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      for (const std::size_t input : pieces_[i].inputs) {
        if (cost(input) > 0 || pieces_[input].is_result) joined.join(i, input);
      }
      if (pieces_[i].is_result && cost(i) > 0)
        joined.join(i, first_of_content.try_emplace(pieces_[i].content, i).first->second);
    }
    std::map<std::size_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < pieces_.size(); ++i) members[joined.find(i)].push_back(i);
    std::vector<std::vector<std::size_t>> groups;
    for (auto& [root, group] : members) groups.push_back(std::move(group));
    return groups;
  }

  bool is_stored(std::size_t i) const {
    return goes_[i] && (pieces_[i].needed ||
                        std::ranges::any_of(readers_[i], [&](std::size_t reader) { return !goes_[reader]; }));
  }

  std::uint64_t stored(const std::vector<std::size_t>& group) const {
    std::uint64_t bytes = 0;
    std::set<std::size_t> contents;
    for (const std::size_t i : group) {
      if (is_stored(i) && contents.insert(pieces_[i].content).second) bytes += cost(i);
    }
    return bytes;
  }

  std::uint64_t freed(const std::vector<std::size_t>& group) const {
    std::uint64_t bytes = 0;
    for (const std::size_t i : group) {
      const Piece& piece = pieces_[i];
      if (!free_bytes_ && goes_[i]) bytes += piece.node_bytes;
      if (piece.is_result || piece.needed) continue;
      if (std::ranges::all_of(readers_[i], [&](std::size_t reader) { return goes_[reader]; }))
        bytes += cost(i);
    }
    return bytes;
  }

  // All that are at least half as large as the largest: the number of rounds stays small.
  void keep_largest(const std::vector<std::size_t>& group) {
    std::vector<std::size_t> candidates;
    std::uint64_t largest = 0;
    for (const std::size_t i : group) {
      if (!is_stored(i) || cost(i) == 0) continue;
      candidates.push_back(i);
      largest = std::max(largest, cost(i));
    }
    for (const std::size_t i : candidates) {
      if (cost(i) >= largest - largest / 2) goes_[i] = false;
    }
  }

  const std::vector<Piece>& pieces_;
  std::optional<std::uint64_t> free_bytes_;
  std::vector<bool> goes_;
  std::vector<std::vector<std::size_t>> readers_;
};

}  // namespace

std::vector<bool> worth_folding(const std::vector<Piece>& pieces, std::uint64_t free_bytes) {
  Chooser lenient(pieces, free_bytes);
  std::vector<bool> goes = lenient.run();
  return lenient.is_no_larger() ? goes : Chooser(pieces, std::nullopt).run();
}

}  // namespace pith::passes::fold
