// SPDX-License-Identifier: Apache-2.0
// Functions of internal linkage in all kinds of scopes; another unit, with OTHER, has the same
// names.
#if defined __clang__
#define KEPT __attribute__((noinline))
#else
#define KEPT __attribute__((noipa))
#endif

#if defined OTHER
namespace
{
KEPT int plain(int *p)
{
	return *p * 31;
}
struct local {
	KEPT int method(int *p)
	{
		return *p * 33;
	}
};
} // namespace
static KEPT int same(int *p)
{
	return *p * 19;
}
int other(int *p)
{
	local object;
	return plain(p) + same(p) + object.method(p);
}
#else
#include <map>
#include <string>

#define FORCED inline __attribute__((always_inline))

int other(int *p);

namespace
{
KEPT int plain(int *p)
{
	return *p * 3;
}
struct local {
	struct nested;
	struct within {
		int v;
		within(int x);
		~within();
		operator bool() const;
		int operator()(int *p) const;
		template <class T> int generic(T *p);
		static int fixed(int *p);
		FORCED int quick(int *p)
		{
			*p += v;
			return plain(p);
		}
		bool operator<(const within &that) const
		{
			return v < that.v;
		}
	};
};
// defined elsewhere than declared
struct local::nested {
	FORCED int late(int *p)
	{
		*p *= 7;
		return plain(p);
	}
};
KEPT local::within::within(int x) : v(x)
{
}
KEPT local::within::~within()
{
	asm volatile("" ::"r"(this) : "memory");
}
KEPT local::within::operator bool() const
{
	return v > 2;
}
KEPT int local::within::operator()(int *p) const
{
	return *p ^ v;
}
template <class T> KEPT int local::within::generic(T *p)
{
	return (int)*p + v;
}
KEPT int local::within::fixed(int *p)
{
	return *p - 2;
}
namespace inner
{
template <class T, int N> struct box {
	T t;
	KEPT T get(int *p)
	{
		return t + N + *p;
	}
};
FORCED int fold(int *p)
{
	*p ^= 7;
	return plain(p);
}
} // namespace inner
} // namespace

namespace outer
{
namespace
{
enum kind { first, second };
KEPT int plain(int *p)
{
	return *p * 5;
}
template <kind K> KEPT int by_kind(int *p)
{
	return *p + K;
}
} // namespace
static KEPT int hidden(int *p)
{
	return *p + 9;
}
extern "C" {
static KEPT int unmangled(int *p)
{
	return *p + 11;
}
}
int use(int *p)
{
	return hidden(p) + plain(p) + by_kind<second>(p) + unmangled(p);
}
} // namespace outer

static KEPT int same(int *p)
{
	return *p * 17;
}

// functions by themselves, so that what is inlined into them is known
extern "C" KEPT int calls_quick(int *p)
{
	local::within object(*p);
	return object.quick(p);
}
extern "C" KEPT int calls_late(int *p)
{
	local::nested object;
	return object.late(p);
}
extern "C" KEPT int calls_fold(int *p)
{
	return inner::fold(p);
}
extern "C" KEPT int calls_member(int *p)
{
	struct member {
		FORCED int deep(int *q)
		{
			*q += 23;
			return plain(q);
		}
	} object;
	return object.deep(p);
}

int main(int argc, char **argv)
{
	int a = argc;
	local::within object(argc);
	inner::box<int, 3> box{a};
	std::map<local::within, std::string> map;
	auto lambda = [&](int x) KEPT { return x + a; };
	void (*pointer)(int *) = [](int *p) { *p += 2; };
	struct in_main {
		KEPT int f(int *p)
		{
			return *p * 23;
		}
	} member;

	asm volatile("" : "+r"(pointer));
	pointer(&a);
	map.emplace(argc, argv[0]);
	return plain(&a) + object.generic(&a) + object(&a) + (object ? 1 : 2) +
	       local::within::fixed(&a) + box.get(&a) + outer::use(&a) + same(&a) + other(&a) +
	       calls_quick(&a) + calls_late(&a) + calls_fold(&a) + calls_member(&a) + lambda(3) +
	       member.f(&a) + (int)map.size();
}
#endif
