/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on modules: what frames say of one must fit together and fit the maps. */
#include <stdlib.h>
#include <string.h>

#include "schema/lint.h"

#define PAGE_BYTES 4096
/* What messages show of a path. */
#define SHOWN_PATH 200
/* Mappings of one module that follow each other; linkers make four or five. */
#define MODULE_MAPPINGS 64

/* A frame with its module's path and build id as they stand in the text. */
struct module_frame {
	const struct lint_frame *frame;
	struct crashinfo_slice path, build_id;
	size_t order; /* of frames in the report */
};

struct module_frames {
	VEC(struct module_frame) list;
};

static int compare_slices(struct crashinfo_slice a, struct crashinfo_slice b)
{
	size_t shared = a.size < b.size ? a.size : b.size;
	int order = shared ? memcmp(a.data, b.data, shared) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_path(const void *a, const void *b)
{
	const struct module_frame *x = a, *y = b;
	int order = compare_slices(x->path, y->path);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int by_build_id(const void *a, const void *b)
{
	const struct module_frame *x = a, *y = b;
	int order = compare_slices(x->build_id, y->build_id);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static struct crashinfo_slice slice_of(struct lint *l, crashinfo_json_node node)
{
	return node == CRASHINFO_JSON_NONE ? (struct crashinfo_slice){"", 0}
					   : crashinfo_json_raw(l->json, node);
}

/* All frames with a path. */
static void collect(struct lint *l, struct module_frames *frames)
{
	for (size_t i = 0; i < l->stack_count; i++) {
		for (size_t j = 0; j < l->stacks[i].frame_count; j++) {
			const struct lint_frame *frame = &l->stacks[i].frames[j];
			struct module_frame *entry;

			if (frame->at[FRAME_PATH] == CRASHINFO_JSON_NONE)
				continue;
			entry = vec_push(&frames->list);
			if (!entry) {
				l->g->failed = true;
				return;
			}
			*entry = (struct module_frame){frame, slice_of(l, frame->at[FRAME_PATH]),
						       slice_of(l, frame->at[FRAME_BUILD_ID]),
						       frames->list.size};
		}
	}
}

static void sort(struct module_frames *frames, int (*order)(const void *, const void *))
{
	if (frames->list.size)
		qsort(frames->list.data, frames->list.size, sizeof(*frames->list.data), order);
}

/* --- L-14 --- */

static void check_identity(struct lint *l, const char *id, const struct module_frames *frames,
			   bool paths)
{
	const struct module_frame *first = NULL;

	for (size_t i = 0; i < frames->list.size; i++) {
		const struct module_frame *f = &frames->list.data[i];
		struct crashinfo_slice other = first ? (paths ? first->build_id : first->path)
						     : (struct crashinfo_slice){"", 0};

		if (!f->build_id.size)
			continue;
		if (!first || compare_slices(paths ? first->path : first->build_id,
					     paths ? f->path : f->build_id)) {
			first = f;
			continue;
		}
		if (!compare_slices(other, paths ? f->build_id : f->path))
			continue;
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING,
			 f->frame->at[paths ? FRAME_BUILD_ID : FRAME_PATH],
			 "another frame gives this %s the %s %s", paths ? "path" : "build id",
			 paths ? "build id" : "path",
			 gatherer_show(l->g, l->json,
				       first->frame->at[paths ? FRAME_BUILD_ID : FRAME_PATH]));
	}
}

void lint_module_identity(struct lint *l, const char *id)
{
	struct module_frames frames = {0};

	collect(l, &frames);
	sort(&frames, by_path);
	check_identity(l, id, &frames, true);
	sort(&frames, by_build_id);
	check_identity(l, id, &frames, false);
	free(frames.list.data);
}

/* --- L-15 --- */

static bool has_bias(const struct lint_frame *frame)
{
	return frame->has[FRAME_IP] && frame->has[FRAME_RELATIVE_ADDRESS];
}

static uint64_t bias_of(const struct lint_frame *frame)
{
	return frame->addresses[FRAME_IP] - frame->addresses[FRAME_RELATIVE_ADDRESS];
}

void lint_load_bias(struct lint *l, const char *id)
{
	const struct module_frame *first = NULL;
	struct module_frames frames = {0};

	collect(l, &frames);
	sort(&frames, by_path);
	for (size_t i = 0; i < frames.list.size; i++) {
		const struct module_frame *f = &frames.list.data[i];
		crashinfo_json_node node = f->frame->at[FRAME_RELATIVE_ADDRESS];

		if (!has_bias(f->frame))
			continue;
		if (bias_of(f->frame) % PAGE_BYTES)
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
				 "ip - relative_address is 0x%llx, no multiple of the page size",
				 (unsigned long long)bias_of(f->frame));
		if (!first || compare_slices(first->path, f->path))
			first = f;
		else if (bias_of(first->frame) != bias_of(f->frame))
			lint_add(l, id, CRASHINFO_SEVERITY_WARNING, node,
				 "ip - relative_address is 0x%llx, in another frame of this module "
				 "0x%llx",
				 (unsigned long long)bias_of(f->frame),
				 (unsigned long long)bias_of(first->frame));
	}
	free(frames.list.data);
}

/* --- L-16, L-17: maps --- */

static void check_mapping(struct lint *l, const char *id, const struct lint_frame *frame)
{
	const struct crashinfo_map *map = crashinfo_maps_find(l->maps, frame->addresses[FRAME_IP]);
	crashinfo_json_node path = frame->at[FRAME_PATH];

	if (!map || !map->executable) {
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, frame->at[FRAME_IP],
			 "ip is in no executable mapping");
		return;
	}
	if (path != CRASHINFO_JSON_NONE && map->path[0] == '/' && !lint_equals(l, path, map->path))
		lint_add(l, id, CRASHINFO_SEVERITY_WARNING, path, "the mapping of ip is of %.*s",
			 SHOWN_PATH, map->path);
}

void lint_mapping(struct lint *l, const char *id)
{
	if (!l->maps || !l->maps->count)
		return;
	for (size_t i = 0; i < l->stack_count; i++)
		for (size_t j = 0; j < l->stacks[i].frame_count; j++)
			if (l->stacks[i].frames[j].has[FRAME_IP])
				check_mapping(l, id, &l->stacks[i].frames[j]);
}

/*
 * The lowest mapping of the module that `map` is one of: where it begins when its first segment has
 * offset 0 and address 0, as modules that can be moved have.
 */
static const struct crashinfo_map *first_mapping(const struct lint *l,
						 const struct crashinfo_map *map)
{
	for (int i = 0; i < MODULE_MAPPINGS && map > l->maps->entries; i++) {
		if (strcmp(map[-1].path, map->path))
			break;
		map--;
	}
	return map;
}

static void check_offset(struct lint *l, const char *id, const struct lint_frame *frame)
{
	const struct crashinfo_map *map = crashinfo_maps_find(l->maps, frame->addresses[FRAME_IP]);
	const struct crashinfo_map *first;
	uint64_t offset;

	if (!map || map->path[0] != '/')
		return;
	first = first_mapping(l, map);
	offset = frame->addresses[FRAME_IP] - map->start + map->offset;
	/* only where offset and address differ can one be told from the other */
	if (first->offset || map->start - first->start == map->offset)
		return;
	if (frame->addresses[FRAME_RELATIVE_ADDRESS] == offset)
		lint_add(
			l, id, CRASHINFO_SEVERITY_WARNING, frame->at[FRAME_RELATIVE_ADDRESS],
			"relative_address is the offset in the file, the virtual address is 0x%llx",
			(unsigned long long)(frame->addresses[FRAME_IP] - first->start));
}

void lint_file_offset(struct lint *l, const char *id)
{
	if (!l->maps || !l->maps->count)
		return;
	for (size_t i = 0; i < l->stack_count; i++)
		for (size_t j = 0; j < l->stacks[i].frame_count; j++)
			if (has_bias(&l->stacks[i].frames[j]))
				check_offset(l, id, &l->stacks[i].frames[j]);
}
