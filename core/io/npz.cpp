// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npz.h"

#include <fmt/format.h>
#include <zlib.h>

#include <limits>
#include <stdexcept>
#include <utility>

#include "core/base/error.h"

namespace ergo::io {
namespace {

constexpr std::uint32_t local_header = 0x04034b50, directory_entry = 0x02014b50,
                        directory_end = 0x06054b50;
constexpr std::uint16_t zip_version = 20, no_time = 0, first_day = 0x21;  // 1 January 1980

template <class T>
NpyArray make_npy(std::string name, const char* type, std::vector<std::int64_t> shape,
                  const std::vector<T>& values) {
  std::int64_t size = 1;
  for (const std::int64_t extent : shape) size *= extent;
  if (size != static_cast<std::int64_t>(values.size())) {
    throw std::invalid_argument(fmt::format("array '{}': shape holds {} elements, given are {}",
                                            name, size, values.size()));
  }
  std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return {std::move(name), type, std::move(shape), std::move(bytes)};
}

void put16(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 16; shift += 8) out += static_cast<char>(value >> shift);
}

void put32(std::string& out, std::uint64_t value) {
  put16(out, value);
  put16(out, value >> 16);
}

/// An .npy file: magic, version, length of the header, the header (a Python dictionary, padded to a
/// multiple of 64), data.
std::string npy_file(const NpyArray& array) {
  std::string shape;
  for (const std::int64_t extent : array.shape) shape += fmt::format("{}, ", extent);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", array.type, shape);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string file = std::string("\x93NUMPY\x01\x00", 8);
  put16(file, header.size());
  return file + header + array.bytes;
}

/// What the local header and the entry of the directory have in common.
std::string described(const std::string& name, const std::string& file) {
  std::string text;
  put16(text, zip_version);
  put16(text, 0);  // flags
  put16(text, 0);  // stored
  put16(text, no_time);
  put16(text, first_day);
  put32(text, crc32_z(0, reinterpret_cast<const Bytef*>(file.data()), file.size()));
  put32(text, file.size());
  put32(text, file.size());
  put16(text, name.size());
  put16(text, 0);  // extra field
  return text;
}

void add_entry(std::string& directory, const std::string& name, const std::string& common,
               std::size_t offset) {
  put32(directory, directory_entry);
  put16(directory, zip_version);
  directory += common;
  put16(directory, 0);  // comment
  put16(directory, 0);  // disk
  put16(directory, 0);  // internal attributes
  put32(directory, 0);  // external attributes
  put32(directory, offset);
  directory += name;
}

}  // namespace

NpyArray npy_of(std::string name, std::vector<std::int64_t> shape,
                const std::vector<double>& values) {
  return make_npy(std::move(name), "<f8", std::move(shape), values);
}

NpyArray npy_of(std::string name, std::vector<std::int64_t> shape,
                const std::vector<std::int64_t>& values) {
  return make_npy(std::move(name), "<i8", std::move(shape), values);
}

std::string npz(const std::vector<NpyArray>& arrays) {
  std::string archive, directory;
  for (const NpyArray& array : arrays) {
    const std::string name = array.name + ".npy", file = npy_file(array);
    const std::string common = described(name, file);
    add_entry(directory, name, common, archive.size());
    put32(archive, local_header);
    archive += common + name + file;
  }
  if (archive.size() + directory.size() > std::numeric_limits<std::uint32_t>::max() - 64) {
    throw Error(
        ExitCode::config,
        fmt::format("Predictions would take {} bytes, but an .npz file holds less than 4 GiB; "
                    "--set save_predictions=false leaves them out.",
                    archive.size()));
  }
  const std::size_t offset = archive.size();
  archive += directory;
  put32(archive, directory_end);
  put16(archive, 0);  // disk
  put16(archive, 0);  // disk of the directory
  put16(archive, arrays.size());
  put16(archive, arrays.size());
  put32(archive, directory.size());
  put32(archive, offset);
  put16(archive, 0);  // comment
  return archive;
}

}  // namespace ergo::io
