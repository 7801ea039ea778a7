// The commands, each in the file of its name.
#pragma once

#include "cli/ui.h"

namespace pith::cli {

// Each returns the exit code of a run that did its work, or the error that ended it.
[[nodiscard]] Result<Exit> run_compress(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_pack(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_unpack(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_inspect(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_compare(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_verify(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_evaluate(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_sensitivity(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_passes(const Args& args, Ui& ui);
[[nodiscard]] Result<Exit> run_doctor(const Args& args, Ui& ui);

}  // namespace pith::cli
