#include "quantize/trellis_path.h"

#include <cmath>
#include <limits>
#include <random>

#include "loader/trellis.h"
#include "tests/support/catch.h"
#include "tests/support/trellis_values.h"

namespace pith::quantize {
namespace {

namespace trellis = loader::trellis;

std::vector<Element> normal_elements(std::size_t count, float spread, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<Element> elements(count);
  for (Element& element : elements) element.value = normal(random);
  return elements;
}

CodeBits rising_bits() {
  CodeBits bits;
  for (std::size_t table = 0; table < bits.size(); ++table) {
    for (int code = -kLargestCode; code <= kLargestCode; ++code)
      bits[table].push_back(static_cast<float>(1 + static_cast<int>(table)) *
                            std::sqrt(static_cast<float>(std::abs(code))));
  }
  return bits;
}

struct Chosen {
  std::vector<std::int8_t> codes;
  CodeCounts counts = no_counts();
};

Chosen choose(const std::vector<Element>& elements, std::uint8_t start, double bit_cost,
              const CodeBits& bits) {
  Chosen chosen;
  chosen.codes.resize(elements.size());
  TrellisPath().choose(elements, start, bit_cost, bits, chosen.codes, chosen.counts);
  return chosen;
}

loader::CodeShape line(std::size_t count) {
  return {.dims = {count}, .rank = 1};
}

double cost_of(const std::vector<Element>& elements, std::uint8_t start, double bit_cost,
               const CodeBits& bits, const std::vector<std::int8_t>& codes) {
  std::uint8_t state = start;
  double cost = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto index = trellis::index_of(codes[i], trellis::grid_of(state));
    REQUIRE(index);
    const double error = static_cast<double>(elements[i].value) - codes[i];
    cost += static_cast<double>(elements[i].error_cost) * error * error +
            bit_cost *
                static_cast<double>(bits[trellis::class_of(state)][index_of_code(static_cast<int>(*index))]);
    state = trellis::next_state(state, *index);
  }
  return cost;
}

// The least cost of all paths from this element on.
double least_cost(const std::vector<Element>& elements, std::size_t at, std::uint8_t state, double bit_cost,
                  const CodeBits& bits) {
  if (at == elements.size()) return 0;
  double least = std::numeric_limits<double>::infinity();
  for (int index = -7; index <= 7; ++index) {
    const auto value = static_cast<double>(trellis::value_of(index, trellis::grid_of(state)));
    const double error = static_cast<double>(elements[at].value) - value;
    const double cost = static_cast<double>(elements[at].error_cost) * error * error +
                        bit_cost * static_cast<double>(bits[trellis::class_of(state)][index_of_code(index)]);
    least = std::min(least,
                     cost + least_cost(elements, at + 1, trellis::next_state(state, index), bit_cost, bits));
  }
  return least;
}

TEST_CASE("trellis path: no path costs less") {
  const CodeBits bits = rising_bits();
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::vector<Element> elements = normal_elements(4, 2, seed);
    elements[seed % 4].error_cost = 3;
    for (const double bit_cost : {0.0, 0.3}) {
      for (std::uint8_t start = 0; start < trellis::kStarts; ++start) {
        const Chosen chosen = choose(elements, start, bit_cost, bits);
        const double cost = cost_of(elements, start, bit_cost, bits, chosen.codes);
        const double least = least_cost(elements, 0, start, bit_cost, bits);
        CHECK(std::abs(cost - least) < 1e-4 * (1 + least));
      }
    }
  }
}

TEST_CASE("trellis path: a decibel less error than a plain grid as coarse as one of the two") {
  const std::vector<Element> elements = normal_elements(20000, 20, 1);
  const Chosen chosen = choose(elements, 0, 0, {});
  double error = 0;
  double plain = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const double value = elements[i].value;
    error += (value - chosen.codes[i]) * (value - chosen.codes[i]);
    plain += (value - 2 * std::round(value / 2)) * (value - 2 * std::round(value / 2));
  }
  const double gain = 10 * std::log10(plain / error);
  CHECK(gain > 1.0);
  CHECK(gain < 1.53);  // no quantizer has more (Gish and Pierce 1968)
}

TEST_CASE("trellis path: counts the indices that stand for its codes") {
  const std::vector<Element> elements = normal_elements(500, 3, 2);
  const Chosen chosen = choose(elements, 1, 0.1, rising_bits());
  CHECK(test::has_values(chosen.codes, line(500), {.axis = 0, .start = 1}));
  CodeCounts counts = no_counts();
  std::uint8_t state = 1;
  for (const std::int8_t code : chosen.codes) {
    const auto index = trellis::index_of(code, trellis::grid_of(state));
    REQUIRE(index);
    ++counts[trellis::class_of(state)][index_of_code(static_cast<int>(*index))];
    state = trellis::next_state(state, *index);
  }
  CHECK(counts == chosen.counts);
}

TEST_CASE("trellis path: zeros stay zeros, and what is beyond the grid takes its end") {
  std::vector<Element> elements = normal_elements(200, 3, 3);
  for (std::size_t i = 0; i < elements.size(); i += 3) elements[i] = {.value = 9, .stays_zero = true};
  elements[1].value = 1e6F;
  elements[2].value = -1e6F;
  for (std::uint8_t start = 0; start < trellis::kStarts; ++start) {
    const Chosen chosen = choose(elements, start, 0, {});
    for (std::size_t i = 0; i < elements.size(); i += 3) CHECK(chosen.codes[i] == 0);
    CHECK(chosen.codes[1] >= 122);
    CHECK(chosen.codes[2] <= -122);
    CHECK(test::has_values(chosen.codes, line(200), {.axis = 0, .start = start}));
  }
}

TEST_CASE("trellis path: of no elements") {
  const Chosen chosen = choose({}, 0, 1, rising_bits());
  CHECK(chosen.codes.empty());
  CHECK(chosen.counts == no_counts());
}

}  // namespace
}  // namespace pith::quantize
