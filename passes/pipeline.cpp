#include "passes/pipeline.h"

#include <fmt/core.h>

#include <utility>

namespace pith::passes {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '+';
}

class Parser {
 public:
  Parser(std::string_view text, const PassRegistry& registry) : text_(text), registry_(registry) {}

  Result<std::vector<std::unique_ptr<Pass>>> run() {
    std::vector<std::unique_ptr<Pass>> passes;
    for (;;) {
      skip_blanks(/*newlines=*/true);
      if (at_end()) return passes;
      if (take(',')) continue;
      PITH_TRY(auto pass, step());
      passes.push_back(std::move(pass));
      skip_blanks(/*newlines=*/false);
      if (!at_end() && peek() != ',' && peek() != '\n')
        return unexpected_here("a comma or the end of the line");
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] char peek() const { return text_[position_]; }

  bool take(char c) {
    if (at_end() || peek() != c) return false;
    ++position_;
    return true;
  }

  // Blanks and comments; newlines separate steps, so outside of braces they may matter.
  void skip_blanks(bool newlines) {
    while (!at_end()) {
      if (peek() == '#') {
        while (!at_end() && peek() != '\n') ++position_;
      } else if (peek() == ' ' || peek() == '\t' || peek() == '\r' || (newlines && peek() == '\n')) {
        ++position_;
      } else {
        return;
      }
    }
  }

  std::string_view word() {
    const std::size_t begin = position_;
    while (!at_end() && is_word(peek())) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  Result<std::unique_ptr<Pass>> step() {
    const std::size_t begin = position_;
    const std::string_view name = word();
    if (name.empty()) return unexpected_here("the name of a pass");
    auto entry = registry_.find(name);
    if (!entry) return located(std::move(entry).error(), begin);
    std::vector<Setting> settings;
    skip_blanks(/*newlines=*/false);
    if (take('{')) {
      PITH_TRY(settings, braces());
    }
    auto pass = (*entry)->make(settings);
    if (!pass) return located(std::move(pass).error().in(name), begin);
    return pass;
  }

  Result<std::vector<Setting>> braces() {
    std::vector<Setting> settings;
    for (;;) {
      skip_blanks(/*newlines=*/true);
      if (take('}')) return settings;
      const std::string_view key = word();
      if (key.empty()) return unexpected_here("an option or '}'");
      skip_blanks(/*newlines=*/true);
      if (!take('=')) return unexpected_here("'=' after the option");
      skip_blanks(/*newlines=*/true);
      const std::string_view value = word();
      if (value.empty()) return unexpected_here("a value after '='");
      settings.push_back({std::string(key), std::string(value)});
    }
  }

  std::unexpected<Error> unexpected_here(std::string_view wanted) const {
    const std::string found = at_end()         ? "the text ends"
                              : peek() == '\n' ? "the line ends"
                                               : fmt::format("there is '{}'", peek());
    return located(Error(ErrorCode::usage, fmt::format("{} was expected, but {}", wanted, found),
                         "write passes as name{key=value key=value}, separated by commas"),
                   position_);
  }

  std::unexpected<Error> located(Error error, std::size_t position) const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, position)) {
      ++column;
      if (c == '\n') {
        ++line;
        column = 1;
      }
    }
    return std::unexpected(
        std::move(error).in(line == 1 ? fmt::format("pipeline, column {}", column)
                                      : fmt::format("pipeline, line {}, column {}", line, column)));
  }

  std::string_view text_;
  const PassRegistry& registry_;
  std::size_t position_ = 0;
};

}  // namespace

Result<Pipeline> Pipeline::parse(std::string_view text, const PassRegistry& registry) {
  Pipeline pipeline;
  PITH_TRY(pipeline.passes_, Parser(text, registry).run());
  return pipeline;
}

std::string print(const Pass& pass) {
  std::string text(pass.info().name);
  std::string inside;
  for (const Setting& setting : pass.settings()) {
    inside += (inside.empty() ? "" : " ") + setting.key + "=" + setting.value;
  }
  return inside.empty() ? text : text + "{" + inside + "}";
}

std::string Pipeline::print() const {
  std::string text;
  for (const auto& pass : passes_) text += (text.empty() ? "" : ", ") + passes::print(*pass);
  return text;
}

Result<void> Pipeline::check(const Services& services) const {
  const auto refuse = [](const Pass& pass, std::string_view what, std::string_view flag) {
    return fail(ErrorCode::usage, fmt::format("{} needs {}", pass.info().name, what),
                fmt::format("pass {}", flag));
  };
  for (const auto& pass : passes_) {
    switch (pass->info().needs) {
      case Needs::none:
        break;
      case Needs::calibration:
        if (!services.calibration) return refuse(*pass, "calibration data", "--calib");
        break;
      case Needs::evaluator:
        if (!services.evaluator) return refuse(*pass, "labelled data", "--eval");
        break;
      case Needs::training:
        if (!services.training) return refuse(*pass, "training data", "--train");
        break;
    }
  }
  return {};
}

}  // namespace pith::passes
