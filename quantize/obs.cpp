#include "quantize/obs.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

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

// The codes that may stand for a value: the nearest, the next one towards zero, and zero.
int choose(float value, float inverse_step, float step, double error_cost, double bit_cost,
           const CodeBits& bits) {
  const float scaled =
      std::clamp(value * inverse_step, -static_cast<float>(kLargestCode), static_cast<float>(kLargestCode));
  const int nearest = static_cast<int>(std::nearbyintf(scaled));
  if (nearest == 0 || bit_cost == 0) return nearest;
  const auto cost = [&](int code) {
    const double error = static_cast<double>(value) - static_cast<double>(code) * static_cast<double>(step);
    return error_cost * error * error + bit_cost * static_cast<double>(bits[index_of_code(code)]);
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

}  // namespace

double Compensation::mean_cost() const {
  return factor.diagonal().cast<double>().array().square().inverse().mean();
}

Compensation compensation_of(const Eigen::MatrixXd& moments) {
  Compensation result;
  const Index columns = moments.rows();
  result.order.resize(static_cast<std::size_t>(columns));
  std::iota(result.order.begin(), result.order.end(), 0);
  const double mean = moments.diagonal().mean();
  if (!(mean > 0) || !std::isfinite(mean)) {
    result.factor = Matrix::Identity(columns, columns);
    return result;
  }
  std::ranges::stable_sort(result.order, std::greater{}, [&](int column) { return moments(column, column); });
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

Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic> round_with_compensation(
    const Matrix& weights, const Compensation& compensation, const GridChoice& grid, const CodeBits& bits) {
  const Index rows = weights.rows();
  const Index columns = weights.cols();
  const Matrix& factor = compensation.factor;
  Matrix left(rows, columns);  // what the columns still have to stand for, in order
  for (Index j = 0; j < columns; ++j)
    left.col(j) = weights.col(compensation.order[static_cast<std::size_t>(j)]);

  Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic> codes(rows, columns);
  const float inverse_step = 1 / grid.step;
  constexpr Index kBlock = 64;  // columns whose errors reach the rest of the matrix together
  Matrix errors(rows, kBlock);
  for (Index first = 0; first < columns; first += kBlock) {
    const Index count = std::min(kBlock, columns - first);
    for (Index j = first; j < first + count; ++j) {
      const double pivot = static_cast<double>(factor(j, j));
      const double error_cost = grid.error_cost / (pivot * pivot);
      const Index column = compensation.order[static_cast<std::size_t>(j)];
      for (Index row = 0; row < rows; ++row) {
        const float value = left(row, j);
        const int code = weights(row, column) == 0
                             ? 0
                             : choose(value, inverse_step, grid.step, error_cost, grid.bit_cost, bits);
        codes(row, column) = static_cast<std::int8_t>(code);
        errors(row, j - first) = (value - static_cast<float>(code) * grid.step) / factor(j, j);
      }
      for (Index k = j + 1; k < first + count; ++k) left.col(k) -= factor(j, k) * errors.col(j - first);
    }
    const Index rest = columns - first - count;
    if (rest > 0) {
      left.rightCols(rest).noalias() -=
          errors.leftCols(count) * factor.block(first, first + count, count, rest);
    }
  }
  return codes;
}

double product_error(const Matrix& errors, const Eigen::MatrixXd& moments) {
  const Eigen::MatrixXd exact = errors.cast<double>();
  return (exact * moments).cwiseProduct(exact).sum();
}

}  // namespace pith::quantize
