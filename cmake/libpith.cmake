# libpith: the loader as a C library of its own, static and shared, with everything that finds it.
#   pith::pith         the shared library
#   pith::pith_static  the static one, which wants zstd and the C++ runtime beside it
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(pith_loader PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
target_include_directories(pith_loader PUBLIC ${CMAKE_SOURCE_DIR}/loader)
# A program that links the library takes of it what it uses, and what runs once a file is small rather than fast.
target_compile_options(pith_loader PRIVATE -ffunction-sections -fdata-sections)
set_source_files_properties(loader/container_reader.cpp loader/decode.cpp loader/fast_header.cpp loader/file_bytes.cpp loader/graph_index.cpp loader/onnx_model.cpp
  loader/open_file.cpp loader/parallel.cpp loader/pith.cpp loader/small_format.cpp loader/small_prior.cpp loader/small_state.cpp loader/small_tables.cpp loader/sort.cpp loader/status.cpp
  loader/tensor_layout.cpp loader/wire.cpp
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release,RelWithDebInfo>:-Os>")
set_source_files_properties(loader/fast_decoder.cpp loader/fast_format.cpp loader/fast_lanes.cpp loader/fast_reorder_simd.cpp loader/fast_simd.cpp loader/huffman_decoder.cpp loader/plain_values.cpp loader/small_decoder.cpp
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O2>")
# These loops gain from vectors, and little from anything else that -O3 does.
set_source_files_properties(loader/fast_slots.cpp loader/integers.cpp loader/plain_bytes.cpp
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O2;-ftree-vectorize;$<$<CXX_COMPILER_ID:GNU>:-fvect-cost-model=cheap>>")
math(EXPR version_number "${PROJECT_VERSION_MAJOR} * 10000 + ${PROJECT_VERSION_MINOR} * 100 + ${PROJECT_VERSION_PATCH}")
target_compile_definitions(pith_loader PRIVATE PITH_VERSION_NUMBER=${version_number})

add_library(libpith SHARED $<TARGET_OBJECTS:pith_loader>)
add_library(libpith_static STATIC $<TARGET_OBJECTS:pith_loader>)
set(libpith_headers ${CMAKE_SOURCE_DIR}/loader/pith.h ${CMAKE_SOURCE_DIR}/loader/pith_types.h
  ${CMAKE_SOURCE_DIR}/loader/pith_onnxruntime.h)
foreach(target libpith libpith_static)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME pith LINKER_LANGUAGE CXX PUBLIC_HEADER "${libpith_headers}")
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/loader>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
target_link_libraries(libpith PRIVATE $<BUILD_INTERFACE:zstd::zstd> Threads::Threads)
target_link_libraries(libpith_static PUBLIC $<BUILD_INTERFACE:zstd::zstd> $<INSTALL_INTERFACE:zstd> Threads::Threads)
set_target_properties(libpith PROPERTIES VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} EXPORT_NAME pith)
set_target_properties(libpith_static PROPERTIES EXPORT_NAME pith_static)
# Nothing leaves the shared library but the C interface: not even what the C++ library's templates make.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/libpith.map CONTENT "{ global: pith_*; local: *; };\n")
target_link_options(libpith PRIVATE LINKER:--version-script=${CMAKE_BINARY_DIR}/libpith.map LINKER:--gc-sections)
add_library(pith::pith ALIAS libpith)
add_library(pith::pith_static ALIAS libpith_static)

# find_package(pith) and pkg-config.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pith)
install(TARGETS libpith libpith_static EXPORT pith
  LIBRARY COMPONENT libpith NAMELINK_COMPONENT libpith
  ARCHIVE COMPONENT libpith
  PUBLIC_HEADER COMPONENT libpith)
install(EXPORT pith NAMESPACE pith:: DESTINATION ${package_dir} COMPONENT libpith)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pith-config.cmake.in ${CMAKE_BINARY_DIR}/pith-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/pith-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/pith-config.cmake ${CMAKE_BINARY_DIR}/pith-config-version.cmake
  DESTINATION ${package_dir} COMPONENT libpith)
configure_file(${CMAKE_CURRENT_LIST_DIR}/pith.pc.in ${CMAKE_BINARY_DIR}/pith.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/pith.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libpith)
