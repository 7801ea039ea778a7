#include "engine/difference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/convert.h"

namespace pith::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double distance(double x, double y) {
  if (x == y || (std::isnan(x) && std::isnan(y))) return 0;
  const double distance = std::abs(x - y);
  return std::isfinite(distance) ? distance : kInfinity;
}

}  // namespace

double Difference::relative() const {
  if (max_abs == 0) return 0;
  return max_value == 0 ? kInfinity : max_abs / max_value;
}

std::optional<double> Difference::sqnr_db() const {
  if (!(signal > 0) || !(noise > 0) || !std::isfinite(signal) || !std::isfinite(noise)) return std::nullopt;
  return 10 * std::log10(signal / noise);
}

void Difference::add(const Difference& further) {
  equal = equal && further.equal;
  elements += further.elements;
  max_abs = std::max(max_abs, further.max_abs);
  max_value = std::max(max_value, further.max_value);
  signal += further.signal;
  noise += further.noise;
}

std::optional<Difference> difference(const ir::Tensor& x, const ir::Tensor& y) {
  if (x.shape() != y.shape()) return std::nullopt;
  std::array<double, 4096> first{};
  std::array<double, 4096> second{};
  Difference found;
  found.equal = x.same_bits(y);
  found.elements = x.element_count();
  for (std::uint64_t start = 0; start < x.element_count(); start += first.size()) {
    const auto count = std::min<std::uint64_t>(first.size(), x.element_count() - start);
    const auto xs = std::span(first).first(count);
    const auto ys = std::span(second).first(count);
    if (!load_doubles(x, start, xs) || !load_doubles(y, start, ys)) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
      const double apart = distance(xs[i], ys[i]);
      found.max_abs = std::max(found.max_abs, apart);
      found.noise += apart * apart;
      if (!std::isfinite(xs[i])) continue;
      found.max_value = std::max(found.max_value, std::abs(xs[i]));
      found.signal += xs[i] * xs[i];
    }
  }
  return found;
}

}  // namespace pith::engine
