#include "cli/named_data.h"

namespace pith::cli {

Result<NamedData> open_data(const std::string& spec, const Args& args) {
  PITH_TRY(auto parsed, engine::DatasetSpec::parse(spec));
  parsed.synthetic.seed = args.seed;
  PITH_TRY(auto data, engine::Dataset::open(parsed));
  return NamedData{std::move(data), parsed.path.filename().string(), parsed.is_synthetic()};
}

}  // namespace pith::cli
