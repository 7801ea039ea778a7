// What a command needs of the world around it: where it writes, what it may use.
#pragma once

#include <chrono>
#include <string>

#include "cli/args.h"
#include "cli/exit.h"
#include "cli/progress.h"
#include "report/report.h"

namespace pith::cli {

class Ui {
 public:
  explicit Ui(const Args& args) : progress(args), args_(args), started_(std::chrono::steady_clock::now()) {}

  // The result on stdout; refuses (ErrorCode::environment) when stdout cannot take it.
  [[nodiscard]] Result<void> print(const std::string& text);

  // Threads to use: what was asked for, or one a core.
  [[nodiscard]] unsigned threads() const;
  // Time, memory and arguments so far; arguments are file names without their folders.
  [[nodiscard]] report::Invocation invocation() const;
  [[nodiscard]] report::Environment environment(std::string onnxruntime) const;

  Progress progress;

 private:
  const Args& args_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace pith::cli
