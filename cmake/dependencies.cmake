# Every third-party package, found once. scripts/setup.sh installs them;
# what does not come from the system lives in the cache that it fills.
set(PITH_CACHE "$ENV{PITH_CACHE}" CACHE PATH "Folder that scripts/setup.sh fills")
if(NOT PITH_CACHE)
  set(PITH_CACHE "$ENV{HOME}/.cache/pith" CACHE PATH "Folder that scripts/setup.sh fills" FORCE)
endif()
file(STRINGS ${CMAKE_SOURCE_DIR}/scripts/versions.sh version_lines REGEX "^[A-Z_0-9]+=")
foreach(line IN LISTS version_lines)
  if(line MATCHES "^([A-Z_0-9]+)=\"?([^\"]*)\"?$")
    set(PITH_PIN_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  endif()
endforeach()

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Eigen3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
# libzip's and zstd's own CMake files want tools that the packages do not bring.
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(libhwy REQUIRED IMPORTED_TARGET libhwy)
add_library(libzip::zip ALIAS PkgConfig::libzip)
add_library(zstd::zstd ALIAS PkgConfig::libzstd)
# xxHash is used header-only, so that the loader links nothing but zstd.
add_library(xxhash::xxhash INTERFACE IMPORTED)
target_compile_definitions(xxhash::xxhash INTERFACE XXH_INLINE_ALL)

# Highway too: its library would only choose among targets, which loader/simd_dispatch.h does.
add_library(hwy::headers INTERFACE IMPORTED)
target_include_directories(hwy::headers INTERFACE ${libhwy_INCLUDE_DIRS})

# ONNX: the one that setup built, else a system package that is new enough.
find_package(ONNX CONFIG QUIET PATHS ${PITH_CACHE}/onnx-${PITH_PIN_ONNX_VERSION} NO_DEFAULT_PATH)
if(NOT ONNX_FOUND)
  find_package(ONNX 1.23 CONFIG REQUIRED)
endif()
if(TARGET ONNX::onnx_proto AND NOT TARGET onnx_proto)
  add_library(onnx_proto ALIAS ONNX::onnx_proto)
  add_library(onnx ALIAS ONNX::onnx)
endif()

# ONNX Runtime: headers only; the library itself is loaded at run time.
find_path(ONNXRUNTIME_INCLUDE onnxruntime_cxx_api.h REQUIRED
  HINTS $ENV{ONNXRUNTIME_ROOT}/include ${ONNXRUNTIME_ROOT}/include
        ${PITH_CACHE}/onnxruntime-headers-${PITH_PIN_ORT_HEADERS_VERSION}/include
  PATH_SUFFIXES onnxruntime onnxruntime/core/session)
add_library(onnxruntime::headers INTERFACE IMPORTED)
target_include_directories(onnxruntime::headers INTERFACE ${ONNXRUNTIME_INCLUDE})
target_compile_definitions(onnxruntime::headers INTERFACE ORT_API_MANUAL_INIT)
