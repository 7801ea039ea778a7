/* Opens a .pith file, checks its operators, and writes it as an ordinary ONNX model.
 *
 *   load MODEL.pith [OUT.onnx [OPERATOR...]]
 *
 * With OPERATORs the model may have no others. */
#include <inttypes.h>
#include <pith.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char* what, pith_status status, const pith_message* message) {
  fprintf(stderr, "%s: %s: %s\n", what, pith_status_name(status), message->text);
  return 1;
}

static int list_tensors(const pith_file* file) {
  for (size_t i = 0; i < pith_tensor_count(file); ++i) {
    pith_tensor tensor = {0};
    pith_message message;
    tensor.struct_size = sizeof tensor;
    const pith_status status = pith_tensor_info(file, i, &tensor, &message);
    if (status != PITH_OK) return fail("tensor", status, &message);
    printf("%s: %" PRIu64 " bytes of %" PRIu64 "\n", tensor.name, tensor.stored_bytes, tensor.bytes);
  }
  return 0;
}

static int write_onnx(const pith_file* file, const char* path) {
  size_t size = 0;
  pith_message message;
  pith_status status = pith_onnx_size(file, NULL, &size, &message);
  if (status != PITH_OK) return fail("size", status, &message);
  void* model = malloc(size);
  if (model == NULL) return fail("malloc", PITH_OUT_OF_MEMORY, &message);
  status = pith_to_onnx(file, NULL, model, size, 0, &message);
  if (status != PITH_OK) {
    free(model);
    return fail("decode", status, &message);
  }
  FILE* out = fopen(path, "wb");
  int written = out != NULL && fwrite(model, 1, size, out) == size;
  if (out != NULL && fclose(out) != 0) written = 0;
  free(model);
  if (!written) perror(path);
  return written ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: load MODEL.pith [OUT.onnx [OPERATOR...]]\n");
    return 2;
  }
  pith_options options = {0};
  options.struct_size = sizeof options;
  options.max_decoded_bytes = (uint64_t)1 << 30;
  pith_file* file = NULL;
  pith_message message;
  pith_status status = pith_open_file(argv[1], &options, &file, &message);
  if (status != PITH_OK) return fail(argv[1], status, &message);
  int result = 0;
  if (argc > 3) {
    status = pith_check_operators(file, (const char* const*)(argv + 3), (size_t)(argc - 3), &message);
    if (status != PITH_OK) result = fail(argv[1], status, &message);
  }
  if (result == 0) result = list_tensors(file);
  if (result == 0 && argc > 2) result = write_onnx(file, argv[2]);
  pith_close(file);
  return result;
}
