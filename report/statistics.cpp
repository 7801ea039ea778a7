// Counting without a second copy of the tensor:
//   2 to 16 bits  a histogram
//   32 bits       values are put in order of their upper 16 bits, of which only the lower 16 are kept, and
//                 each lot is counted in a table; as many lots at a time as fit in 128 MiB, one look at the
//                 tensor each time
//   64 bits       the same with sorting, 16 more bits at a time where a lot is too large

#include "report/statistics.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "passes/parallel.h"
#include "report/occurrences.h"

namespace pith::report {
namespace {

using ir::DType;
using Counts = std::vector<std::uint64_t>;

constexpr std::size_t kLots = 65536;      // values of 16 bits
constexpr std::uint64_t kMostParts = 16;  // each with a table of counts

struct Work {
  unsigned threads;
  const CountingLimits& limits;
};

// Calls that cannot fail, on several threads.
template <class Call>
void in_parallel(std::uint64_t count, const Work& work, const Call& call) {
  const auto done = passes::for_each_index(count, work.threads, [&](std::uint64_t i) -> Result<void> {
    call(i);
    return {};
  });
  PITH_ASSERT(done.has_value(), "counting cannot fail");
}

template <class Word>
std::vector<std::span<const Word>> parts_of(std::span<const Word> words, const Work& work) {
  const std::uint64_t count = std::clamp<std::uint64_t>(
      words.size() / work.limits.part, 1, std::min<std::uint64_t>(std::max(work.threads, 1U), kMostParts));
  std::vector<std::span<const Word>> parts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t begin = words.size() * i / count;
    parts.push_back(words.subspan(begin, words.size() * (i + 1) / count - begin));
  }
  return parts;
}

// counts[part][key(word)], for keys below `keys`.
template <class Word, class Key>
std::vector<Counts> histograms(const std::vector<std::span<const Word>>& parts, std::size_t keys,
                               const Work& work, const Key& key) {
  std::vector<Counts> counts(parts.size(), Counts(keys));
  in_parallel(parts.size(), work, [&](std::uint64_t part) {
    std::uint64_t* const mine = counts[part].data();
    for (const Word word : parts[part]) ++mine[key(word)];
  });
  return counts;
}

Counts sum_of(const std::vector<Counts>& histograms) {
  Counts total = histograms.front();
  for (std::size_t part = 1; part < histograms.size(); ++part) {
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += histograms[part][i];
  }
  return total;
}

template <class Word>
Counts histogram(std::span<const Word> words, const Work& work) {
  return sum_of(histograms(parts_of(words, work), std::size_t{1} << (8 * sizeof(Word)), work,
                           [](Word word) { return word; }));
}

void count_each(const Counts& counts, Occurrences& found) {
  for (const std::uint64_t count : counts) found.add(count);
}

template <class Word>
void count_sorted(std::vector<Word>& words, Occurrences& found) {
  std::ranges::sort(words);
  for (auto run = words.begin(); run != words.end();) {
    const Word value = *run;
    const auto end = std::find_if(run, words.end(), [&](Word word) { return word != value; });
    found.add(static_cast<std::uint64_t>(end - run));
    run = end;
  }
}

// Lots that are looked at together: [first, end), with `words` words in all.
struct Group {
  std::size_t first;
  std::size_t end;
  std::uint64_t words;
};

// Neighbours while they are at most `most` words; a lot over that is a group of its own.
std::vector<Group> groups_of(const Counts& lots, std::uint64_t most) {
  std::vector<Group> groups;
  for (std::size_t lot = 0; lot < lots.size(); ++lot) {
    if (lots[lot] == 0) continue;
    if (groups.empty() || groups.back().words + lots[lot] > most) groups.push_back({lot, lot, 0});
    groups.back().end = lot + 1;
    groups.back().words += lots[lot];
  }
  return groups;
}

class Counter32 {
 public:
  Counter32(std::span<const std::uint32_t> words, const Work& work)
      : parts_(parts_of(words, work)), work_(work) {}

  Occurrences count() {
    by_part_ = histograms(parts_, kLots, work_, [](std::uint32_t word) { return word >> 16U; });
    lots_ = sum_of(by_part_);
    for (const Group& group : groups_of(lots_, work_.limits.collected)) {
      if (group.words > work_.limits.collected) {
        count_lot(static_cast<std::uint32_t>(group.first));
      } else {
        collect(group);
        count_group(group);
      }
    }
    return std::move(found_);
  }

 private:
  // One lot has 65536 different values at most, however large it is.
  void count_lot(std::uint32_t lot) {
    std::vector<Counts> counts(parts_.size(), Counts(kLots));
    in_parallel(parts_.size(), work_, [&](std::uint64_t part) {
      for (const std::uint32_t word : parts_[part]) {
        if (word >> 16U == lot) ++counts[part][word & 0xFFFFU];
      }
    });
    count_each(sum_of(counts), found_);
  }

  // Lower halves, lot by lot; within a lot those of the first part come first.
  void collect(const Group& group) {
    lower_.resize(group.words);
    std::vector<Counts> next(parts_.size(), Counts(group.end - group.first));
    begins_.assign(1, 0);
    std::uint64_t position = 0;
    for (std::size_t lot = group.first; lot < group.end; ++lot) {
      for (std::size_t part = 0; part < parts_.size(); ++part) {
        next[part][lot - group.first] = position;
        position += by_part_[part][lot];
      }
      begins_.push_back(position);
    }
    in_parallel(parts_.size(), work_, [&](std::uint64_t part) {
      std::uint64_t* const mine = next[part].data();
      for (const std::uint32_t word : parts_[part]) {
        const std::size_t lot = (word >> 16U) - group.first;  // wraps around for lots before
        if (lot < group.end - group.first) lower_[mine[lot]++] = static_cast<std::uint16_t>(word);
      }
    });
  }

  void count_group(const Group& group) {
    const std::size_t lots = group.end - group.first;
    const std::size_t shares = std::min<std::size_t>(lots, parts_.size() * 8);
    std::vector<Occurrences> found(shares);
    in_parallel(shares, work_, [&](std::uint64_t share) {
      std::vector<std::uint32_t> table(kLots);
      // Lots that begin in this share of the words.
      const auto border = [&](std::uint64_t i) {
        return static_cast<std::size_t>(
            std::lower_bound(begins_.begin(), begins_.end() - 1, group.words * i / shares) - begins_.begin());
      };
      const std::size_t end = share + 1 == shares ? lots : border(share + 1);
      for (std::size_t lot = border(share); lot < end; ++lot) {
        const auto lower = std::span(lower_).subspan(begins_[lot], begins_[lot + 1] - begins_[lot]);
        for (const std::uint16_t value : lower) ++table[value];
        for (const std::uint16_t value : lower) {
          if (table[value] > 0) found[share].add(std::exchange(table[value], 0));
        }
      }
    });
    for (const Occurrences& one : found) found_.add(one);
  }

  std::vector<std::span<const std::uint32_t>> parts_;
  const Work& work_;
  std::vector<Counts> by_part_;
  Counts lots_;
  std::vector<std::uint16_t> lower_;
  std::vector<std::uint64_t> begins_;
  Occurrences found_;
};

// The words whose upper `known` bits are those of `prefix`.
void count_64(std::span<const std::uint64_t> words, std::uint64_t prefix, unsigned known, const Work& work,
              Occurrences& found) {
  const auto matches = [&](std::uint64_t word) { return known == 0 || (word ^ prefix) >> (64 - known) == 0; };
  const auto lot_of = [&](std::uint64_t word) { return (word >> (48 - known)) & 0xFFFFU; };
  Counts lots(kLots);
  for (const std::uint64_t word : words) {
    if (matches(word)) ++lots[lot_of(word)];
  }
  if (known == 48) return count_each(lots, found);
  for (const Group& group : groups_of(lots, work.limits.sorted)) {
    if (group.words > work.limits.sorted) {
      count_64(words, prefix | static_cast<std::uint64_t>(group.first) << (48 - known), known + 16, work,
               found);
      continue;
    }
    std::vector<std::uint64_t> collected;
    collected.reserve(group.words);
    for (const std::uint64_t word : words) {
      const std::uint64_t lot = lot_of(word);
      if (matches(word) && lot >= group.first && lot < group.end) collected.push_back(word);
    }
    count_sorted(collected, found);
  }
}

// Codes of `bits` bits, packed low bits first; the unused ones of the last byte are not counted.
Counts unpacked_histogram(const ir::Tensor& tensor, unsigned bits, const Work& work) {
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(tensor.bytes().data()), tensor.bytes().size());
  const unsigned per_byte = 8 / bits;
  const auto code = [&](std::size_t byte, unsigned i) { return byte >> (i * bits) & ((1U << bits) - 1); };
  Counts codes(std::size_t{1} << bits);
  const Counts of_bytes = histogram(bytes, work);
  for (std::size_t byte = 0; byte < of_bytes.size(); ++byte) {
    for (unsigned i = 0; i < per_byte; ++i) codes[code(byte, i)] += of_bytes[byte];
  }
  for (auto i = static_cast<unsigned>(tensor.element_count() % per_byte); i > 0 && i < per_byte; ++i)
    --codes[code(bytes.back(), i)];
  return codes;
}

// The bits of a word that a zero has not set: all but the signs where -0 exists. 0: there is no zero.
std::uint64_t value_bits(DType dtype) {
  switch (dtype) {
    case DType::float4e2m1:
      return 0x7;
    case DType::float8e4m3fn:
    case DType::float8e5m2:
      return 0x7F;
    case DType::float8e8m0:
      return 0;
    case DType::float16:
    case DType::bfloat16:
      return 0x7FFF;
    case DType::float32:
      return 0x7FFFFFFF;
    case DType::float64:
      return 0x7FFFFFFFFFFFFFFF;
    case DType::complex64:
      return 0x7FFFFFFF7FFFFFFF;
    default:
      return ~std::uint64_t{0};
  }
}

template <class Word>
std::uint64_t zeros_in(std::span<const Word> words, std::uint64_t value_bits, const Work& work) {
  if (value_bits == 0) return 0;
  const auto mask = static_cast<Word>(value_bits);
  const auto parts = parts_of(words, work);
  Counts zeros(parts.size());
  in_parallel(parts.size(), work, [&](std::uint64_t part) {
    std::uint64_t count = 0;
    for (const Word word : parts[part]) count += static_cast<Word>(word & mask) == 0 ? 1U : 0U;
    zeros[part] = count;
  });
  return std::accumulate(zeros.begin(), zeros.end(), std::uint64_t{0});
}

template <class Word>
Occurrences occurrences_in(std::span<const Word> words, const Work& work) {
  Occurrences found;
  if constexpr (sizeof(Word) <= 2) {
    count_each(histogram(words, work), found);
  } else if (words.size() <= work.limits.few) {
    std::vector<Word> copy(words.begin(), words.end());
    count_sorted(copy, found);
  } else if constexpr (sizeof(Word) == 4) {
    found = Counter32(words, work).count();
  } else {
    count_64(words, 0, 0, work, found);
  }
  return found;
}

ValueStatistics statistics_of(std::uint64_t zeros, const Occurrences& found) {
  return {zeros, found.distinct(), found.entropy()};
}

template <class Word>
ValueStatistics measure_words(const ir::Tensor& tensor, Statistics what, const Work& work) {
  const std::span words(reinterpret_cast<const Word*>(tensor.bytes().data()),
                        tensor.bytes().size() / sizeof(Word));
  const std::uint64_t zeros = zeros_in(words, value_bits(tensor.dtype()), work);
  if (what == Statistics::zeros) return {zeros, std::nullopt, std::nullopt};
  return statistics_of(zeros, occurrences_in(words, work));
}

ValueStatistics measure_packed(const ir::Tensor& tensor, Statistics what, const Work& work) {
  const unsigned bits = ir::bits_of(tensor.dtype());
  const Counts codes = unpacked_histogram(tensor, bits, work);
  std::uint64_t zeros = 0;
  Occurrences found;
  for (std::size_t code = 0; code < codes.size(); ++code) {
    if ((code & value_bits(tensor.dtype())) == 0) zeros += codes[code];
    found.add(codes[code]);
  }
  if (what == Statistics::zeros) return {zeros, std::nullopt, std::nullopt};
  return statistics_of(zeros, found);
}

}  // namespace

std::optional<ValueStatistics> measure_values(const ir::Tensor& tensor, Statistics what, unsigned threads,
                                              const CountingLimits& limits) {
  const Work work{threads, limits};
  if (what == Statistics::none || tensor.element_count() == 0) return std::nullopt;
  switch (ir::bits_of(tensor.dtype())) {
    case 2:
    case 4:
      return measure_packed(tensor, what, work);
    case 8:
      return measure_words<std::uint8_t>(tensor, what, work);
    case 16:
      return measure_words<std::uint16_t>(tensor, what, work);
    case 32:
      return measure_words<std::uint32_t>(tensor, what, work);
    case 64:
      return measure_words<std::uint64_t>(tensor, what, work);
    default:
      return std::nullopt;
  }
}

}  // namespace pith::report
