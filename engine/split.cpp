#include "engine/split.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "engine/convert.h"

namespace pith::engine {

Result<std::vector<std::uint64_t>> positions_of(const Split& split, std::uint64_t samples,
                                                std::uint64_t unit) {
  PITH_ASSERT(split.share > 0 && split.share < 1 && unit > 0, "a share that is none");
  const std::uint64_t all = split.of_first == 0 ? samples : std::min(samples, split.of_first);
  const auto units = std::round(split.share * static_cast<double>(all) / static_cast<double>(unit));
  const std::uint64_t drawn = static_cast<std::uint64_t>(units) * unit;
  if (drawn == 0 || drawn >= all) {
    return fail(ErrorCode::data,
                fmt::format("a share of {:g} of {} samples leaves {} of the two parts empty", split.share,
                            all, drawn == 0 ? "the first" : "the second"),
                unit > 1
                    ? fmt::format("the model takes them {} at a time; name more data, or another share", unit)
                    : "name more data, or another share");
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> order(all);  // hash, position
  for (std::uint64_t i = 0; i < all; ++i) order[i] = {XXH64(&i, sizeof i, split.seed), i};
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(drawn);
  std::ranges::nth_element(order, middle);
  std::vector<std::uint64_t> positions;
  const auto from = split.drawn ? order.begin() : middle;
  const auto to = split.drawn ? middle : order.end();
  std::transform(from, to, std::back_inserter(positions), [](const auto& entry) { return entry.second; });
  std::ranges::sort(positions);
  return positions;
}

ir::Tensor rows_at(const ir::Tensor& tensor, std::span<const std::uint64_t> positions) {
  PITH_ASSERT(!tensor.shape().empty(), "rows of a scalar");
  std::string bytes;
  for (const std::uint64_t position : positions) bytes += rows(tensor, position, 1).buffer().text();
  ir::Shape shape = tensor.shape();
  shape[0] = static_cast<std::int64_t>(positions.size());
  auto part = ir::Tensor::make(tensor.dtype(), std::move(shape), ir::Buffer::own(std::move(bytes)));
  PITH_ASSERT(part.has_value(), "rows of an array whose elements are not whole bytes");
  return *std::move(part);
}

}  // namespace pith::engine
