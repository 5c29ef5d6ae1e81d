/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the parts of a report in schema order and fills in what is missing. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/builder.h"

#define STACK_FORMAT "Datadog Crashtracker 1.0"

static const char unknown_metadata[] =
	"{\"family\":\"unknown\",\"library_name\":\"unknown\",\"library_version\":\"unknown\"}";
static const char unknown_os[] = "{\"architecture\":\"unknown\",\"bitness\":\"unknown bitness\","
				 "\"os_type\":\"Unknown\",\"version\":\"Unknown\"}";

static bool has(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

/* Add a member unless it is there; false when memory is out. */
static bool ensure_raw(cJSON *object, const char *name, const char *json)
{
	return has(object, name) || cJSON_AddRawToObject(object, name, json);
}

static bool ensure_string(cJSON *object, const char *name, const char *text)
{
	return has(object, name) || cJSON_AddStringToObject(object, name, text);
}

/* Move `item` into `object`; an empty or missing one is left out. */
static bool move_part(cJSON *object, const char *name, cJSON **item)
{
	cJSON *part = *item;

	if (!part || !part->child)
		return true;
	*item = NULL;
	if (cJSON_AddItemToObject(object, name, part))
		return true;
	cJSON_Delete(part);
	return false;
}

struct ranked {
	cJSON *item;
	size_t rank;
};

/* By name; of one name the latest first. */
static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *l = a, *r = b;
	int order = strcmp(l->item->string, r->item->string);

	return order ? order : (l->rank < r->rank) - (l->rank > r->rank);
}

/* Of members with one name keep the one that was added last. */
static bool drop_repeats(cJSON *object)
{
	size_t count = 0;
	cJSON *item;
	_free_ struct ranked *items = NULL;

	cJSON_ArrayForEach(item, object) count++;
	items = reallocarray(NULL, count + 1, sizeof(*items));
	if (!items)
		return false;
	count = 0;
	cJSON_ArrayForEach(item, object)
	{
		items[count] = (struct ranked){item, count};
		count++;
	}
	qsort(items, count, sizeof(*items), compare_ranked);
	for (size_t i = 1, kept = 0; i < count; i++) {
		if (strcmp(items[kept].item->string, items[i].item->string))
			kept = i;
		else
			cJSON_Delete(cJSON_DetachItemViaPointer(object, items[i].item));
	}
	return true;
}

/* The required members that nobody set, so that the report says it is incomplete. */
static bool lacks_required(const struct crashinfo_report_builder *builder)
{
	return !has(builder->error, "kind") || !has(builder->root, "metadata") ||
	       (!has(builder->error, "stack") && !builder->frames && !builder->stack_ended);
}

/* The stack of frames added one by one, which an explicit error.stack overrides. */
static bool build_stack(struct crashinfo_report_builder *builder)
{
	bool incomplete = !builder->stack_ended || !builder->frames;
	cJSON *stack;

	if (has(builder->error, "stack"))
		return true;
	stack = cJSON_AddObjectToObject(builder->error, "stack");
	if (!stack || !cJSON_AddStringToObject(stack, "format", STACK_FORMAT))
		return false;
	if (!builder->frames)
		builder->frames = cJSON_CreateArray();
	if (!builder->frames || !cJSON_AddItemToObject(stack, "frames", builder->frames))
		return false;
	builder->frames = NULL;
	return cJSON_AddBoolToObject(stack, "incomplete", incomplete);
}

static bool fill_error(struct crashinfo_report_builder *builder)
{
	cJSON *error = builder->error;

	return (has(error, "is_crash") || cJSON_AddTrueToObject(error, "is_crash")) &&
	       ensure_string(error, "kind", "UnixSignal") &&
	       ensure_string(error, "source_type", "Crashtracking") && build_stack(builder) &&
	       move_part(error, "threads", &builder->threads);
}

static bool fill_root(struct crashinfo_report_builder *builder, bool incomplete)
{
	cJSON *root = builder->root;

	if (incomplete)
		cJSON_DeleteItemFromObjectCaseSensitive(root, "incomplete");
	return ensure_string(root, "data_schema_version", REPORT_NEWEST) &&
	       ensure_raw(root, "incomplete", incomplete ? "true" : "false") &&
	       ensure_raw(root, "metadata", unknown_metadata) &&
	       ensure_raw(root, "os_info", unknown_os);
}

/* Move the members of `object` into a new one in the order of `names`. */
static cJSON *sort_members(cJSON *object, const char *const *names)
{
	cJSON *sorted = cJSON_CreateObject();

	for (size_t i = 0; sorted && names[i]; i++) {
		cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(object, names[i]);

		if (item && !cJSON_AddItemToObject(sorted, names[i], item)) {
			cJSON_Delete(item);
			cJSON_Delete(sorted);
			sorted = NULL;
		}
	}
	return sorted;
}

static const char *const error_order[] = {
	"is_crash", "kind", "message", "source_type", "stack", "thread_name", "threads", NULL,
};

static const char *const root_order[] = {
	"counters",   "data_schema_version",
	"error",      "experimental",
	"files",      "fingerprint",
	"incomplete", "log_messages",
	"metadata",   "os_info",
	"proc_info",  "sig_info",
	"span_ids",   "timestamp",
	"trace_ids",  "ucontext",
	"uuid",       NULL,
};

/* All members but uuid and timestamp, which the content's uuid must not depend on. */
static bool join(struct crashinfo_report_builder *builder)
{
	cJSON *error = sort_members(builder->error, error_order);
	cJSON *root = builder->root;

	if (!error || !cJSON_AddItemToObject(root, "error", error)) {
		cJSON_Delete(error);
		return false;
	}
	/* an empty `experimental` stays: a collector sends an empty tag list to say there are none
	 */
	if (builder->experimental &&
	    !cJSON_AddItemToObject(root, "experimental", builder->experimental))
		return false;
	builder->experimental = NULL;
	return drop_repeats(builder->counters) && drop_repeats(builder->files) &&
	       move_part(root, "counters", &builder->counters) &&
	       move_part(root, "files", &builder->files) &&
	       move_part(root, "log_messages", &builder->log);
}

static struct crashinfo_error *identify(struct crashinfo_report_builder *builder)
{
	cJSON *root = builder->root;
	cJSON *timestamp = cJSON_DetachItemFromObjectCaseSensitive(root, "timestamp");
	_free_ char *content = NULL;
	char uuid[37], now[28];
	struct crashinfo_error *error;
	bool added;

	if (!has(root, "uuid")) {
		content = cJSON_PrintUnformatted(root);
		error = content ? crashinfo_uuid_of_content(content, strlen(content), uuid)
				: crashinfo_error_no_memory();
		if (error || !cJSON_AddStringToObject(root, "uuid", uuid)) {
			cJSON_Delete(timestamp);
			return error ? error : crashinfo_error_no_memory();
		}
	}
	crashinfo_timestamp_now(now);
	added = timestamp ? cJSON_AddItemToObject(root, "timestamp", timestamp)
			  : !!cJSON_AddStringToObject(root, "timestamp", now);
	if (!added)
		cJSON_Delete(timestamp);
	return added ? NULL : crashinfo_error_no_memory();
}

static struct crashinfo_error *print(struct crashinfo_report_builder *builder, char **ret)
{
	cJSON *root = sort_members(builder->root, root_order);

	*ret = root ? cJSON_PrintUnformatted(root) : NULL;
	cJSON_Delete(root);
	return *ret ? NULL : crashinfo_error_no_memory();
}

/* The report in the version that was asked for. */
static struct crashinfo_error *convert(struct crashinfo_report_builder *builder, const char *text,
				       char **ret, size_t *size_ret)
{
	struct crashinfo_report *report = NULL;
	struct crashinfo_json *json = NULL;
	struct crashinfo_slice converted;
	struct crashinfo_error *error;
	char *copy;

	error = crashinfo_json_parse(&builder->context, text, strlen(text), NULL, &json);
	if (!error)
		error = crashinfo_report_create(&builder->context, json, &report);
	if (!error)
		error = crashinfo_conversion_create(&builder->context, report, builder->version,
						    &builder->conversion);
	crashinfo_report_destroy(report);
	if (error)
		return error;
	converted = crashinfo_conversion_text(builder->conversion);
	copy = strdup(converted.data);
	if (!copy)
		return crashinfo_error_no_memory();
	*ret = copy;
	*size_ret = converted.size;
	return NULL;
}

struct crashinfo_error *crashinfo_report_builder_finish(struct crashinfo_report_builder *builder,
							char **ret, size_t *size_ret)
{
	bool incomplete = lacks_required(builder);
	struct crashinfo_error *error;
	_free_ char *text = NULL;

	if (!fill_error(builder) || !fill_root(builder, incomplete) || !join(builder))
		return crashinfo_error_no_memory();
	error = identify(builder);
	if (!error)
		error = print(builder, &text);
	if (error)
		return error;
	if (strcmp(builder->version, REPORT_NEWEST))
		return convert(builder, text, ret, size_ret);
	*size_ret = strlen(text);
	*ret = steal_ptr(text);
	return NULL;
}

const struct crashinfo_loss *crashinfo_report_builder_loss(
	const struct crashinfo_report_builder *builder, size_t index)
{
	return builder->conversion ? crashinfo_conversion_loss(builder->conversion, index) : NULL;
}
