// How a pass declares an option: its name, its member, its help, and what it may be.
#pragma once

#include <concepts>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace pith::passes {

template <class Owner, class T>
struct Field {
  std::string_view name;
  T Owner::* member;
  std::string_view help;
  T low{};
  T high{};
};

template <class Owner, class T>
struct Choice {
  std::string_view name;
  T Owner::* member;
  std::string_view help;
  std::vector<std::pair<std::string_view, T>> values;
};

template <class Owner, class T>
  requires std::integral<T> || std::floating_point<T>
[[nodiscard]] Field<Owner, T> field(std::string_view name, T Owner::* member, std::string_view help, T low,
                                    T high) {
  return {name, member, help, low, high};
}

template <class Owner>
[[nodiscard]] Field<Owner, bool> field(std::string_view name, bool Owner::* member, std::string_view help) {
  return {name, member, help, false, true};
}

template <class Owner, class T>
[[nodiscard]] Choice<Owner, T> choice(std::string_view name, T Owner::* member, std::string_view help,
                                      std::vector<std::pair<std::string_view, T>> values) {
  return {name, member, help, std::move(values)};
}

// For a pass without options.
struct NoOptions {
  static std::tuple<> fields() { return {}; }
};

}  // namespace pith::passes
