#include "engine/runtime_search.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace pith::engine {
namespace {

namespace fs = std::filesystem;

fs::path environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

// The numbers in a file name, so that 1.9 comes before 1.31.
std::vector<int> numbers_in(std::string_view text) {
  std::vector<int> numbers;
  while (!text.empty()) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc()) numbers.push_back(number);
    text.remove_prefix(std::max<std::size_t>(1, static_cast<std::size_t>(end - text.data())));
  }
  return numbers;
}

// Entries of a folder whose names start so, the highest version first; empty when there is no such folder.
std::vector<fs::path> entries(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with(prefix)) found.push_back(it->path());
  }
  std::ranges::sort(found, [](const fs::path& a, const fs::path& b) {
    const std::string left = a.filename().string();
    const std::string right = b.filename().string();
    return std::pair(numbers_in(left), left) > std::pair(numbers_in(right), right);
  });
  return found;
}

std::vector<fs::path> libraries_in(const fs::path& folder) {
  return entries(folder, "libonnxruntime.so");
}

RuntimePlace named(std::string origin, const fs::path& path) {
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  return {std::move(origin), path, folder ? libraries_in(path) : std::vector{path}, true};
}

RuntimePlace folder(std::string origin, const fs::path& path) {
  return {std::move(origin), path, libraries_in(path), false};
}

void add_cache(std::vector<RuntimePlace>& places) {
  fs::path cache = environment("PITH_CACHE");
  if (cache.empty()) {
    const fs::path home = environment("HOME");
    if (home.empty()) return;
    cache = home / ".cache" / "pith";
  }
  RuntimePlace place{"set-up cache", cache / "onnxruntime-*" / "lib", {}, false};
  for (const fs::path& version : entries(cache, "onnxruntime-")) {
    for (fs::path& library : libraries_in(version / "lib")) place.libraries.push_back(std::move(library));
  }
  places.push_back(std::move(place));
}

void add_python(std::vector<RuntimePlace>& places, const char* variable) {
  const fs::path root = environment(variable);
  if (root.empty()) return;
  RuntimePlace place{
      variable, root / "lib" / "python*" / "site-packages" / "onnxruntime" / "capi", {}, false};
  for (const fs::path& python : entries(root / "lib", "python")) {
    for (fs::path& library : libraries_in(python / "site-packages" / "onnxruntime" / "capi")) {
      place.libraries.push_back(std::move(library));
    }
  }
  places.push_back(std::move(place));
}

}  // namespace

std::vector<RuntimePlace> runtime_places(const fs::path& given) {
  std::vector<RuntimePlace> places;
  if (!given.empty()) places.push_back(named("--ort-lib", given));
  if (const fs::path path = environment("PITH_ORT_LIB"); !path.empty()) {
    places.push_back(named("PITH_ORT_LIB", path));
  }
  std::error_code error;
  if (const fs::path executable = fs::read_symlink("/proc/self/exe", error); !error) {
    const fs::path beside = executable.parent_path();
    places.push_back(folder("next to the executable", beside));
    places.push_back(folder("lib beside the executable's folder", beside.parent_path() / "lib"));
  }
  add_cache(places);
  // Bare names: the dynamic loader searches LD_LIBRARY_PATH and the system's folders.
  places.push_back({"loader path", "libonnxruntime.so", {"libonnxruntime.so.1", "libonnxruntime.so"}, false});
  add_python(places, "VIRTUAL_ENV");
  add_python(places, "CONDA_PREFIX");
  return places;
}

fs::path active_python() {
  const fs::path virtual_environment = environment("VIRTUAL_ENV");
  return virtual_environment.empty() ? environment("CONDA_PREFIX") : virtual_environment;
}

}  // namespace pith::engine
