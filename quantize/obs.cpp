#include "quantize/obs.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "quantize/trellis_path.h"

namespace pith::quantize {
namespace {

using Eigen::Index;

// The factor U of H^-1 = U^T U, or nothing when H is not positive definite.
bool factorize(const Eigen::MatrixXd& moments, Matrix& factor) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(moments);
  if (cholesky.info() != Eigen::Success) return false;
  Eigen::MatrixXd inverse = cholesky.solve(Eigen::MatrixXd::Identity(moments.rows(), moments.cols()));
  inverse = (inverse + inverse.transpose().eval()) / 2;
  const Eigen::LLT<Eigen::MatrixXd> upper(inverse);
  if (upper.info() != Eigen::Success) return false;
  factor = Eigen::MatrixXd(upper.matrixU()).cast<float>();
  return factor.allFinite() && factor.diagonal().minCoeff() > 0;
}

// The code for a value in steps: the nearest, the next one towards zero, or zero.
int choose(const Element& element, double bit_cost, const CodeBits& bits) {
  if (element.stays_zero) return 0;
  constexpr auto kLargest = static_cast<float>(kLargestCode);
  const int nearest = static_cast<int>(std::nearbyintf(std::clamp(element.value, -kLargest, kLargest)));
  if (nearest == 0 || bit_cost == 0) return nearest;
  const auto cost = [&](int code) {
    const double error = static_cast<double>(element.value) - static_cast<double>(code);
    return static_cast<double>(element.error_cost) * error * error +
           bit_cost * static_cast<double>(bits[0][index_of_code(code)]);
  };
  int best = nearest;
  double least = cost(nearest);
  for (const int code : std::array{nearest - (nearest > 0 ? 1 : -1), 0}) {
    const double other = cost(code);
    if (other < least) {
      least = other;
      best = code;
    }
  }
  return best;
}

constexpr Index kBlock = 64;  // columns whose errors reach the rest of the matrix together

// A group while its columns are rounded, in order.
class Sweep {
 public:
  explicit Sweep(const RowGroup& group) : group_(group), left_(group.weights->rows(), group.weights->cols()) {
    for (Index j = 0; j < left_.cols(); ++j) left_.col(j) = group.weights->col(column(j));
    errors_.resize(left_.rows(), kBlock);
    codes_.resize(left_.rows(), left_.cols());
  }

  // What column j still has to stand for.
  void append(Index j, float step, std::vector<Element>& elements) const {
    const double scale = static_cast<double>(step) / static_cast<double>(factor()(j, j));
    const auto error_cost = static_cast<float>(group_.error_cost * scale * scale);
    for (Index row = 0; row < left_.rows(); ++row) {
      elements.push_back({.value = left_(row, j) / step,
                          .error_cost = error_cost,
                          .stays_zero = (*group_.weights)(row, column(j)) == 0});
    }
  }

  // Takes the codes of column j, and lets the columns up to `end` make up for its errors. Returns the codes
  // that are left.
  std::span<const std::int8_t> take(Index j, Index end, float step, std::span<const std::int8_t> codes) {
    auto errors = errors_.col(j % kBlock);
    for (Index row = 0; row < left_.rows(); ++row) {
      const std::int8_t code = codes[static_cast<std::size_t>(row)];
      codes_(row, column(j)) = code;
      errors(row) = (left_(row, j) - static_cast<float>(code) * step) / factor()(j, j);
    }
    for (Index k = j + 1; k < end; ++k) left_.col(k) -= factor()(j, k) * errors;
    return codes.subspan(static_cast<std::size_t>(left_.rows()));
  }

  // Lets the columns from `end` on make up for those from `first` on.
  void finish_block(Index first, Index end) {
    const Index rest = left_.cols() - end;
    if (rest == 0) return;
    left_.rightCols(rest).noalias() -=
        errors_.leftCols(end - first) * factor().block(first, end, end - first, rest);
  }

  [[nodiscard]] Codes& codes() { return codes_; }

 private:
  [[nodiscard]] const Matrix& factor() const { return group_.compensation->factor; }
  [[nodiscard]] Index column(Index j) const {
    return group_.compensation->order[static_cast<std::size_t>(j)];
  }

  RowGroup group_;
  Matrix left_;    // in order
  Matrix errors_;  // of a block
  Codes codes_;
};

}  // namespace

double Compensation::mean_cost() const {
  return factor.diagonal().cast<double>().array().square().inverse().mean();
}

std::vector<int> column_order(std::span<const Eigen::MatrixXd> moments) {
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(moments.front().rows());
  for (const Eigen::MatrixXd& group : moments) {
    const double mean = group.diagonal().mean();
    if (mean > 0 && std::isfinite(mean)) weights += group.diagonal() / mean;
  }
  std::vector<int> order(static_cast<std::size_t>(weights.size()));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](int column) { return weights(column); });
  return order;
}

Compensation compensation_of(const Eigen::MatrixXd& moments, std::vector<int> order) {
  Compensation result{.order = std::move(order), .factor = {}};
  const Index columns = moments.rows();
  const double mean = moments.diagonal().mean();
  if (!(mean > 0) || !std::isfinite(mean)) {
    result.factor = Matrix::Identity(columns, columns);
    return result;
  }
  Eigen::MatrixXd ordered(columns, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < columns; ++i) {
      ordered(i, j) =
          moments(result.order[static_cast<std::size_t>(i)], result.order[static_cast<std::size_t>(j)]);
    }
  }
  double damping = mean / 100;
  ordered.diagonal().array() += damping;
  while (!factorize(ordered, result.factor)) {
    ordered.diagonal().array() += damping * 9;
    damping *= 10;
  }
  return result;
}

Rounded round_with_compensation(std::span<const RowGroup> groups, const GridChoice& grid,
                                const CodeBits& bits) {
  std::vector<Sweep> sweeps(groups.begin(), groups.end());
  const Index columns = groups.front().weights->cols();
  Rounded result;
  TrellisPath path;
  std::vector<Element> elements;
  std::vector<std::int8_t> codes;
  for (Index first = 0; first < columns; first += kBlock) {
    const Index end = std::min(first + kBlock, columns);
    for (Index j = first; j < end; ++j) {
      elements.clear();
      for (const Sweep& sweep : sweeps) sweep.append(j, grid.step, elements);
      codes.resize(elements.size());
      if (grid.trellis_start) {
        path.choose(elements, *grid.trellis_start, grid.bit_cost, bits, codes, result.counts);
      } else {
        for (std::size_t i = 0; i < elements.size(); ++i) {
          const int code = choose(elements[i], grid.bit_cost, bits);
          codes[i] = static_cast<std::int8_t>(code);
          ++result.counts[0][index_of_code(code)];
        }
      }
      std::span<const std::int8_t> left = codes;
      for (Sweep& sweep : sweeps) left = sweep.take(j, end, grid.step, left);
    }
    for (Sweep& sweep : sweeps) sweep.finish_block(first, end);
  }
  for (Sweep& sweep : sweeps) result.codes.push_back(std::move(sweep.codes()));
  return result;
}

double product_error(const Matrix& errors, const Eigen::MatrixXd& moments) {
  const Eigen::MatrixXd exact = errors.cast<double>();
  return (exact * moments).cwiseProduct(exact).sum();
}

}  // namespace pith::quantize
