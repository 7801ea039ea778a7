# shellcheck shell=bash
# Versions of what setup.sh fetches, in one place; CMake reads the same lines.
ONNX_VERSION="1.23.2"
ONNX_SHA256="008cb0467b2bbee41448acc7da8b6f4e704624cb0d327a2d5adafc7ce19bc5b8"
ORT_VERSION="1.31.1"
ORT_HEADERS_VERSION="1.21"
ORT_HEADERS_SUITE="trixie"
CMAKE_VERSION="3.31.10"
NINJA_VERSION="1.13.2"
