#include "quantize/obs.h"

#include <Eigen/LU>
#include <random>

#include "tests/support/catch.h"

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

Matrix values_of(const Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic>& codes, float step) {
  return codes.cast<float>() * step;
}

TEST_CASE("obs: the factor is that of the inverse of the damped moments, in the order of the diagonal") {
  const Eigen::MatrixXd moments = moments_of(12, 1);
  const Compensation compensation = compensation_of(moments);
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
  const Compensation compensation = compensation_of(Eigen::MatrixXd::Identity(70, 70) * 3);
  const auto codes = round_with_compensation(weights, compensation, {.step = 0.25F}, {});
  for (int i = 0; i < weights.size(); ++i) CHECK(int{codes(i)} == std::nearbyint(weights(i) / 0.25F));
}

TEST_CASE("obs: the products are nearer than those of the nearest codes") {
  const Eigen::MatrixXd moments = moments_of(96, 5);  // more than one block
  const Matrix weights = random_matrix(8, 96, 7);
  const auto codes = round_with_compensation(weights, compensation_of(moments), {.step = 0.5F}, {});
  const Matrix nearest = (weights / 0.5F).array().round() * 0.5F;
  CHECK(product_error(weights - values_of(codes, 0.5F), moments) <
        0.5 * product_error(weights - nearest, moments));
}

TEST_CASE("obs: codes that cost bits are taken less, and never beyond the nearest") {
  const Matrix weights = random_matrix(4, 64, 9);
  const Compensation compensation = compensation_of(Eigen::MatrixXd::Identity(64, 64));
  CodeBits bits(kCodes);
  for (int code = -kLargestCode; code <= kLargestCode; ++code) {
    bits[static_cast<std::size_t>(code + kLargestCode)] = static_cast<float>(1 + std::abs(code));
  }
  const auto plain = round_with_compensation(weights, compensation, {.step = 0.25F}, bits);
  const auto cheap = round_with_compensation(weights, compensation, {.step = 0.25F, .bit_cost = 0.05}, bits);
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
  const auto codes =
      round_with_compensation(weights, compensation_of(moments_of(32, 13)), {.step = 0.5F}, {});
  for (int i = 0; i < weights.size(); i += 3) CHECK(codes(i) == 0);
}

TEST_CASE("obs: moments without inverse, zero, or not finite give a factor all the same") {
  const Matrix one = random_matrix(16, 1, 15);
  const Eigen::MatrixXd singular = (one * one.transpose()).cast<double>();
  for (const Eigen::MatrixXd& moments : {singular, Eigen::MatrixXd(Eigen::MatrixXd::Zero(16, 16))}) {
    const Compensation compensation = compensation_of(moments);
    CHECK(compensation.factor.allFinite());
    CHECK(compensation.factor.diagonal().minCoeff() > 0);
    CHECK(compensation.mean_cost() > 0);
  }
}

TEST_CASE("obs: values beyond the grid take its last code") {
  const Matrix weights = Matrix::Constant(1, 1, -1000);
  const auto codes =
      round_with_compensation(weights, compensation_of(Eigen::MatrixXd::Identity(1, 1)), {.step = 1}, {});
  CHECK(codes(0) == -kLargestCode);
}

}  // namespace
}  // namespace pith::quantize
