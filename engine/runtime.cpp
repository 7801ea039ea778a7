#include "engine/runtime.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "engine/ort.h"
#include "engine/runtime_search.h"

namespace pith::engine {
namespace {

namespace fs = std::filesystem;

// The lowest API asked for: any library since 1.17 has it, whatever headers this was built with.
constexpr std::uint32_t kApiVersion = 17;

// Whether "1.31.1" is a version that has the API. Asked before GetApi(), which writes to stderr when it
// refuses.
bool new_enough(std::string_view version) {
  unsigned major = 0;
  unsigned minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end) return false;
  const auto second = std::from_chars(first.ptr + 1, end, minor);
  return second.ec == std::errc() && (major > 1 || (major == 1 && minor >= kApiVersion));
}

void ORT_API_CALL ignore_message(void*, OrtLoggingLevel, const char*, const char*, const char*, const char*) {
}

struct Search {
  std::unique_ptr<Runtime::Library> library;
  std::vector<PlaceTried> tried;
  std::string too_old;  // the version of a library that was found but cannot be used
};

// "" when the library is loaded and usable, else what is wrong with it.
std::string try_library(const fs::path& path, Search& search) {
  const bool bare_name = !path.has_parent_path();
  std::error_code error;
  if (!bare_name && !fs::exists(path, error)) return "not there";
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const reason = ::dlerror();
    return bare_name ? "not there" : fmt::format("cannot be loaded: {}", reason == nullptr ? "" : reason);
  }
  using GetBase = const OrtApiBase*(ORT_API_CALL*)();
  const auto get_base = reinterpret_cast<GetBase>(::dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) {
    ::dlclose(handle);
    return "not an ONNX Runtime library";
  }
  const OrtApiBase* const base = get_base();
  const std::string version = base->GetVersionString();
  const OrtApi* const api = new_enough(version) ? base->GetApi(kApiVersion) : nullptr;
  if (api == nullptr) {
    search.too_old = version;
    return fmt::format("too old: {}", version);
  }
  Ort::InitApi(api);
  auto env = guarded(ErrorCode::environment, "ONNX Runtime cannot start",
                     [] { return Ort::Env(ORT_LOGGING_LEVEL_FATAL, "pith", ignore_message, nullptr); });
  if (!env) return env.error().message();
  Dl_info found{};
  const bool located = ::dladdr(reinterpret_cast<const void*>(get_base), &found) != 0;
  search.library =
      std::make_unique<Runtime::Library>(RuntimeInfo{located ? fs::path(found.dli_fname) : path, version},
                                         std::vector<PlaceTried>(), *std::move(env));
  return "";
}

// Tries what the place offers; false when nothing else may be tried after it.
bool try_place(const RuntimePlace& place, Search& search) {
  std::string outcome = "not there";
  for (const fs::path& library : place.libraries) {
    outcome = try_library(library, search);
    if (search.library != nullptr) {
      outcome = "loaded " + search.library->info.version;
      break;
    }
  }
  search.tried.push_back({place.origin, place.where, std::move(outcome)});
  return !place.required && search.library == nullptr;
}

Error not_found(const Search& search, bool named) {
  const std::string hint =
      "run scripts/setup.sh, install the Python package onnxruntime in the active environment, "
      "or name the library with --ort-lib or PITH_ORT_LIB; 'pith doctor' lists the places tried";
  if (named) {
    const PlaceTried& last = search.tried.back();
    return {ErrorCode::environment,
            fmt::format("ONNX Runtime cannot be used: {} '{}': {}", last.origin, last.where.string(),
                        last.outcome),
            hint};
  }
  if (!search.too_old.empty()) {
    return {ErrorCode::environment,
            fmt::format("ONNX Runtime {} is too old, 1.{} or newer is needed", search.too_old, kApiVersion),
            hint};
  }
  return {ErrorCode::environment,
          fmt::format("ONNX Runtime was not found in any of {} places", search.tried.size()), hint};
}

struct Loaded {
  std::mutex mutex;
  Runtime::Library* library = nullptr;
};

Loaded& loaded() {
  static Loaded state;
  return state;
}

Result<Runtime::Library*> load_library(const fs::path& given, std::vector<PlaceTried>& tried) {
  Loaded& state = loaded();
  const std::lock_guard lock(state.mutex);
  if (state.library == nullptr) {
    // Since 1.29 the library sends telemetry unless told otherwise before it is loaded.
    ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    Search search;
    bool named = false;
    for (const RuntimePlace& place : runtime_places(given)) {
      if (try_place(place, search)) continue;
      named = place.required;
      break;
    }
    tried = search.tried;
    if (search.library == nullptr) return std::unexpected(not_found(search, named));
    search.library->tried = std::move(search.tried);
    state.library = search.library.release();
  }
  tried = state.library->tried;
  return state.library;
}

}  // namespace

Result<Runtime> Runtime::load(const fs::path& given) {
  std::vector<PlaceTried> tried;
  PITH_TRY(Library* const library, load_library(given, tried));
  return Runtime(*library);
}

const RuntimeInfo& Runtime::info() const {
  return library_->info;
}

RuntimeFacts examine_runtime(const fs::path& given) {
  RuntimeFacts facts{fail(ErrorCode::environment, ""), {}, active_python()};
  const auto library = load_library(given, facts.tried);
  facts.runtime = library ? Result<RuntimeInfo>((*library)->info) : std::unexpected(library.error());
  return facts;
}

std::string short_reason(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  // "[ONNXRuntimeError] : 1 : FAIL : text", or text alone through the C API.
  if (message.starts_with("[ONNXRuntimeError]")) {
    for (int field = 0; field < 3; ++field) {
      const std::size_t colon = message.find(" : ");
      if (colon == std::string_view::npos) break;
      message.remove_prefix(colon + 3);
    }
  }
  constexpr std::size_t kLongest = 300;
  std::string text(message.substr(0, kLongest));
  // "/onnxruntime_src/.../file.cc:123 Function(...) text": the position means nothing to a user.
  if (text.starts_with('/')) {
    if (const std::size_t space = text.find(' '); space != std::string::npos) text.erase(0, space + 1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

}  // namespace pith::engine
