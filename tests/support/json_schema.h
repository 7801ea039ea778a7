// Checks JSON documents against docs/report.schema.json, with as much of JSON Schema as that file uses.
// Stricter than a schema: fields that it does not name are violations too.
#pragma once

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace pith::test {

class JsonSchema {
 public:
  using Json = nlohmann::json;

  explicit JsonSchema(Json root) : root_(std::move(root)) {}

  // The schema of the reports.
  static JsonSchema of_reports() {
    std::ifstream file(PITH_SOURCE_DIR "/docs/report.schema.json");
    return JsonSchema(Json::parse(file));
  }

  // What is wrong with a document, as "path: what"; `part` names one of $defs, empty means the whole.
  [[nodiscard]] std::vector<std::string> violations(const Json& document,
                                                    const std::string& part = "") const {
    std::vector<std::string> found;
    check(document, part.empty() ? root_ : root_.at("$defs").at(part), part.empty() ? "report" : part, found);
    return found;
  }

 private:
  void check(const Json& value, const Json& schema, const std::string& path,
             std::vector<std::string>& found) const {
    for (const auto& [keyword, rule] : schema.items()) check_rule(value, keyword, rule, schema, path, found);
  }

  void check_rule(const Json& value, const std::string& keyword, const Json& rule, const Json& schema,
                  const std::string& path, std::vector<std::string>& found) const {
    const auto complain = [&](const std::string& what) { found.push_back(path + ": " + what); };
    if (keyword == "type") {
      const auto fits = [&](const Json& name) { return has_type(value, name.get<std::string>()); };
      if (rule.is_array() ? std::ranges::none_of(rule, fits) : !fits(rule)) complain("is no " + rule.dump());
    } else if (keyword == "$ref") {
      const std::string prefix = "#/$defs/";
      check(value, root_.at("$defs").at(rule.get<std::string>().substr(prefix.size())), path, found);
    } else if (keyword == "anyOf") {
      const auto fits = [&](const Json& choice) {
        std::vector<std::string> wrong;
        check(value, choice, path, wrong);
        return wrong.empty();
      };
      if (std::ranges::none_of(rule, fits)) complain("fits none of the choices");
    } else if (keyword == "enum") {
      if (std::ranges::find(rule, value) == rule.end()) complain(value.dump() + " is none of " + rule.dump());
    } else if (keyword == "pattern") {
      if (value.is_string() &&
          !std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())))
        complain(value.dump() + " does not match");
    } else if (keyword == "minimum") {
      if (value.is_number() && value < rule) complain(value.dump() + " is too small");
    } else if (keyword == "maximum") {
      if (value.is_number() && value > rule) complain(value.dump() + " is too large");
    } else if (keyword == "minItems") {
      if (value.is_array() && value.size() < rule.get<std::size_t>()) complain("has too few items");
    } else if (keyword == "maxItems") {
      if (value.is_array() && value.size() > rule.get<std::size_t>()) complain("has too many items");
    } else if (keyword == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
        check(value[i], rule, path + "[" + std::to_string(i) + "]", found);
    } else if (keyword == "required") {
      for (const Json& name : rule) {
        if (!value.is_object() || !value.contains(name.get<std::string>())) complain("lacks " + name.dump());
      }
    } else if (keyword == "properties") {
      check_properties(value, rule, path, found);
    } else if (keyword == "additionalProperties") {
      if (schema.contains("properties")) throw std::runtime_error("additionalProperties beside properties");
      for (const auto& [name, member] : value.items()) check(member, rule, path + "." + name, found);
    } else if (keyword != "description" && keyword != "title" && keyword != "$schema" && keyword != "$id" &&
               keyword != "$defs") {
      throw std::runtime_error("the checker does not know the keyword '" + keyword + "'");
    }
  }

  void check_properties(const Json& value, const Json& rule, const std::string& path,
                        std::vector<std::string>& found) const {
    if (!value.is_object()) return;  // `type` complains
    for (const auto& [name, member] : value.items()) {
      if (rule.contains(name)) {
        check(member, rule.at(name), path + "." + name, found);
      } else {
        found.push_back(path + ": the schema does not name \"" + name + "\"");
      }
    }
  }

  static bool has_type(const Json& value, const std::string& name) {
    return (name == "object" && value.is_object()) || (name == "array" && value.is_array()) ||
           (name == "string" && value.is_string()) || (name == "boolean" && value.is_boolean()) ||
           (name == "null" && value.is_null()) || (name == "number" && value.is_number()) ||
           (name == "integer" && value.is_number_integer());
  }

  Json root_;
};

}  // namespace pith::test
