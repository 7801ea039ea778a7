#include "report/text.h"

#include "tests/support/catch.h"

namespace pith::report {
namespace {

QualityEntry rate(double before, double after) {
  QualityEntry quality;
  quality.metric = "top1";
  quality.before = before;
  quality.after = after;
  quality.ci95_low = 0.885;
  quality.ci95_high = 0.9;
  quality.samples = 10000;
  return quality;
}

CompressReport report(std::uint64_t before, std::uint64_t after) {
  CompressReport made;
  made.before.bytes = before;
  made.after.bytes = after;
  return made;
}

TEST_CASE("text: numbers with commas") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(1067271) == "1,067,271");
  CHECK(with_commas(18446744073709551615U) == "18,446,744,073,709,551,615");
}

TEST_CASE("text: a drop is positive when it is worse, for both kinds of metric") {
  const QualityEntry worse = rate(0.8985, 0.8935);
  REQUIRE(worse.drop());
  CHECK(*worse.drop() > 0);
  CompressReport made = report(1000, 100);
  made.quality = worse;
  CHECK(to_text(made, Detail::summary)
            .contains(
                "quality  top1 89.85 % -> 89.35 % (0.50 pt lost), 10,000 samples, 95 % interval 88.50 % to "
                "90.00 %\n"));
  made.quality = rate(0.8985, 0.8995);
  CHECK(to_text(made, Detail::summary).contains("(0.10 pt gained)"));

  QualityEntry error;
  error.metric = "mse";
  error.higher_is_better = false;
  error.before = 9.5;
  error.after = 9.75;
  CHECK(error.drop() == 0.25);
  made.quality = error;
  CHECK(to_text(made, Detail::summary).contains("quality  mse 9.5 -> 9.75 (0.25 worse)"));
  error.after = 9.25;
  CHECK(error.drop() == -0.25);
  made.quality = error;
  CHECK(to_text(made, Detail::summary).contains("quality  mse 9.5 -> 9.25 (0.25 better)"));
  error.before.reset();
  CHECK_FALSE(error.drop());
  made.quality = error;
  CHECK(to_text(made, Detail::summary).contains("quality  mse 9.25, 0 samples"));
}

TEST_CASE("text: sizes and their ratio") {
  CHECK(to_text(report(1067271, 100000), Detail::summary)
            .contains("size     1,067,271 -> 100,000 bytes, 10.67x smaller\n"));
  CHECK(to_text(report(100, 150), Detail::summary).contains("size     100 -> 150 bytes, 1.50x larger\n"));
  CHECK(report(100, 50).ratio() == 2.0);
  CHECK(report(100, 0).ratio() == 0.0);
}

TEST_CASE("text: a summary counts what was skipped, everything names it") {
  CompressReport made = report(100, 50);
  passes::PassRecord record;
  record.name = "prune";
  record.changes = 1234;
  record.skipped = {{"node 'n'", "it is strange"}};
  made.passes = {record};
  made.warnings = {"be careful"};
  made.suggestion = "pith inspect out.pith";
  const std::string summary = to_text(made, Detail::summary);
  CHECK(summary.contains(
      "pass   changes  weight bytes  skipped  seconds\nprune    1,234             0        1    0.000\n"));
  CHECK_FALSE(summary.contains("strange"));
  CHECK(to_text(made, Detail::everything).contains("prune skipped node 'n': it is strange\n"));
  CHECK(summary.ends_with("warning  be careful\nnext     pith inspect out.pith\n"));
}

TEST_CASE("text: the three largest tensors that remain") {
  CompressReport made = report(100, 50);
  for (const std::uint64_t bytes : {10U, 40U, 20U, 30U}) {
    TensorEntry tensor;
    tensor.name = "t" + std::to_string(bytes);
    tensor.form = "dense";
    tensor.coder = "none";
    tensor.bytes_after = bytes;
    made.tensors.push_back(tensor);
  }
  const std::string text = to_text(made, Detail::summary);
  CHECK(text.find("largest  t40") < text.find("t30"));
  CHECK(text.find("t30") < text.find("t20"));
  CHECK_FALSE(text.contains("t10"));
}

}  // namespace
}  // namespace pith::report
