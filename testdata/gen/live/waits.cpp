// Threads that wait inside of functions of templates, namespaces and the standard library.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shop {
std::mutex mutex;
std::condition_variable done;

template <typename T> struct Worker {
	T count;
	__attribute__((noinline)) void wait_for(const std::function<bool()> &ready)
	{
		std::unique_lock<std::mutex> lock(mutex);
		done.wait(lock, ready);
		count++;
	}
};

__attribute__((noinline)) void run(int depth)
{
	Worker<long> worker{};

	if (depth)
		return run(depth - 1), (void)worker.count++;
	worker.wait_for([] { return false; });
}
} // namespace shop

int main()
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 4; i++)
		threads.emplace_back(shop::run, i);
	for (auto &thread : threads)
		thread.join();
}
