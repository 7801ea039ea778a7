// The passes there are. Each folder adds its own in its list.cpp; there are no
// self-registering statics, because linkers drop them from static libraries.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace pith::passes {

class PassRegistry {
 public:
  struct Entry {
    PassInfo info;
    std::vector<OptionInfo> options;
    std::function<Result<std::unique_ptr<Pass>>(const std::vector<Setting>&)> make;
  };

  // Adds pass P; its name must be new.
  template <class P>
  void add() {
    add_entry({P::kInfo, describe_options<typename P::Options>(),
               [](const std::vector<Setting>& settings) -> Result<std::unique_ptr<Pass>> {
                 PITH_TRY(auto options, parse_options<typename P::Options>(settings));
                 return std::make_unique<Wrapper<P>>(std::move(options));
               }});
  }

  // In order of name.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  // The pass of that name; an unknown name is refused with the nearest known one.
  [[nodiscard]] Result<const Entry*> find(std::string_view name) const;

 private:
  template <class P>
  class Wrapper final : public Pass {
   public:
    explicit Wrapper(typename P::Options options) : options_(options), pass_(std::move(options)) {}
    [[nodiscard]] const PassInfo& info() const override { return P::kInfo; }
    [[nodiscard]] std::vector<Setting> settings() const override { return settings_of(options_); }
    Result<Outcome> run(ir::Model& model, PassContext& context) override { return pass_.run(model, context); }

   private:
    typename P::Options options_;
    P pass_;
  };

  void add_entry(Entry entry);

  std::vector<Entry> entries_;
};

}  // namespace pith::passes
