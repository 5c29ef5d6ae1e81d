/* SPDX-License-Identifier: Apache-2.0 */
#include "report/digest.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <pthread.h>

/* The number of the interface that the headers are of. */
#define SONAME "libcrypto.so.3"
_Static_assert(OPENSSL_VERSION_MAJOR == 3, "another interface number");

/* Written once, by the first that needs it. */
static __typeof__(EVP_Digest) *evp_digest;
static __typeof__(EVP_sha256) *evp_sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return;
	evp_sha256 = (__typeof__(EVP_sha256) *)dlsym(library, "EVP_sha256");
	evp_digest = (__typeof__(EVP_Digest) *)dlsym(library, "EVP_Digest");
}

struct crashinfo_error *digest_sha256(const void *bytes, size_t size,
				      unsigned char ret[DIGEST_SHA256_BYTES])
{
	pthread_once(&once, load);
	if (!evp_sha256 || !evp_digest ||
	    !evp_digest(bytes, size, ret, NULL, evp_sha256(), NULL))
		return crashinfo_error_create(CRASHINFO_ERROR_OTHER,
					      "SHA-256 is not available: " SONAME);
	return NULL;
}
