// The small adaptive coder inside a `fast` stream: bits with probabilities
// that learn, and plain bits, through one rANS state of 24 bits. It carries
// what precedes the segments, the low bits of rare values, and whole tensors
// that are too small for tables.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pith::loader {

inline constexpr std::uint32_t kSideLow = 1U << 16;  // the state stays in [2^16, 2^24)
inline constexpr unsigned kSideBits = 12;            // a probability is a share of 4096
inline constexpr unsigned kMaxPlainBits = 12;        // plain bits taken in one step

// The probability that a bit is 1. It moves fast at first and by 1/64 of the error in the end.
class BitModel {
 public:
  // Share of 4096, in 1..4095.
  [[nodiscard]] std::uint32_t share() const {
    const std::uint32_t share = probability_ >> 4;
    return share == 0 ? 1 : share;
  }
  [[nodiscard]] bool fresh() const { return seen_ == 0; }

  void update(bool bit) {
    const std::int32_t error = (bit ? 65535 : 0) - static_cast<std::int32_t>(probability_);
    const std::int32_t change = error * kRates[seen_] >> 15;
    probability_ = static_cast<std::uint16_t>(static_cast<std::int32_t>(probability_) + change);
    if (seen_ + 1U < kRates.size()) ++seen_;
  }

  // Starts where a model of a wider context has arrived, with little confidence.
  void start_from(const BitModel& wider) {
    probability_ = wider.probability_;
    seen_ = wider.seen_ < 3 ? wider.seen_ : std::uint8_t{3};
  }

 private:
  // 32768 / (n + 1.5), at least 32768 / 63.5: close to the estimator of Krichevsky and Trofimov while young.
  static constexpr auto kRates = [] {
    std::array<std::int32_t, 63> rates{};
    for (std::size_t n = 0; n < rates.size(); ++n) rates[n] = static_cast<std::int32_t>(65536 / (2 * n + 3));
    return rates;
  }();

  std::uint16_t probability_ = 32768;
  std::uint8_t seen_ = 0;
};

class SideDecoder {
 public:
  // Reads forward from `position` of `bytes`. A read past the end gives zero and makes `failed()` true.
  explicit SideDecoder(std::span<const std::uint8_t> bytes, std::size_t position = 0)
      : bytes_(bytes), at_(position) {
    for (unsigned i = 0; i < 3; ++i) state_ |= std::uint32_t{next()} << (8 * i);
    if (state_ < kSideLow) failed_ = true;
  }

  [[nodiscard]] bool bit(BitModel& model) {
    const std::uint32_t share = model.share();
    const std::uint32_t slot = state_ & ((1U << kSideBits) - 1);
    const std::uint32_t rest = state_ >> kSideBits;
    const bool bit = slot < share;
    // No branch: which bit it is cannot be foreseen.
    const std::uint32_t zero = bit ? 0U : ~0U;
    state_ = (share ^ ((share ^ ((1U << kSideBits) - share)) & zero)) * rest + slot - (share & zero);
    refill();
    model.update(bit);
    return bit;
  }

  // `count` <= 12 bits that are equally likely 0 and 1.
  [[nodiscard]] std::uint32_t plain(unsigned count) {
    const std::uint32_t value = state_ & ((1U << count) - 1);
    state_ >>= count;
    refill();
    return value;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t position() const { return at_; }
  // Whether the state is what the writer started from, as it must be after the last bit.
  [[nodiscard]] bool finished() const { return !failed_ && state_ == kSideLow; }

 private:
  std::uint8_t next() {
    if (at_ < bytes_.size()) return bytes_[at_++];
    failed_ = true;
    return 0;
  }
  void refill() {
    while (state_ < kSideLow) {
      if (at_ < bytes_.size()) [[likely]] {
        state_ = state_ << 8 | bytes_[at_++];
        continue;
      }
      state_ = state_ << 8 | next();
      if (failed_) {
        state_ |= kSideLow;  // keeps the arithmetic sound until the caller looks at failed()
        return;
      }
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::uint32_t state_ = 0;
  bool failed_ = false;
};

// Models for whole numbers: unary over the number of bits, then the bits from the highest, of which the
// first two learn. The same walk writes and reads; Coder has `bool bit(BitModel&, bool)` and
// `std::uint32_t plain(unsigned, std::uint32_t)`, which return the bits (the given ones when it writes).
class NumberModel {
 public:
  template <class Coder>
  [[nodiscard]] std::uint32_t code(Coder& coder, std::uint32_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    unsigned bits = 0;
    while (bits < 32 && coder.bit(width_[bits], bits < width)) ++bits;
    return code_rest(coder, bits, value);
  }

  // The bits below the highest of a number of `bits` bits.
  template <class Coder>
  [[nodiscard]] std::uint32_t code_rest(Coder& coder, unsigned bits, std::uint32_t value) {
    if (bits == 0) return 0;
    std::uint32_t result = 1;
    unsigned left = bits - 1;
    for (unsigned place = 0; place < 2 && left > 0; ++place) {
      BitModel& model = top_[bits - 1][place == 0 ? 0 : 1 + (result & 1U)];
      result = result << 1 | (coder.bit(model, (value >> (left - 1) & 1U) != 0) ? 1U : 0U);
      --left;
    }
    while (left > 0) {
      const unsigned count = left < kMaxPlainBits ? left : kMaxPlainBits;
      left -= count;
      result = result << count | coder.plain(count, value >> left & ((1U << count) - 1));
    }
    return result;
  }

 private:
  std::array<BitModel, 32> width_;
  std::array<std::array<BitModel, 3>, 32> top_;
};

// The reading side of such a walk.
class SideReader {
 public:
  explicit SideReader(std::span<const std::uint8_t> bytes) : decoder_(bytes) {}
  [[nodiscard]] bool bit(BitModel& model, bool = false) { return decoder_.bit(model); }
  [[nodiscard]] std::uint32_t plain(unsigned count, std::uint32_t = 0) { return decoder_.plain(count); }
  [[nodiscard]] const SideDecoder& decoder() const { return decoder_; }

 private:
  SideDecoder decoder_;
};

}  // namespace pith::loader
