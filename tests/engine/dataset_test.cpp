#include "engine/dataset.h"

#include <algorithm>
#include <cmath>

#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

using test::npy;
using test::raw;
using test::TempFolder;
using test::zip;

const TensorInfo kImage{"image", ir::DType::float32, {-1, 1, 2, 2}};
const std::string kPixels =
    npy("|u1", "(3, 2, 2)", std::string("\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\xff", 12));
const std::string kLabels = npy("<i8", "(3,)", raw<std::int64_t>({0, 1, 2}));

Result<Dataset> open(const std::filesystem::path& path, const std::string& keys = "") {
  const auto spec = DatasetSpec::parse(path.string() + keys);
  REQUIRE(spec);
  return Dataset::open(*spec);
}

std::string bind_error(const Dataset& data, const std::vector<TensorInfo>& inputs,
                       std::uint64_t max_samples = 0) {
  const auto bound = data.bind(inputs, max_samples);
  if (bound) return "";
  CHECK(bound.error().code() == ErrorCode::data);
  return bound.error().message();
}

TEST_CASE("dataset: integer pixels become scaled floats of the model's shape") {
  const TempFolder folder;
  const auto data =
      open(folder.write("d.npz", zip({{"image.npy", kPixels}, {"labels.npy", kLabels}})), ",scale=1/255");
  REQUIRE(data);
  const auto bound = data->bind(std::vector{kImage});
  REQUIRE(bound);
  CHECK(bound->samples() == 3);
  CHECK(bound->batches() == 1);
  CHECK(bound->labels()->shape() == ir::Shape{3});
  const auto batch = bound->batch(0);
  REQUIRE(batch);
  CHECK((*batch)[0].name == "image");
  CHECK((*batch)[0].tensor.shape() == ir::Shape{3, 1, 2, 2});
  CHECK((*batch)[0].tensor.as<float>()[11] == 1.0F);
  CHECK((*batch)[0].tensor.as<float>()[1] == 1.0F / 255.0F);
}

TEST_CASE("dataset: a part and the others hold each sample once, with its label") {
  const TempFolder folder;
  std::string pixels;
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 100; ++i) {
    pixels += std::string(4, static_cast<char>(i));
    numbers.push_back(i);
  }
  const auto data = open(folder.write("d.npz", zip({{"image.npy", npy("|u1", "(100, 2, 2)", pixels)},
                                                    {"labels.npy", npy("<i8", "(100,)", raw(numbers))}})));
  REQUIRE(data);
  const auto labels_of = [&](const Split& split, std::uint64_t most, std::int64_t batch_size) {
    const auto bound = data->part(split).bind(
        std::vector{TensorInfo{"image", ir::DType::float32, {batch_size, 1, 2, 2}}}, most);
    REQUIRE(bound);
    std::vector<std::int64_t> labels;
    for (std::uint64_t b = 0; b < bound->batches(); ++b) {
      const auto batch = bound->batch(b);
      REQUIRE(batch);
      const auto images = (*batch)[0].tensor.as<float>();
      for (std::size_t i = 0; i < images.size(); i += 4) labels.push_back(std::lround(images[i]));
    }
    const auto truth = bound->labels()->as<std::int64_t>();
    CHECK(std::ranges::equal(labels, truth));
    return labels;
  };
  const auto drawn = labels_of({.share = 0.25, .seed = 7, .drawn = true}, 0, -1);
  const auto others = labels_of({.share = 0.25, .seed = 7, .drawn = false}, 0, -1);
  CHECK(drawn.size() == 25);
  std::vector<std::int64_t> all = drawn;
  all.insert(all.end(), others.begin(), others.end());
  std::ranges::sort(all);
  CHECK(all == numbers);
  CHECK(labels_of({.share = 0.25, .seed = 7, .drawn = true}, 10, -1) ==
        std::vector(drawn.begin(), drawn.begin() + 10));
  CHECK(labels_of({.share = 0.25, .seed = 8, .drawn = true}, 0, -1) != drawn);
  CHECK(std::ranges::max(labels_of({.share = 0.5, .seed = 7, .drawn = true, .of_first = 20}, 0, -1)) < 20);
  // A model that takes 10 samples at a time gets parts that it can take.
  CHECK(labels_of({.share = 0.33, .seed = 7, .drawn = true}, 0, 10).size() == 30);
  CHECK(labels_of({.share = 0.33, .seed = 7, .drawn = false}, 0, 10).size() == 70);
  const auto empty = data->part({.share = 0.001}).bind(std::vector{kImage});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message() ==
        "d.npz: a share of 0.001 of 100 samples leaves the first of the two parts empty");
}

TEST_CASE("dataset: samples at positions, of all or of a part") {
  const TempFolder folder;
  std::string pixels;
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 40; ++i) {
    pixels += std::string(4, static_cast<char>(i));
    numbers.push_back(i);
  }
  const auto data = open(folder.write("d.npz", zip({{"image.npy", npy("|u1", "(40, 2, 2)", pixels)},
                                                    {"labels.npy", npy("<i8", "(40,)", raw(numbers))}})));
  REQUIRE(data);
  const auto labels_of = [](const Dataset& some, std::int64_t batch_size) {
    const auto bound = some.bind(std::vector{TensorInfo{"image", ir::DType::float32, {batch_size, 1, 2, 2}}});
    REQUIRE(bound);
    CHECK(bound->unit() == static_cast<std::uint64_t>(std::max<std::int64_t>(batch_size, 1)));
    const auto batch = bound->batch(0);
    REQUIRE(batch);
    CHECK((*batch)[0].tensor.as<float>()[0] == static_cast<float>(bound->labels()->as<std::int64_t>()[0]));
    const auto labels = bound->labels()->as<std::int64_t>();
    return std::vector(labels.begin(), labels.end());
  };
  CHECK(labels_of(data->at({7, 2, 39}), -1) == std::vector<std::int64_t>{7, 2, 39});
  CHECK(labels_of(data->at({7, 2, 39, 0}), 2) == std::vector<std::int64_t>{7, 2, 39, 0});
  const Dataset part = data->part({.share = 0.5, .seed = 3});
  const auto drawn = labels_of(part, -1);
  CHECK(labels_of(part.at({4, 1}), -1) == std::vector{drawn[4], drawn[1]});
  CHECK(data->at({7}).content() != data->content());
  CHECK_FALSE(data->at({7, 2, 39}).bind(std::vector{TensorInfo{"image", ir::DType::float32, {2, 1, 2, 2}}}));
}

TEST_CASE("dataset: equal contents have equal digests, whatever the files are called") {
  const TempFolder folder;
  const std::string file = zip({{"image.npy", kPixels}, {"labels.npy", kLabels}});
  const auto digest = [&](const std::string& name, const std::string& bytes, const std::string& keys = "") {
    const auto data = open(folder.write(name, bytes), keys);
    REQUIRE(data);
    return data->content();
  };
  const Digest first = digest("a.npz", file);
  CHECK(digest("b.npz", file) == first);
  const std::string other = npy("<i8", "(3,)", raw<std::int64_t>({0, 1, 1}));
  std::vector<Digest> all{first,
                          digest("c.npz", zip({{"image.npy", kPixels}, {"labels.npy", other}})),
                          digest("d.npz", zip({{"images.npy", kPixels}, {"labels.npy", kLabels}})),
                          digest("e.npz", file, ",scale=1/255"),
                          digest("f.npz", file, ",mean=1"),
                          digest("g.npz", file, ",std=2"),
                          digest("h.npz", file, ",input=image"),
                          digest("i.npz", file, ",labels=labels")};
  const auto data = open(folder.write("j.npz", file));
  for (const Split& split : {Split{}, Split{.share = 0.3}, Split{.seed = 1}, Split{.drawn = false}})
    all.push_back(data->part(split).content());
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("dataset: a recorded run has no parts") {
  const TempFolder folder;
  const auto data = open(folder.write("d.npz", zip({{"a.npy", npy("<f4", "(2,)", raw<float>({1, 2}))},
                                                    {"b.npy", npy("<f4", "(3,)", raw<float>({1, 2, 3}))}})));
  REQUIRE(data);
  const std::vector inputs{TensorInfo{"a", ir::DType::float32, {2}},
                           TensorInfo{"b", ir::DType::float32, {3}}};
  CHECK(data->bind(inputs));
  CHECK(bind_error(data->part({}), inputs) ==
        "d.npz: one recorded run has no samples of which a part could be taken");
}

TEST_CASE("dataset: arrays of other names are fed in order, a truth named as an input stays one") {
  const TempFolder folder;
  const auto other = open(folder.write("a.npz", zip({{"x.npy", kPixels}, {"labels.npy", kLabels}})));
  REQUIRE(other);
  CHECK(other->bind(std::vector{kImage}));
  const auto both = open(folder.write("b.npz", zip({{"x.npy", kPixels}})), ",labels=x");
  REQUIRE(both);
  const auto bound = both->bind(std::vector{kImage});
  REQUIRE(bound);
  CHECK(bound->labels()->shape() == ir::Shape{3, 2, 2});
  // An input that is itself called labels is fed.
  const auto input = open(folder.write("c.npz", zip({{"labels.npy", kPixels}})));
  REQUIRE(input);
  const auto named = input->bind(std::vector{TensorInfo{"labels", ir::DType::float32, {-1, 2, 2}}});
  REQUIRE(named);
  CHECK_FALSE(named->labels());
}

TEST_CASE("dataset: names match before order does") {
  const TempFolder folder;
  const auto data = open(folder.write("d.npz", zip({{"p.npy", kLabels}, {"image.npy", kPixels}})));
  REQUIRE(data);
  const auto bound = data->bind(std::vector{kImage, TensorInfo{"ids", ir::DType::int32, {-1}}});
  REQUIRE(bound);
  const auto batch = bound->batch(0);
  REQUIRE(batch);
  CHECK((*batch)[1].name == "ids");
  CHECK(std::ranges::equal((*batch)[1].tensor.as<std::int32_t>(), std::vector{0, 1, 2}));
}

TEST_CASE("dataset: one array can be chosen") {
  const TempFolder folder;
  const auto file =
      folder.write("d.npz", zip({{"other.npy", kLabels}, {"x.npy", kPixels}, {"y.npy", kLabels}}));
  const auto data = open(file, ",input=x,labels=y");
  REQUIRE(data);
  CHECK(data->bind(std::vector{kImage})->labels());
  CHECK_THAT(bind_error(*open(file), {kImage}),
             Catch::Contains("'other' int64 [3]") && Catch::Contains("'image' float32 [?,1,2,2]"));
  CHECK_THAT(bind_error(*open(file, ",input=z"), {kImage}), Catch::Contains("no array 'z'"));
  CHECK_THAT(bind_error(*open(file, ",labels=yy"), {kImage}), Catch::Contains("'y'"));
}

TEST_CASE("dataset: npy with labels from another file") {
  const TempFolder folder;
  const auto labels = folder.write("y.npy", kLabels);
  const auto data = open(folder.write("x.npy", kPixels), ",labels=" + labels.string());
  REQUIRE(data);
  const auto bound = data->bind(std::vector{kImage});
  REQUIRE(bound);
  CHECK(bound->labels()->as<std::int64_t>()[2] == 2);
}

TEST_CASE("dataset: batches have the model's fixed size, else a bounded one") {
  const TempFolder folder;
  const auto many = npy("<f4", "(130, 2)", std::string(std::size_t{130} * 8, '\0'));
  const auto data = open(folder.write("x.npy", many));
  REQUIRE(data);
  const TensorInfo free{"x", ir::DType::float32, {-1, 2}};
  const auto bound = data->bind(std::vector{free});
  CHECK(bound->batch_size() == 64);
  CHECK(bound->batches() == 3);
  CHECK(bound->samples_in(2) == 2);
  CHECK((*bound->batch(2))[0].tensor.shape() == ir::Shape{2, 2});
  CHECK(data->bind(std::vector{free}, 7)->samples() == 7);

  const TensorInfo single{"x", ir::DType::float32, {1, 2}};
  CHECK(data->bind(std::vector{single})->batches() == 130);
  const TensorInfo thirteen{"x", ir::DType::float32, {13, 2}};
  CHECK(data->bind(std::vector{thirteen})->batches() == 10);
  const TensorInfo hundred{"x", ir::DType::float32, {100, 2}};
  CHECK_THAT(bind_error(*data, {hundred}), Catch::Contains("exactly 100") && Catch::Contains("130"));
  CHECK(data->bind(std::vector{hundred}, 100)->batches() == 1);

  const auto large = open(folder.write("l.npy", npy("|u1", "(3, 100000)", std::string(300000, '\0'))));
  CHECK(large->bind(std::vector{TensorInfo{"x", ir::DType::float32, {-1, -1}}})->batch_size() == 1);
}

TEST_CASE("dataset: scalars go to every batch, arrays that disagree are one recorded run") {
  const TempFolder folder;
  const auto input = npy("<f4", "(4, 3)", std::string(48, '\0'));
  const auto rate = npy("<i8", "()", raw<std::int64_t>({16000}));
  const auto state = npy("<f4", "(2, 4, 5)", std::string(160, '\0'));
  const TensorInfo x{"x", ir::DType::float32, {-1, -1}};
  const TensorInfo sr{"sr", ir::DType::int64, {}};
  const TensorInfo h{"h", ir::DType::float32, {2, -1, 5}};

  const auto stepwise = open(folder.write("a.npz", zip({{"x.npy", input}, {"sr.npy", rate}})), ",scale=2");
  REQUIRE(stepwise);
  const auto batches = stepwise->bind(std::vector{x, sr}, 3);
  REQUIRE(batches);
  CHECK(batches->samples() == 3);
  CHECK((*batches->batch(0))[1].tensor.as<std::int64_t>()[0] == 16000);

  const auto recorded =
      open(folder.write("b.npz", zip({{"x.npy", input}, {"h.npy", state}, {"sr.npy", rate}})));
  REQUIRE(recorded);
  const auto whole = recorded->bind(std::vector{x, h, sr}, 1);
  REQUIRE(whole);
  CHECK(whole->recorded_run());
  CHECK(whole->batches() == 1);
  CHECK((*whole->batch(0))[0].tensor.shape() == ir::Shape{4, 3});
  CHECK((*whole->batch(0))[1].tensor.shape() == ir::Shape{2, 4, 5});
  const TensorInfo narrow{"h", ir::DType::float32, {2, -1, 6}};
  CHECK_THAT(bind_error(*recorded, {x, narrow, sr}), Catch::Contains("'h'"));
}

TEST_CASE("dataset: what does not fit the model is refused with what was expected") {
  const TempFolder folder;
  const auto data =
      open(folder.write("d.npz", zip({{"image.npy", kPixels}, {"labels.npy", kLabels}})), ",scale=2");
  REQUIRE(data);
  CHECK_THAT(bind_error(*data, {TensorInfo{"image", ir::DType::float32, {-1, 3, 2}}}),
             Catch::Contains("float32 [?,3,2]") && Catch::Contains("uint8 [3,2,2]"));
  CHECK_THAT(bind_error(*data, {TensorInfo{"image", ir::DType::int32, {-1, 2, 2}}}),
             Catch::Contains("scale"));
  CHECK_FALSE(bind_error(*data, {TensorInfo{"image", ir::DType::boolean, {-1, 2, 2}}}).empty());
  CHECK_FALSE(bind_error(*data, {}).empty());
  const auto short_labels = npy("<i8", "(2,)", raw<std::int64_t>({0, 1}));
  const auto uneven =
      open(folder.write("u.npz", zip({{"image.npy", kPixels}, {"labels.npy", short_labels}})));
  CHECK_THAT(bind_error(*uneven, {kImage}), Catch::Contains("3 samples") && Catch::Contains("[2]"));
  const auto empty = open(folder.write("e.npy", npy("<f4", "(0, 2, 2)", "")));
  REQUIRE(empty);
  CHECK_THAT(bind_error(*empty, {kImage}), Catch::Contains("is empty"));
}

TEST_CASE("dataset: unreadable files are named in one sentence") {
  const TempFolder folder;
  const auto message = [](const Result<Dataset>& data) {
    REQUIRE_FALSE(data);
    CHECK(data.error().code() == ErrorCode::data);
    CHECK(data.error().message().find('\n') == std::string::npos);
    return data.error().message();
  };
  CHECK_THAT(message(open(folder.path() / "no.npz")), Catch::StartsWith("no.npz: "));
  CHECK_THAT(message(open(folder.path())), Catch::Contains("folder"));
  CHECK_THAT(message(open(folder.write("empty.npz", ""))), Catch::Contains("empty.npz: is empty"));
  CHECK_THAT(message(open(folder.write("text.npz", "plain text"))),
             Catch::StartsWith("text.npz: not a readable .npz"));
  CHECK_THAT(message(open(folder.write("text.txt", "plain text"))), Catch::Contains("format is not known"));
  CHECK_THAT(message(open(folder.write("cut.npy", kPixels.substr(0, kPixels.size() - 1)))),
             Catch::StartsWith("cut.npy: "));
  const auto good = folder.write("x.npy", kPixels);
  CHECK_THAT(message(open(good, ",labels=" + (folder.path() / "gone.npy").string())),
             Catch::StartsWith("gone.npy: "));
  const auto two = folder.write("two.npz", zip({{"a.npy", kPixels}, {"b.npy", kPixels}}));
  CHECK_THAT(message(open(good, ",labels=" + two.string())), Catch::Contains("holds 2"));
}

}  // namespace
}  // namespace pith::engine
