/* SPDX-License-Identifier: Apache-2.0 */
/* Additional tags that come and go. Those of the configuration are elsewhere. */
#include "activity.h"
#include "bytes.h"
#include "cell.h"
#include "ddcrash.h"

struct tag {
	cell cell;
	uint32_t size;
	char text[DDCRASH_TAG_MAX];
};

static struct tag tags[DDCRASH_TAGS_MAX];
/* None from here on has ever been set: a crash need not touch their memory. */
static atomic_int tags_end;

static void extend(int end)
{
	int old = atomic_load(&tags_end);

	while (old < end && !atomic_compare_exchange_weak(&tags_end, &old, end))
		;
}

static int insert(const char *text, size_t size)
{
	for (int i = 0; i < DDCRASH_TAGS_MAX; i++) {
		if (!cell_claim(&tags[i].cell))
			continue;
		__builtin_memcpy(tags[i].text, text, size);
		tags[i].size = (uint32_t)size;
		extend(i + 1);
		cell_publish(&tags[i].cell);
		return i;
	}
	return -ENOSPC;
}

int ddcrash_tag_insert(const char *tag)
{
	size_t size = tag ? text_length(tag) : 0;

	if (!size)
		return -EINVAL;
	return size <= DDCRASH_TAG_MAX ? insert(tag, size) : -E2BIG;
}

int ddcrash_tag_remove(int tag)
{
	uint64_t seen;

	if (tag < 0 || tag >= DDCRASH_TAGS_MAX)
		return -EINVAL;
	seen = atomic_load(&tags[tag].cell);
	return cell_is_set(seen) && cell_release(&tags[tag].cell, seen) ? 0 : -ENOENT;
}

int ddcrash_tags_clear(void)
{
	for (int i = 0; i < atomic_load(&tags_end); i++)
		ddcrash_tag_remove(i);
	return 0;
}

void tags_mend(void)
{
	for (int i = 0; i < DDCRASH_TAGS_MAX; i++)
		if (!cell_is_set(atomic_load(&tags[i].cell)))
			atomic_store(&tags[i].cell, CELL_FREE);
}

/* The copy's size; 0 when there is no tag or it changed meanwhile. */
static uint32_t read_tag(struct tag *tag, char to[DDCRASH_TAG_MAX])
{
	uint64_t seen = atomic_load(&tag->cell);
	uint32_t size = tag->size;

	if (!cell_is_set(seen) || size > DDCRASH_TAG_MAX)
		return 0;
	__builtin_memcpy(to, tag->text, size);
	return cell_is_still(&tag->cell, seen) ? size : 0;
}

void activity_write_tags(struct writer *w, bool is_first)
{
	static char text[DDCRASH_TAG_MAX];
	int end = atomic_load(&tags_end);

	for (int i = 0; i < end; i++) {
		uint32_t size = read_tag(&tags[i], text);

		if (!size)
			continue;
		if (!is_first)
			writer_text(w, ",");
		writer_json(w, text, size);
		is_first = false;
	}
}
