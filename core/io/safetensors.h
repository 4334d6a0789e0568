// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The safetensors format: u64 length of the header, JSON header, raw little-endian data.
/// A file cannot run code, nor make the reader take more memory than its own size. Files of our own
/// are sealed: their metadata hold `sha256`, of the data behind the header, and `header_sha256`, of
/// everything else that means something; both are checked where they are there.
/// Source: https://github.com/huggingface/safetensors, section "Format".
namespace ergo::io {

/// One tensor. `bytes` are its elements, little-endian, row-major.
struct Array {
  std::string name;
  std::string dtype = "F32";  ///< "F16", "BF16", "F32", "F64", "I32" or "I64"
  std::vector<std::int64_t> shape;
  std::string bytes;

  bool is_real() const;       ///< a floating-point dtype
  std::int64_t size() const;  ///< number of elements: the product of `shape`, 1 for a scalar
  /// The elements, converted from whatever dtype they have.
  std::vector<float> floats() const;
  std::vector<double> doubles() const;
  /// @throws std::invalid_argument unless dtype is "I64".
  std::vector<std::int64_t> integers() const;
};

/// @pre values.size() is the product of the shape. @throws std::invalid_argument otherwise.
Array from_floats(std::string name, std::vector<std::int64_t> shape,
                  const std::vector<float>& values);
Array from_doubles(std::string name, std::vector<std::int64_t> shape,
                   const std::vector<double>& values);
Array from_integers(std::string name, std::vector<std::int64_t> shape,
                    const std::vector<std::int64_t>& values);

struct SafeTensors {
  std::map<std::string, std::string> metadata;  ///< without the two checksums
  std::vector<Array> arrays;                    ///< in the order of the data
  std::vector<std::string> unreadable;          ///< "name (BOOL)": tensors of other types, left out

  const Array* find(std::string_view name) const;  ///< null when there is none
};

/// @param source  file name for the messages.
/// @throws Error{data} naming `source` and the violated rule: header of at most 100 MB that begins
/// with '{', no key twice, dtype and at most 8 dimensions that fit the offsets, data without holes,
/// overlaps or rest, and the checksums.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& source);

/// @throws as read_file and parse_safetensors.
SafeTensors load_safetensors(const std::filesystem::path& path);

/// @throws Error{data} naming `source` and the tensor that holds NaN or infinity.
void require_finite(const Array& array, const std::string& source);

/// Takes the prefixes that PyTorch's wrappers put before names ("_orig_mod." of torch.compile,
/// "module." of DataParallel, in any order) off all names, if all have the same.
/// @return what was taken off; empty: nothing.
std::string strip_wrappers(SafeTensors& tensors);

/// The bytes of a file: 8-byte elements first, so that everything is aligned, otherwise in the
/// order of `arrays`; the header is padded with spaces to a multiple of 8. Equal input, equal
/// bytes. Without the checksums.
std::string serialise(const SafeTensors& tensors);
/// The same with them.
std::string serialise_sealed(const SafeTensors& tensors);

/// Sealed. @throws as write_file.
void save_safetensors(const std::filesystem::path& path, const SafeTensors& tensors);

}  // namespace ergo::io
