/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive, loaded when the first archive is met: with all that it needs itself it takes longer
 * to start than most runs take, and most runs meet no archive. Its functions have their own names
 * here, and may be called once libarchive_load() was successful.
 */
#ifndef BUNDLE_LIBARCHIVE_H
#define BUNDLE_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include <crashinfo/error.h>

#define LIBARCHIVE_FUNCTIONS(X)             \
	X(archive_entry_filetype)           \
	X(archive_entry_hardlink)           \
	X(archive_entry_mtime)              \
	X(archive_entry_mtime_is_set)       \
	X(archive_entry_mtime_nsec)         \
	X(archive_entry_pathname)           \
	X(archive_entry_pathname_utf8)      \
	X(archive_entry_size)               \
	X(archive_errno)                    \
	X(archive_error_string)             \
	X(archive_filter_bytes)             \
	X(archive_read_append_filter)       \
	X(archive_read_data)                \
	X(archive_read_data_skip)           \
	X(archive_read_free)                \
	X(archive_read_new)                 \
	X(archive_read_next_header)         \
	X(archive_read_open1)               \
	X(archive_read_set_callback_data)   \
	X(archive_read_set_read_callback)   \
	X(archive_read_set_seek_callback)   \
	X(archive_read_support_format_7zip) \
	X(archive_read_support_format_raw)  \
	X(archive_read_support_format_tar)  \
	X(archive_read_support_format_zip)  \
	X(archive_set_error)

#define LIBARCHIVE_MEMBER(name) __typeof__(name) *name##_;
struct libarchive {
	LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
};
#undef LIBARCHIVE_MEMBER

/* Load the library unless it is loaded; OTHER when it cannot be. May be called from any thread. */
struct crashinfo_error *libarchive_load(void);

/* After libarchive_load(). */
const struct libarchive *libarchive(void);

#ifndef LIBARCHIVE_NAMES_ONLY
#define archive_entry_filetype           (libarchive()->archive_entry_filetype_)
#define archive_entry_hardlink           (libarchive()->archive_entry_hardlink_)
#define archive_entry_mtime              (libarchive()->archive_entry_mtime_)
#define archive_entry_mtime_is_set       (libarchive()->archive_entry_mtime_is_set_)
#define archive_entry_mtime_nsec         (libarchive()->archive_entry_mtime_nsec_)
#define archive_entry_pathname           (libarchive()->archive_entry_pathname_)
#define archive_entry_pathname_utf8      (libarchive()->archive_entry_pathname_utf8_)
#define archive_entry_size               (libarchive()->archive_entry_size_)
#define archive_errno                    (libarchive()->archive_errno_)
#define archive_error_string             (libarchive()->archive_error_string_)
#define archive_filter_bytes             (libarchive()->archive_filter_bytes_)
#define archive_read_append_filter       (libarchive()->archive_read_append_filter_)
#define archive_read_data                (libarchive()->archive_read_data_)
#define archive_read_data_skip           (libarchive()->archive_read_data_skip_)
#define archive_read_free                (libarchive()->archive_read_free_)
#define archive_read_new                 (libarchive()->archive_read_new_)
#define archive_read_next_header         (libarchive()->archive_read_next_header_)
#define archive_read_open1               (libarchive()->archive_read_open1_)
#define archive_read_set_callback_data   (libarchive()->archive_read_set_callback_data_)
#define archive_read_set_read_callback   (libarchive()->archive_read_set_read_callback_)
#define archive_read_set_seek_callback   (libarchive()->archive_read_set_seek_callback_)
#define archive_read_support_format_7zip (libarchive()->archive_read_support_format_7zip_)
#define archive_read_support_format_raw  (libarchive()->archive_read_support_format_raw_)
#define archive_read_support_format_tar  (libarchive()->archive_read_support_format_tar_)
#define archive_read_support_format_zip  (libarchive()->archive_read_support_format_zip_)
#define archive_set_error                (libarchive()->archive_set_error_)
#endif

#endif
