#include "engine/dataset_spec.h"

#include "tests/support/catch.h"

namespace pith::engine {
namespace {

TEST_CASE("data spec: path, format and keys") {
  const auto spec = DatasetSpec::parse("idx:folder/t10k.gz,labels=l.gz,scale=1/255,mean=0.5,0.25,-1,std=2");
  REQUIRE(spec);
  CHECK(spec->format == DataFormat::idx);
  CHECK(spec->path == "folder/t10k.gz");
  CHECK(spec->labels == "l.gz");
  CHECK(spec->normalization.numerator == 1);
  CHECK(spec->normalization.denominator == 255);
  CHECK(spec->normalization.mean == std::vector<double>{0.5, 0.25, -1});
  CHECK(spec->normalization.deviation == std::vector<double>{2});

  const auto plain = DatasetSpec::parse("x.npz");
  REQUIRE(plain);
  CHECK_FALSE(plain->format);
  CHECK(plain->normalization.is_identity());
  CHECK(DatasetSpec::parse("x.npz,scale=0.00390625")->normalization.numerator == 0.00390625);
  CHECK(DatasetSpec::parse("./data:1.npz")->path == "./data:1.npz");
  CHECK(DatasetSpec::parse("x.npz,input=image")->input == "image");
}

TEST_CASE("data spec: mistakes are named") {
  const auto message = [](std::string_view text) {
    const auto spec = DatasetSpec::parse(text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().code() == ErrorCode::usage);
    return spec.error().message();
  };
  CHECK_THAT(message(""), Catch::Contains("no data file"));
  CHECK_THAT(message(",labels=y"), Catch::Contains("no data file"));
  CHECK_THAT(message("x.npz,lables=y"), Catch::Contains("'lables'") && Catch::Contains("'labels'"));
  CHECK_THAT(message("npx:x"), Catch::Contains("'npx'") && Catch::Contains("'npz'"));
  CHECK_THAT(message("x.npz,labels"), Catch::Contains("key=value"));
  CHECK_THAT(message("x.npz,labels="), Catch::Contains("no value"));
  CHECK_THAT(message("x.npz,scale=1,scale=2"), Catch::Contains("twice"));
  CHECK_THAT(message("x.npz,scale=1,2"), Catch::Contains("key=value"));
  for (const char* bad : {"x", "1/", "/2", "1/0", "0", "nan", "inf", "1e999", "1,5x"}) {
    CAPTURE(bad);
    CHECK_FALSE(message(std::string("x.npz,scale=") + bad).empty());
  }
  CHECK_THAT(message("x.npz,std=1,0"), Catch::Contains("divide by zero"));
}

}  // namespace
}  // namespace pith::engine
