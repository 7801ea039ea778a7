// The C interface with memory that runs out: whichever allocation fails, the call ends in an error code, and
// everything goes back to where it came from.
#include <pith.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/loader/pith_files.h"

namespace {

// While armed, the operator new of this program fails at the n-th call of this thread.
thread_local bool armed = false;
thread_local std::size_t calls_left = 0;

void* take(std::size_t size) noexcept {
  if (armed) {
    if (calls_left == 0) return nullptr;
    --calls_left;
  }
  return std::malloc(size != 0 ? size : 1);
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = take(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return take(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace pith::tests {
namespace {

// A caller's memory that counts, and fails at the n-th allocation.
struct Account {
  std::atomic<std::size_t> allocations{0};
  std::atomic<std::ptrdiff_t> held{0};
  std::atomic<std::size_t> fail_at{SIZE_MAX};

  static void* allocate(std::size_t size, void* user) {
    auto& account = *static_cast<Account*>(user);
    if (account.allocations++ >= account.fail_at) return nullptr;
    ++account.held;
    return std::malloc(size != 0 ? size : 1);
  }
  static void release(void* memory, void* user) {
    --static_cast<Account*>(user)->held;
    std::free(memory);
  }

  pith_options options() {
    pith_options result = tests::options();
    result.allocate = allocate;
    result.release = release;
    result.user = this;
    return result;
  }
};

// Everything that the interface can do with a file; the first failure, or PITH_OK.
pith_status use_all(const std::string& bytes, const pith_options& how, unsigned threads) {
  pith_file* opened = nullptr;
  pith_status status = pith_open_memory(bytes.data(), bytes.size(), &how, &opened, nullptr);
  if (status != PITH_OK) return status;
  const Handle file(opened);
  std::size_t size = 0;
  status = pith_onnx_size(opened, nullptr, &size, nullptr);
  if (status != PITH_OK) return status;
  const std::size_t part = size / 16 * 16 + 16;  // no part of a tensor is larger than the whole model
  std::unique_ptr<char, decltype(&std::free)> room(static_cast<char*>(std::malloc(3 * part)), &std::free);
  status = pith_to_onnx(opened, nullptr, room.get(), size, threads, nullptr);
  if (status != PITH_OK) return status;
  for (std::size_t i = 0; i < pith_tensor_count(opened); ++i) {
    pith_tensor info{};
    info.struct_size = sizeof info;
    status = pith_tensor_info(opened, i, &info, nullptr);
    if (status != PITH_OK) return status;
    void* const parts[3] = {room.get(), room.get() + part, room.get() + 2 * part};
    const std::size_t sizes[3] = {part, part, part};
    status = pith_decode_parts(opened, i, parts, sizes, nullptr);
    if (status != PITH_OK) return status;
  }
  const char* const allowed[] = {"Identity"};
  return pith_check_operators(opened, allowed, 1, nullptr);
}

TEST_CASE("a caller's allocator that fails at any allocation is an error code, and gets everything back") {
  for (const std::string& name : golden_names()) {
    const std::string bytes = read_file(golden_path(name));
    Account account;
    const pith_options how = account.options();
    REQUIRE(use_all(bytes, how, 1) == PITH_OK);
    CHECK(account.held == 0);
    const std::size_t all = account.allocations;
    INFO(name << ": " << all << " allocations");
    CHECK(all > 10);
    for (std::size_t n = 0; n < all; ++n) {
      account.allocations = 0;
      account.fail_at = n;
      const pith_status status = use_all(bytes, how, 1);
      if (status != PITH_OUT_OF_MEMORY) FAIL("allocation " << n << ": " << pith_status_name(status));
      if (account.held != 0) FAIL("allocation " << n << " leaves " << account.held);
    }
  }
}

TEST_CASE("a caller's allocator is used by every thread that decodes") {
  const std::string bytes = read_file(golden_path("v1/forms"));
  Account account;
  const pith_options how = account.options();
  for (int round = 0; round < 20; ++round) {
    account.allocations = 0;
    account.fail_at = static_cast<std::size_t>(round);
    CHECK(use_all(bytes, how, 4) == PITH_OUT_OF_MEMORY);
    CHECK(account.held == 0);
  }
}

TEST_CASE("an operator new that fails at any call is an error code") {
  for (const std::string& name : golden_names()) {
    const std::string bytes = read_file(golden_path(name));
    const pith_options how = options();
    std::size_t n = 0;
    pith_status status = PITH_OUT_OF_MEMORY;
    for (; n < 10000 && status == PITH_OUT_OF_MEMORY; ++n) {
      calls_left = n;
      armed = true;
      status = use_all(bytes, how, 1);
      armed = false;
    }
    INFO(name << " at call " << n);
    CHECK(status == PITH_OK);
    CHECK(n > 10);
  }
}

TEST_CASE("with a caller's allocator the library takes nothing from operator new") {
  for (const std::string& name : golden_names()) {
    INFO(name);
    const std::string bytes = read_file(golden_path(name));
    Account account;
    const pith_options how = account.options();
    calls_left = 0;
    armed = true;
    const pith_status status = use_all(bytes, how, 1);
    armed = false;
    CHECK(status == PITH_OK);
  }
}

}  // namespace
}  // namespace pith::tests
