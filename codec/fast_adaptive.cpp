#include "codec/fast_adaptive.h"

#include <utility>

#include "codec/fast_side.h"
#include "loader/fast_walk_inl.h"

namespace pith::codec {
namespace {

std::vector<std::uint8_t> write_adaptive(std::span<const std::int32_t> values,
                                         loader::AdaptiveSettings settings) {
  SideWriter side;
  auto kind = static_cast<std::uint32_t>(loader::FastKind::adaptive);
  loader::walk_plain(side, 2, kind);
  loader::walk_settings(side, settings);
  loader::AdaptiveModel model(settings);
  bool ok = true;
  for (std::size_t i = 0; i < values.size(); ++i) (void)model.code(side, values, i, values[i], ok);
  std::vector<std::uint8_t> out;
  side.finish(out);
  return out;
}

}  // namespace

std::vector<std::uint8_t> encode_adaptive(std::span<const std::int32_t> values,
                                          const loader::CodeShape& shape) {
  std::vector<std::uint32_t> offsets;
  for (std::size_t axis = 1; axis < shape.rank; ++axis) {
    const std::uint64_t inner = shape.product(axis, shape.rank);
    if (inner > 1 && inner <= loader::kFastMaxOffset && inner < values.size()) {
      offsets.push_back(static_cast<std::uint32_t>(inner));
    }
  }
  std::vector<std::uint8_t> best = write_adaptive(values, {});
  const auto consider = [&](const loader::AdaptiveSettings& settings) {
    auto stream = write_adaptive(values, settings);
    const bool smaller = stream.size() < best.size();
    if (smaller) best = std::move(stream);
    return smaller;
  };
  // Where the weight before says nothing, others and signs hardly do.
  if (!consider({1, 0, 0})) return best;
  for (const std::uint32_t offset : offsets) (void)consider({1, 0, offset});
  (void)consider({1, 1, offsets.empty() ? 0 : offsets.back()});
  return best;
}

}  // namespace pith::codec
