#include "search/measurements.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace pith::search {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

constexpr std::string_view kMagic = "pithmsr1";
constexpr std::size_t kHead = 16;
constexpr std::size_t kEntry = 40;
constexpr std::size_t kTail = 8;

template <class T>
T read(std::span<const std::byte> file, std::size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

template <class T>
void append(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool finite(const Measurement& m) {
  return std::isfinite(m.value) && std::isfinite(m.original) && std::isfinite(m.estimated);
}

}  // namespace

Result<Measurements> Measurements::parse(std::span<const std::byte> file) {
  const auto damaged = [](std::string_view why) {
    return fail(ErrorCode::data, fmt::format("it is damaged: {}", why));
  };
  if (file.size() < kHead + kTail || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0)
    return damaged("it does not begin as measurements do");
  const auto count = read<std::uint64_t>(file, kMagic.size());
  if (count > kMost || file.size() != kHead + count * kEntry + kTail) return damaged("its size is wrong");
  const std::size_t end = file.size() - kTail;
  if (XXH64(file.data(), end, 0) != read<std::uint64_t>(file, end)) return damaged("its checksum is wrong");
  Measurements all;
  for (std::size_t at = kHead; at < end; at += kEntry) {
    const auto key = read<engine::Digest>(file, at);
    const auto values = read<std::array<double, 3>>(file, at + sizeof key);
    const bool rises = all.entries_.empty() || all.entries_.rbegin()->first < key;
    if (!rises || !all.keep(key, {values[0], values[1], values[2]})) return damaged("its entries are none");
  }
  return all;
}

std::string Measurements::bytes() const {
  std::string text(kMagic);
  append(text, static_cast<std::uint64_t>(entries_.size()));
  for (const auto& [key, m] : entries_) {
    append(text, key);
    append(text, std::array{m.value, m.original, m.estimated});
  }
  append(text, static_cast<std::uint64_t>(XXH64(text.data(), text.size(), 0)));
  return text;
}

std::optional<Measurement> Measurements::find(const engine::Digest& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

bool Measurements::keep(const engine::Digest& key, const Measurement& measurement) {
  if (!finite(measurement) || (entries_.size() >= kMost && !entries_.contains(key))) return false;
  entries_.insert_or_assign(key, measurement);
  return true;
}

}  // namespace pith::search
