// What was measured on models, by the hash of everything that a measurement depends on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "engine/content_hash.h"

namespace pith::search {

struct Measurement {
  double value = 0;  // a divergence, or a metric with the two below
  double original = 0;
  double estimated = 0;  // 1 for a metric that was estimated
  bool operator==(const Measurement&) const = default;
};

// At most kMost of them: what comes later is not kept. As a file, little-endian:
//
//   8 bytes   "pithmsr1"
//   u64       their number n
//   n times   u64 u64 key, f64 value, f64 original, f64 estimated; keys rise
//   u64       XXH64 of everything before
class Measurements {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kMostBytes = 24 + 40 * kMost;

  // Refuses (ErrorCode::data) everything that bytes() does not write, and numbers that are not finite.
  [[nodiscard]] static Result<Measurements> parse(std::span<const std::byte> file);
  [[nodiscard]] std::string bytes() const;

  [[nodiscard]] std::optional<Measurement> find(const engine::Digest& key) const;
  // False, and nothing is kept, when there are too many or a number is not finite.
  bool keep(const engine::Digest& key, const Measurement& measurement);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::map<engine::Digest, Measurement> entries_;
};

}  // namespace pith::search
