/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays. A vector of T is any struct with members `T *data; size_t size, capacity`;
 * VEC(T) makes one. Zero-initialized is empty; free(v.data) ends it.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define VEC(T)                         \
	struct {                       \
		T *data;               \
		size_t size, capacity; \
	}

/* Make room for one more element; false when memory is out. */
#define vec_grow(v) vec_grow_((void **)&(v)->data, (v)->size, &(v)->capacity, sizeof(*(v)->data))

/* A pointer to a new uninitialized last element, NULL when memory is out. */
#define vec_push(v) (vec_grow(v) ? &(v)->data[(v)->size++] : NULL)

static inline bool vec_grow_(void **data, size_t size, size_t *capacity, size_t element)
{
	size_t wanted, bytes;
	void *grown;

	if (size < *capacity)
		return true;
	wanted = *capacity ? *capacity * 2 : 8;
	if (wanted < *capacity || __builtin_mul_overflow(wanted, element, &bytes))
		return false;
	grown = realloc(*data, bytes);
	if (!grown)
		return false;
	*data = grown;
	*capacity = wanted;
	return true;
}

#endif
