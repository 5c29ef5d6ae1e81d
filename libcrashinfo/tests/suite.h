/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test program shares. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

#include <crashinfo/error.h>

/* Fails the test with the message of `error` unless it is NULL. */
#define ck_ok(expression)                                               \
	do {                                                            \
		struct crashinfo_error *ck_error_ = (expression);       \
		ck_assert_msg(!ck_error_, "%s: %s", #expression,        \
			      ck_error_ ? ck_error_->message : "none"); \
	} while (0)

/* Fails the test unless the call gives an error of this code, which is destroyed. */
#define ck_fails(expression, wanted)                                                               \
	do {                                                                                       \
		struct crashinfo_error *ck_error_ = (expression);                                  \
		ck_assert_msg(ck_error_ != NULL, "%s: no error", #expression);                     \
		ck_assert_msg(ck_error_->code == (wanted), "%s: code %d, not %s: %s", #expression, \
			      (int)ck_error_->code, #wanted, ck_error_->message);                  \
		crashinfo_error_destroy(ck_error_);                                                \
	} while (0)

/* Run the tests that `add` puts into one case; what main() returns. */
static inline int suite_run(const char *name, void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	add(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
