#include "loader/fast_header.h"

#include "loader/fast_walk_inl.h"

namespace pith::loader {
namespace {

Status read_tables(SideReader& side, FastHeader& header) {
  const std::size_t tokens = header.model.alphabet.tokens();
  const std::size_t count = header.model.tables();
  const unsigned bits = bucket_bits(tokens);
  if (count > kFastMaxTables || count << bits > kFastMaxEntries) return damaged("too many frequency tables");
  std::uint32_t steps_log = 0;
  walk_plain(side, 2, steps_log);
  header.entries.resize(count << bits);
  TableWalk walk(1U << steps_log);
  TableLevels base;
  TableLevels other;
  for (std::size_t i = 0; i < count; ++i) {
    TableLevels& table = i == 0 ? base : other;
    if (const char* wrong = walk.walk(side, tokens, table); wrong != nullptr) return damaged(wrong);
    if (side.decoder().failed()) return damaged("a frequency table is cut short");
    const Frequencies frequencies = frequencies_from_levels(
        std::span(table.levels).subspan(table.first, table.count), table.first, 1U << steps_log);
    build_alias_table(frequencies, bits,
                      std::span(header.entries).subspan(i << bits, std::size_t{1} << bits));
  }
  return {};
}

}  // namespace

Status read_fast_header(SideReader& side, std::span<const std::uint8_t> bytes, const CodeShape& shape,
                        std::size_t weights, FastHeader& header) {
  const auto status = [](const char* wrong) { return wrong == nullptr ? Status() : damaged(wrong); };
  if (Status bad = status(walk_layout(side, header.model)); !bad.ok()) return bad;
  if (Status bad = status(walk_classes(side, shape, header.model.classes)); !bad.ok()) return bad;
  if (Status bad = read_tables(side, header); !bad.ok()) return bad;
  const std::size_t segments = (weights - 1) / kFastSegment + 1;
  if (segments - 1 > bytes.size() / 4) return damaged("a stream is too short for its segments");
  header.segments.reserve(segments + 1);
  std::size_t total = 0;
  header.segments.push_back(total);
  for (std::size_t i = 0; i + 1 < segments; ++i) {
    const std::uint32_t low = side.plain(10);
    total += side.plain(10) << 10 | low;
    header.segments.push_back(total);
  }
  if (!side.decoder().finished()) return damaged("a stream's header does not end as it must");
  const std::size_t first = side.decoder().position();
  if (total > bytes.size() - first) return damaged("segments are more than the bytes present");
  for (std::size_t& start : header.segments) start += first;
  header.segments.push_back(bytes.size());
  return {};
}

}  // namespace pith::loader
