#include "engine/runtime.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "engine/ort.h"
#include "engine/runtime_search.h"
#include "tests/engine/samples.h"
#include "tests/support/catch.h"

namespace pith::engine {
namespace {

// Sets a variable of the environment for one test.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) old_ = old;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() {
    if (old_) {
      ::setenv(name_.c_str(), old_->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }

 private:
  std::string name_;
  std::optional<std::string> old_;
};

const RuntimePlace& place(const std::vector<RuntimePlace>& places, std::string_view origin) {
  const auto found = std::ranges::find(places, origin, &RuntimePlace::origin);
  REQUIRE(found != places.end());
  return *found;
}

TEST_CASE("runtime: loads, says its version, and is loaded once") {
  const auto runtime = Runtime::load();
  REQUIRE(runtime);
  CHECK(std::regex_match(runtime->info().version, std::regex("1\\.[0-9]+\\.[0-9]+.*")));
  CHECK(runtime->info().path.is_absolute());
  CHECK(std::string(std::getenv("ORT_DISABLE_TELEMETRY")) == "1");
  const auto again = Runtime::load("/nowhere");
  REQUIRE(again);
  CHECK(&again->library() == &runtime->library());
  const auto facts = examine_runtime();
  REQUIRE(facts.runtime);
  REQUIRE_FALSE(facts.tried.empty());
  CHECK(facts.tried.back().outcome == "loaded " + facts.runtime->version);
}

TEST_CASE("runtime: places come in order, the newest library of a folder first") {
  const test::TempFolder folder;
  std::filesystem::create_directories(folder.path() / "onnxruntime-1.9.0" / "lib");
  std::filesystem::create_directories(folder.path() / "onnxruntime-1.31.1" / "lib");
  const auto old_library = folder.write("onnxruntime-1.9.0/lib/libonnxruntime.so.1.9.0", "");
  const auto new_library = folder.write("onnxruntime-1.31.1/lib/libonnxruntime.so.1.31.1", "");
  std::filesystem::create_directories(folder.path() / "lib/python3.11/site-packages/onnxruntime/capi");
  const auto wheel =
      folder.write("lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.0", "");
  folder.write("lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime_providers_shared.so", "");
  const Variable cache("PITH_CACHE", folder.path());
  const Variable python("VIRTUAL_ENV", folder.path());
  const Variable library("PITH_ORT_LIB", (folder.path() / "onnxruntime-1.9.0" / "lib").string());

  const auto places = runtime_places("/opt/libonnxruntime.so.1");
  CHECK(places.at(0).origin == "--ort-lib");
  CHECK(places.at(0).required);
  CHECK(places.at(1).libraries == std::vector{old_library});
  CHECK(place(places, "set-up cache").libraries == std::vector{new_library, old_library});
  CHECK(place(places, "VIRTUAL_ENV").libraries == std::vector{wheel});
  CHECK_FALSE(place(places, "loader path").required);
  CHECK(active_python() == folder.path());
}

// A library named by the user that fails; run in a process of its own, because loading is for good.
TEST_CASE("runtime child: a named library that fails is not replaced by another", "[.]") {
  const auto facts = examine_runtime();
  REQUIRE_FALSE(facts.runtime);
  CHECK(facts.runtime.error().code() == ErrorCode::environment);
  CHECK_THAT(facts.runtime.error().message(), Catch::Contains("PITH_ORT_LIB"));
  CHECK_THAT(facts.runtime.error().hint(), Catch::Contains("--ort-lib") && Catch::Contains("doctor"));
  CHECK(facts.tried.size() == 1);
}

TEST_CASE("runtime: missing, foreign and broken libraries") {
  const test::TempFolder folder;
  const auto broken = folder.write("libonnxruntime.so.1", "not a library");
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (const std::string& path :
       {std::string("/nowhere/libonnxruntime.so"), broken.string(), folder.path().string()}) {
    CAPTURE(path);
    const Variable library("PITH_ORT_LIB", path);
    const int status = std::system(
        ("'" + self + "' 'runtime child: a named library that fails is not replaced by another' > '" +
         (folder.path() / "child").string() + "' 2>&1")
            .c_str());
    CHECK(WEXITSTATUS(status) == 0);
  }
}

TEST_CASE("runtime: reasons are cut to what a user can read") {
  CHECK(short_reason("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model failed.\nmore") ==
        "Load model failed");
  CHECK(short_reason("/onnxruntime_src/core/graph/graph.cc:12 Check(x) bad node") == "Check(x) bad node");
  CHECK(short_reason("plain") == "plain");
  CHECK(short_reason(std::string(5000, 'x')).size() == 300);
}

}  // namespace
}  // namespace pith::engine
