/* libpith: opens .pith files and decodes them, from C99 on.
 *
 * No function throws, aborts, prints or keeps state outside of the open file. Functions that take a const
 * pith_file may run in several threads on the same file at the same time. `message` may be NULL everywhere.
 * Sizes are bytes. Every checksum and rule of the format is verified before a value is handed out; after a
 * failure the contents of a buffer are unspecified, but nothing outside of it is written. */
#ifndef PITH_H
#define PITH_H

/* C, with the names that C has. NOLINTBEGIN */
#include <pith_types.h>

#if defined(__GNUC__)
#define PITH_API __attribute__((visibility("default")))
#else
#define PITH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library as 10000 * major + 100 * minor + patch. */
PITH_API uint32_t pith_version(void);

/* "PITH_OK", "PITH_DAMAGED" ...; "unknown" for numbers that this version does not have. Static text. */
PITH_API const char* pith_status_name(pith_status status);

/* Opens a file of `size` bytes in memory, which must stay unchanged until pith_close(). Reads and verifies
 * everything but the tensors' values: header, directory, graph, and that the two fit. `options` may be NULL.
 * On success *file is the file, otherwise NULL. */
PITH_API pith_status pith_open_memory(const void* data, size_t size, const pith_options* options,
                                      pith_file** file, pith_message* message);

/* The same with a regular file on disk, read into memory or mapped (PITH_MAP_FILE). */
PITH_API pith_status pith_open_file(const char* path, const pith_options* options, pith_file** file,
                                    pith_message* message);

/* Gives everything back. No other call may use the file then. NULL is allowed. */
PITH_API void pith_close(pith_file* file);

/* How many tensors are stored beside the graph. 0 for NULL. */
PITH_API size_t pith_tensor_count(const pith_file* file);

/* Describes tensor `index`, in the order of the file. Refuses an index that is not below the count and a
 * struct_size that is too small or leaves room for what this version does not know. */
PITH_API pith_status pith_tensor_info(const pith_file* file, size_t index, pith_tensor* info,
                                      pith_message* message);

/* Decodes the plain values of a tensor into `buffer`, aligned or not, of at least pith_tensor.bytes. Beside
 * the buffer it takes memory for scales and centroids, or for sparse positions and values, and at most
 * 2 bytes a code and 300 KB for a coder. */
PITH_API pith_status pith_decode_tensor(const pith_file* file, size_t index, void* buffer, size_t size,
                                        pith_message* message);

/* Decodes `count` tensors from number `first` on, tensor first + i into buffers[i] of sizes[i] bytes, on up
 * to `threads` threads; 0: as many as the machine runs at once. Threads that are left over help with a
 * tensor of another one, for which each takes 230 KB at most. Stops at a failure, and tells the first in the
 * order of the file. Where buffers[i] is NULL and sizes[i] 0 the tensor is left out. */
PITH_API pith_status pith_decode_tensors(const pith_file* file, size_t first, size_t count,
                                         void* const* buffers, const size_t* sizes, unsigned threads,
                                         pith_message* message);

/* Decodes a tensor without making plain values of it: part i of its form into parts[i] of at least
 * pith_tensor.part_bytes[i]. Codes and indices are one byte each, scales and centroids float32 (aligned or
 * not), zero points one byte each, positions int64 (rising, aligned as such). Parts of no bytes may be NULL.
 */
PITH_API pith_status pith_decode_parts(const pith_file* file, size_t index, void* const parts[3],
                                       const size_t sizes[3], pith_message* message);

/* The graph: a serialized ONNX ModelProto in which the stored tensors are initializers without data. Valid
 * until pith_close(). NULL for NULL; `size` may not be NULL otherwise. */
PITH_API const void* pith_graph(const pith_file* file, size_t* size);

/* Bytes that pith_to_onnx() writes with this location. Refuses (PITH_LIMIT) a model of 2 GiB and more. */
PITH_API pith_status pith_onnx_size(const pith_file* file, const char* location, size_t* size,
                                    pith_message* message);

/* Writes the model as an ordinary ONNX ModelProto of plain values into `buffer`, decoding on up to `threads`
 * threads as above. With a location that is not NULL and not empty the values stay outside: each stored
 * tensor refers to the file of external data of that name, where tensor i is at pith_tensor.external_offset;
 * nothing is decoded. Refuses a buffer smaller than pith_onnx_size(). */
PITH_API pith_status pith_to_onnx(const pith_file* file, const char* location, void* buffer, size_t size,
                                  unsigned threads, pith_message* message);

/* How many different operators the model has, in its graph, subgraphs and functions. 0 for NULL. */
PITH_API size_t pith_operator_count(const pith_file* file);

/* Operator `index` in ascending order of bytes: "Conv", or with the domain "com.microsoft::MatMulNBits".
 * Valid until pith_close(). NULL for an index out of range. No node of the graph has another operator. */
PITH_API const char* pith_operator(const pith_file* file, size_t index);

/* PITH_NOT_ALLOWED, and which one in the message, when the model has an operator that is not among the
 * `count` names of `allowed`, in any order. */
PITH_API pith_status pith_check_operators(const pith_file* file, const char* const* allowed, size_t count,
                                          pith_message* message);

#ifdef __cplusplus
}
#endif

/* NOLINTEND */
#endif
