#include "quantize/rate.h"

namespace pith::quantize {

CodeBits bits_of(std::span<const std::int8_t> codes, const passes::RateModel& model) {
  std::vector<std::uint64_t> counts(kCodes);
  for (const std::int8_t code : codes) ++counts[index_of_code(code)];
  return model.bits(counts);
}

}  // namespace pith::quantize
