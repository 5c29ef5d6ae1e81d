// An exception that nobody catches: std::terminate() from throws(), called by middle(), by outer().
#include <stdexcept>
#include <string>

static volatile int zero;

__attribute__((noinline)) int throws(int depth)
{
	if (depth)
		throw std::runtime_error("nobody catches " + std::to_string(depth));
	return zero;
}

__attribute__((noinline)) int middle(int depth)
{
	return throws(depth + 1) + zero;
}

__attribute__((noinline)) int outer(int depth)
{
	return middle(depth + 1) + zero;
}

int main()
{
	return outer(1) + zero;
}
