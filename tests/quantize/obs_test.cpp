#include "quantize/obs.h"

#include <Eigen/LU>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/ideal_rate.h"
#include "tests/support/trellis_values.h"

namespace pith::quantize {
namespace {

Matrix random_matrix(int rows, int columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Matrix matrix(rows, columns);
  for (float& value : matrix.reshaped()) value = normal(random);
  return matrix;
}

// Second moments of inputs that go together.
Eigen::MatrixXd moments_of(int columns, unsigned seed) {
  const Eigen::MatrixXd mix = random_matrix(columns, columns, seed).cast<double>();
  const Eigen::MatrixXd inputs = mix * random_matrix(columns, 4 * columns, seed + 1).cast<double>();
  return inputs * inputs.transpose() / (4 * columns);
}

Matrix values_of(const Codes& codes, float step) {
  return codes.cast<float>() * step;
}

Compensation compensated(const Eigen::MatrixXd& moments) {
  return compensation_of(moments, column_order({&moments, 1}));
}

// Of one group.
Codes rounded(const Matrix& weights, const Compensation& compensation, const GridChoice& grid,
              const CodeBits& bits = {}) {
  const RowGroup group{.weights = &weights, .compensation = &compensation};
  return round_with_compensation({&group, 1}, grid, bits).codes[0];
}

TEST_CASE("obs: the factor is that of the inverse of the damped moments, in the order of the diagonal") {
  const Eigen::MatrixXd moments = moments_of(12, 1);
  const Compensation compensation = compensated(moments);
  const auto order = [&](int i) { return compensation.order[static_cast<std::size_t>(i)]; };
  Eigen::MatrixXd ordered(12, 12);
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) ordered(i, j) = moments(order(i), order(j));
    if (i > 0) CHECK(ordered(i - 1, i - 1) >= ordered(i, i));
  }
  ordered.diagonal().array() += moments.diagonal().mean() / 100;
  const Eigen::MatrixXd factor = compensation.factor.cast<double>();
  CHECK((factor.transpose() * factor * ordered - Eigen::MatrixXd::Identity(12, 12)).norm() < 1e-3);
  CHECK(factor.isUpperTriangular());
}

TEST_CASE("obs: inputs that do not go together are rounded to the nearest code") {
  const Matrix weights = random_matrix(5, 70, 3);
  const Compensation compensation = compensated(Eigen::MatrixXd::Identity(70, 70) * 3);
  const auto codes = rounded(weights, compensation, {.step = 0.25F});
  for (int i = 0; i < weights.size(); ++i) CHECK(int{codes(i)} == std::nearbyint(weights(i) / 0.25F));
}

TEST_CASE("obs: the products are nearer than those of the nearest codes") {
  const Eigen::MatrixXd moments = moments_of(96, 5);  // more than one block
  const Matrix weights = random_matrix(8, 96, 7);
  const auto codes = rounded(weights, compensated(moments), {.step = 0.5F});
  const Matrix nearest = (weights / 0.5F).array().round() * 0.5F;
  CHECK(product_error(weights - values_of(codes, 0.5F), moments) <
        0.5 * product_error(weights - nearest, moments));
}

TEST_CASE("obs: codes that cost bits are taken less, and never beyond the nearest") {
  const Matrix weights = random_matrix(4, 64, 9);
  const Compensation compensation = compensated(Eigen::MatrixXd::Identity(64, 64));
  CodeBits bits;
  bits[0].resize(kCodes);
  for (int code = -kLargestCode; code <= kLargestCode; ++code) {
    bits[0][index_of_code(code)] = static_cast<float>(1 + std::abs(code));
  }
  const auto plain = rounded(weights, compensation, {.step = 0.25F}, bits);
  const auto cheap = rounded(weights, compensation, {.step = 0.25F, .bit_cost = 0.05}, bits);
  int fewer = 0;
  for (int i = 0; i < plain.size(); ++i) {
    CHECK(std::abs(cheap(i)) <= std::abs(plain(i)));
    CHECK(cheap(i) * plain(i) >= 0);
    fewer += cheap(i) != plain(i) ? 1 : 0;
  }
  CHECK(fewer > 16);
}

TEST_CASE("obs: a zero stays a zero, also where an error could be made up for by it") {
  Matrix weights = random_matrix(8, 32, 11);
  for (int i = 0; i < weights.size(); i += 3) weights(i) = 0;
  const auto codes = rounded(weights, compensated(moments_of(32, 13)), {.step = 0.5F});
  for (int i = 0; i < weights.size(); i += 3) CHECK(codes(i) == 0);
}

TEST_CASE("obs: moments without inverse, zero, or not finite give a factor all the same") {
  const Matrix one = random_matrix(16, 1, 15);
  const Eigen::MatrixXd singular = (one * one.transpose()).cast<double>();
  for (const Eigen::MatrixXd& moments : {singular, Eigen::MatrixXd(Eigen::MatrixXd::Zero(16, 16))}) {
    const Compensation compensation = compensated(moments);
    CHECK(compensation.factor.allFinite());
    CHECK(compensation.factor.diagonal().minCoeff() > 0);
    CHECK(compensation.mean_cost() > 0);
  }
}

TEST_CASE("obs: values beyond the grid take its last code") {
  const Matrix weights = Matrix::Constant(1, 1, -1000);
  const auto codes = rounded(weights, compensated(Eigen::MatrixXd::Identity(1, 1)), {.step = 1});
  CHECK(codes(0) == -kLargestCode);
}

TEST_CASE(
    "obs: a trellis has less error than a plain grid at the same bits, one path a column through all "
    "groups") {
  const Eigen::MatrixXd moments = moments_of(40, 17);
  const std::vector<Eigen::MatrixXd> both{moments, 2 * moments_of(40, 19)};
  const std::vector<int> order = column_order(both);
  const std::vector<Matrix> weights{random_matrix(80, 40, 21), random_matrix(80, 40, 23)};
  const std::vector<Compensation> compensation{compensation_of(both[0], order),
                                               compensation_of(both[1], order)};
  std::vector<RowGroup> groups;
  for (std::size_t i = 0; i < 2; ++i)
    groups.push_back({.weights = &weights[i], .compensation = &compensation[i]});
  const auto error_of = [&](const GridChoice& grid, double& bits, Rounded& result) {
    result = round_with_compensation(groups, grid, {});
    bits = total_bits(result.counts, test::IdealRate());
    double error = 0;
    for (std::size_t i = 0; i < 2; ++i)
      error += product_error(weights[i] - values_of(result.codes[i], grid.step), both[i]);
    return error;
  };
  double plain_bits = 0;
  double fine_bits = 0;
  Rounded result;
  const double plain = error_of({.step = 0.4F}, plain_bits, result);
  const double fine = error_of({.step = 0.2F, .trellis_start = 0}, fine_bits, result);
  // In decibels, of which a bit a weight is worth 6.
  const double gain = 10 * std::log10(plain / fine) - 6.02 * (fine_bits - plain_bits) / (2 * 80 * 40);
  CHECK(gain > 0.5);
  for (int column = 0; column < 40; ++column) {
    std::vector<std::int8_t> path;
    for (const Codes& codes : result.codes)
      path.insert(path.end(), codes.col(column).begin(), codes.col(column).end());
    CHECK(test::has_values(path, {.dims = {160}, .rank = 1}, {.axis = 0, .start = 0}));
  }
}

}  // namespace
}  // namespace pith::quantize
