#include "codec/small_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>

#include "codec/byte_writer.h"
#include "loader/small_model_inl.h"

namespace pith::codec {
namespace {

using loader::CodeShape;
using loader::small::Parameters, loader::trellis::Trellis;

// The counterpart of the loader's RangeDecoder: keeps the interval [low, low + range) of all streams that
// begin with the decisions coded so far; the bytes of `low` that are above 64 bits are written.
class RangeEncoder {
 public:
  explicit RangeEncoder(std::vector<std::uint8_t>& bytes) : bytes_(&bytes) {}

  bool code(std::uint32_t chance, bool bit) {
    const std::uint64_t bound = (range_ >> 16) * chance;
    if (bit) {
      range_ = bound;
    } else {
      add(bound);
      range_ -= bound;
    }
    if (range_ >> 32 == 0) {
      range_ <<= 32;
      for (int i = 0; i < 4; ++i) put_byte();
    }
    return bit;
  }

  // Writes the value of the interval that ends in most zero bytes, without the zeros.
  void finish() {
    for (unsigned zeros = 64; zeros > 0; zeros -= 8) {
      const std::uint64_t mask = zeros == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << zeros) - 1;
      const std::uint64_t up = (0 - low_) & mask;
      if (up >= range_) continue;
      add(up);
      for (; zeros < 64; zeros += 8) put_byte();
      return;
    }
  }

 private:
  void add(std::uint64_t value) {
    low_ += value;
    if (low_ >= value) return;
    for (auto byte = bytes_->rbegin(); ++*byte == 0; ++byte) {
    }
  }
  void put_byte() {
    bytes_->push_back(static_cast<std::uint8_t>(low_ >> 56));
    low_ <<= 8;
  }

  std::vector<std::uint8_t>* bytes_;
  std::uint64_t low_ = 0;
  std::uint64_t range_ = std::numeric_limits<std::uint64_t>::max();
};

template <class Coder>
void run_model(Coder& coder, const Parameters& parameters, const CodeShape& shape,
               std::span<const std::int32_t> values) {
  loader::small::Model<Coder> model(coder, parameters, shape, values.size());
  static_cast<void>(
      model.run(loader::small::Given<std::int32_t>{values}));  // only decoded values may not fit
}

// Adds up what the decisions cost, in 1/256 bit.
class CostCoder {
 public:
  bool code(std::uint32_t chance, bool bit) {
    cost_ += kCost[(bit ? chance : 65536 - chance) >> 4];
    return bit;
  }
  [[nodiscard]] std::uint64_t cost() const { return cost_; }

 private:
  // kCost[i] = the least cost whose chance is at most i + 1/2 of 4096.
  static constexpr std::array<std::uint16_t, 4096> kCost = [] {
    std::array<std::uint16_t, 4096> result{};
    std::int32_t cost = 256 * 13;
    for (std::uint64_t i = 0; i < result.size(); ++i) {
      while (cost > 0 && loader::small::power30(1 - cost) <= (2 * i + 1) << 17) --cost;
      result[i] = static_cast<std::uint16_t>(cost);
    }
    return result;
  }();

  std::uint64_t cost_ = 0;
};

// 16 * log2(sum / count), rounded to a multiple of 4 that a header can hold.
std::int32_t log_ratio(std::uint64_t sum, std::uint64_t count) {
  const std::uint64_t mean = (sum / count << 20) + (sum % count << 20) / count;
  const int shift = std::max(static_cast<int>(std::bit_width(mean)) - 32, 0);
  const std::int32_t log =
      loader::small::log16(std::max(static_cast<std::uint32_t>(mean >> shift), 1U)) + 16 * (shift - 20);
  return std::clamp((log + 2) >> 2 << 2, -128, 508);
}

std::int32_t mean_log(std::span<const std::int32_t> values, const Parameters& parameters) {
  std::uint64_t sum = 0;
  for (const std::int32_t value : values) {
    const std::int64_t code = parameters.code_of(value);
    sum += static_cast<std::uint64_t>(code < 0 ? -code : code);
  }
  return log_ratio(sum, values.size());
}

void set_mean(std::span<const std::int32_t> values, Parameters& parameters) {
  parameters.mean16 = mean_log(values, parameters);
  parameters.shift = loader::small::usual_shift(parameters.mean16, parameters.trellis.has_value());
}

// Correlation of values, and of their magnitudes, at a distance in the same row, each as a part of 2^20.
struct Correlation {
  std::int64_t values = 0;
  std::int64_t magnitudes = 0;
  std::uint32_t lag = 0;
};

std::vector<Correlation> correlations(std::span<const std::int32_t> values, const Parameters& parameters,
                                      std::size_t width) {
  constexpr std::size_t kSample = 16384;
  constexpr std::size_t kLags = 64;
  const std::uint32_t inverse = loader::small::power16(-parameters.mean16, 20);
  // Clipped to +-4 means, so that single large values do not decide.
  std::vector<std::int16_t> sample;
  std::vector<std::int16_t> sizes;
  for (const std::int32_t value : values.first(std::min(values.size(), kSample))) {
    const std::int64_t code = parameters.code_of(value);
    const auto magnitude =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(code < 0 ? -code : code), 1U << 24);
    const auto size = static_cast<std::int16_t>(std::min<std::uint64_t>(magnitude * inverse >> 16, 64));
    sample.push_back(code < 0 ? static_cast<std::int16_t>(-size) : size);
    sizes.push_back(static_cast<std::int16_t>(size - 16));
  }
  const auto product = [&](const std::vector<std::int16_t>& of, std::size_t lag) {
    std::int64_t sum = 0;
    for (std::size_t block = lag; block < of.size(); block += 4096) {  // sums of 4096 products fit 32 bits
      std::int32_t part = 0;
      const std::size_t end = std::min(block + 4096, of.size());
      for (std::size_t i = block; i < end; ++i) part += std::int32_t{of[i]} * of[i - lag];
      sum += part;
    }
    return sum;
  };
  const std::int64_t value_norm = product(sample, 0) + 1;
  const std::int64_t size_norm = product(sizes, 0) + 1;
  std::vector<Correlation> result;
  for (std::size_t lag = 2; lag <= std::min(kLags, width) && lag < sample.size(); ++lag) {
    result.push_back({std::abs(product(sample, lag)) * (1 << 20) / value_norm,
                      std::abs(product(sizes, lag)) * (1 << 20) / size_norm,
                      static_cast<std::uint32_t>(lag)});
  }
  return result;
}

// Compares parameters by what the first values cost with them.
class Trials {
 public:
  Trials(std::span<const std::int32_t> values, const CodeShape& shape) : shape_(shape) {
    values_ = values.first(std::min(values.size(), std::clamp<std::size_t>(values.size() / 8, 4096, 65536)));
  }

  // Whether these are the best so far.
  bool take(const Parameters& parameters) {
    CostCoder coder;
    run_model(coder, parameters, shape_, values_);
    // What the header has more than the shortest one.
    const std::uint64_t header = (parameters.predict ? 1U : 0U) +
                                 (parameters.hole != 0 || parameters.center != 0 ? 1U : 0U) +
                                 (parameters.zero_first ? 1U : 0U);
    const std::uint64_t cost = coder.cost() + std::uint64_t{256} * 8 * header;
    if (cost >= least_) return false;
    least_ = cost;
    best_ = parameters;
    return true;
  }
  [[nodiscard]] const Parameters& best() const { return best_; }

 private:
  const CodeShape& shape_;
  std::span<const std::int32_t> values_;
  Parameters best_;
  std::uint64_t least_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace

Parameters choose_parameters(std::span<const std::int32_t> values, const CodeShape& shape,
                             std::optional<Trellis> trellis) {
  const std::size_t width = loader::small::row_width(shape);
  Parameters plain;
  plain.trellis = trellis;
  set_mean(values, plain);
  plain.first_lag = static_cast<std::uint32_t>(std::min<std::size_t>(width, 2));
  Trials trials(values, shape);

  // The median as a center, or a hole below the median of what is not 0 (numbered clusters).
  std::vector<std::int32_t> sorted(
      values.begin(),
      values.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(values.size(), 65536)));
  std::ranges::sort(sorted);
  const std::int32_t median = sorted[sorted.size() / 2];
  if (trellis) {
    // Its integers are those around zero.
  } else if (median != 0) {
    Parameters centered = plain;
    centered.center = median;
    set_mean(values, centered);
    trials.take(plain);
    trials.take(centered);
    plain = trials.best();
  } else if (sorted.front() == 0) {
    const auto rest = std::ranges::upper_bound(sorted, 0);
    if (rest != sorted.end()) {
      trials.take(plain);
      const std::int32_t middle = *(rest + (sorted.end() - rest) / 2);
      const std::int32_t half = sorted.back() / 2;
      for (const std::int32_t hole : {middle - 1, middle, half - 1, half, half + 1}) {
        if (hole < 1 || hole > 255) continue;
        Parameters split = plain;
        split.hole = static_cast<std::uint32_t>(hole);
        set_mean(values, split);
        trials.take(split);
      }
      plain = trials.best();
    }
  }

  const auto zeros = static_cast<std::uint64_t>(
      std::ranges::count_if(values, [&](std::int32_t value) { return plain.code_of(value) == 0; }));
  if (plain.shift > 0 && zeros > values.size() / 8) {
    Parameters apart = plain;
    apart.zero_first = true;
    apart.shift = loader::small::usual_shift(plain.mean16 + log_ratio(values.size(), values.size() - zeros),
                                             plain.trellis.has_value());
    trials.take(plain);
    trials.take(apart);
    plain = trials.best();
  }

  auto lags = correlations(values, plain, width);
  const auto top = [&](auto member) {
    std::ranges::sort(lags, {}, [&](const Correlation& c) { return std::pair(-(c.*member), c.lag); });
    return lags;
  };
  std::vector<std::uint32_t> by_value;
  for (const Correlation& lag : top(&Correlation::values)) by_value.push_back(lag.lag);
  if (!lags.empty()) plain.first_lag = top(&Correlation::magnitudes)[0].lag;
  trials.take(plain);
  Parameters signs = plain;
  signs.model_signs = true;
  trials.take(signs);
  Parameters predicted = signs;
  predicted.predict = true;
  if (by_value.size() > 1) {
    int failed = 0;
    for (const auto& [first, second] :
         {std::pair(by_value[0], by_value[1]), std::pair(by_value[1], by_value[0]),
          std::pair(by_value[0], plain.first_lag)}) {
      predicted.first_lag = first;
      predicted.second_lag = second;
      if (!trials.take(predicted) && ++failed == 2) break;
    }
  } else {
    trials.take(predicted);
  }
  if (values.size() <= 65536) {
    Parameters shaped = trials.best();
    do {
      --shaped.shape;
    } while (trials.take(shaped) && shaped.shape > 0);
  }
  return trials.best();
}

std::vector<std::uint8_t> encode_small(std::span<const std::int32_t> values, const CodeShape& shape,
                                       const Parameters& parameters) {
  using namespace loader::small;
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  if (parameters.trellis) {
    writer.u8(static_cast<std::uint8_t>(kTrellisForm + parameters.trellis->axis +
                                        loader::kMaxRank * parameters.trellis->start));
  }
  const bool centered = parameters.center != 0;
  const bool split = parameters.hole != 0;
  writer.u8(static_cast<std::uint8_t>(parameters.shape | (parameters.predict ? kPredictFlag : 0U) |
                                      (parameters.model_signs ? kSignsFlag : 0U) |
                                      (centered ? kCenterFlag : 0U) |
                                      (parameters.zero_first ? kZeroFlag : 0U) | (split ? kHoleFlag : 0U)));
  writer.u8(static_cast<std::uint8_t>(parameters.mean16 / 4 + kMeanBias));
  if (parameters.zero_first) writer.u8(static_cast<std::uint8_t>(parameters.shift));
  writer.u8(static_cast<std::uint8_t>(parameters.first_lag - 1));
  if (parameters.predict) writer.varint(parameters.second_lag - 1);
  if (centered) writer.varint(zigzag(parameters.center));
  if (split) writer.u8(static_cast<std::uint8_t>(parameters.hole));
  RangeEncoder coder(bytes);
  run_model(coder, parameters, shape, values);
  coder.finish();
  return bytes;
}

std::vector<std::uint8_t> encode_small(std::span<const std::int32_t> values, const CodeShape& shape) {
  if (values.empty()) return {};
  if (std::ranges::all_of(values, [&](std::int32_t value) { return value == values.front(); })) {
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    writer.u8(loader::small::kConstantForm);
    writer.varint(loader::small::zigzag(values.front()));
    return bytes;
  }
  return encode_small(values, shape, choose_parameters(values, shape, {}));
}

std::optional<Trellis> find_trellis(std::span<const std::int8_t> values, const CodeShape& shape) {
  if (std::ranges::adjacent_find(values, std::not_equal_to()) == values.end()) return std::nullopt;
  for (std::size_t axis = 0; axis < shape.rank; ++axis) {
    if (shape.dims[axis] == 1) continue;
    for (std::uint8_t start = 0; start < loader::trellis::kStarts; ++start) {
      const Trellis trellis{static_cast<std::uint8_t>(axis), start};
      loader::trellis::Paths paths(shape, trellis, values.size());
      const bool all = std::ranges::all_of(values, [&](std::int8_t value) {
        const auto index = loader::trellis::index_of(value, loader::trellis::grid_of(paths.state()));
        if (index) paths.advance(*index);
        return index.has_value();
      });
      if (all) return trellis;
    }
  }
  return std::nullopt;
}

}  // namespace pith::codec
