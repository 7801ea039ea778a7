#include "loader/small_format.h"

#include <algorithm>
#include <limits>

namespace pith::loader::small {
std::size_t row_width(const CodeShape& shape) {
  const auto sizes = shape.sizes();
  const auto first = std::ranges::find_if(sizes, [](std::uint64_t size) { return size != 1; });
  if (first == sizes.end()) return 1;
  const auto rest = sizes.subspan(static_cast<std::size_t>(first - sizes.begin()) + 1);
  const bool is_vector = std::ranges::all_of(rest, [](std::uint64_t size) { return size == 1; });
  return static_cast<std::size_t>(is_vector ? std::clamp<std::uint64_t>(*first, 1, kVectorWidth)
                                            : capped_product(rest, kMaxWidth));
}

std::uint32_t kernel_size(const CodeShape& shape) {
  const auto sizes = shape.sizes();
  if (sizes.size() < 3 || sizes[0] == 1) return 1;
  const std::uint64_t product = capped_product(sizes.subspan(2), kMaxWidth);
  return product <= kMaxPeriod ? static_cast<std::uint32_t>(product) : 1;
}

Expected<Parameters> read_parameters(std::uint8_t form, ByteReader& bytes, const CodeShape& shape) {
  const auto refused = [](const char* what) { return std::unexpected(damaged(what)); };
  Parameters parameters;
  if (form >= kTrellisForm && form < kTrellisForm + kMaxRank * trellis::kStarts) {
    const unsigned where = form - kTrellisForm;
    parameters.trellis = {.axis = static_cast<std::uint8_t>(where % kMaxRank),
                          .start = static_cast<std::uint8_t>(where / kMaxRank)};
    if (parameters.trellis->axis >= shape.rank) return refused("a small stream has paths along no axis");
    form = bytes.u8();
    if ((form & (kCenterFlag | kHoleFlag)) != 0) return refused("a small stream has a trellis that is moved");
  }
  const std::size_t width = row_width(shape);
  if ((form & kConstantForm) != 0) return refused("unknown form of a small stream");
  parameters.shape = form & kShapeMask;
  parameters.predict = (form & kPredictFlag) != 0;
  parameters.model_signs = (form & kSignsFlag) != 0;
  parameters.mean16 = 4 * (std::int32_t{bytes.u8()} - kMeanBias);
  parameters.shift = usual_shift(parameters.mean16, parameters.trellis.has_value());
  parameters.zero_first = (form & kZeroFlag) != 0;
  if (parameters.zero_first) parameters.shift = bytes.u8();
  if (parameters.shift > kMaxShift) return refused("a wrong shift of a small stream");
  // Lags are stored less 1.
  parameters.first_lag = std::uint32_t{bytes.u8()} + 1;
  parameters.second_lag = 1;
  if (parameters.predict) {
    const std::uint64_t lag = bytes.varint();
    if (lag >= width) return refused("a lag of a small stream is longer than a row");
    parameters.second_lag = static_cast<std::uint32_t>(lag) + 1;
  }
  if (parameters.first_lag > width) return refused("a lag of a small stream is longer than a row");
  if ((form & kCenterFlag) != 0) {
    parameters.center = unzigzag(bytes.varint());
    if (parameters.center < std::numeric_limits<std::int32_t>::min() ||
        parameters.center > std::numeric_limits<std::int32_t>::max()) {
      return refused("the center of a small stream is not of 32 bits");
    }
  }
  if ((form & kHoleFlag) != 0) {
    parameters.hole = bytes.u8();
    if (parameters.hole == 0 || (form & kCenterFlag) != 0) return refused("a wrong map of a small stream");
  }
  if (bytes.failed()) return refused("the header of a small stream is cut short");
  return parameters;
}

}  // namespace pith::loader::small
