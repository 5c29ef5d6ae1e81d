// SPDX-License-Identifier: Apache-2.0
// A program with deep inlining, templates, lambdas and namespaces, for comparing symbolizers.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace shop
{
namespace
{
struct item {
	std::string name;
	double price = 0;
	std::vector<std::string> tags;
};

template <typename T, typename F> auto mapped(const std::vector<T> &from, F &&f)
{
	std::vector<decltype(f(from.front()))> to;

	to.reserve(from.size());
	for (const auto &element : from)
		to.push_back(f(element));
	return to;
}
} // namespace

class store
{
      public:
	void add(item i)
	{
		by_tag(i);
		items.emplace(i.name, std::make_shared<item>(std::move(i)));
	}

	double total() const
	{
		return std::accumulate(items.begin(), items.end(), 0.0,
				       [](double sum, const auto &entry) {
					       return sum + entry.second->price;
				       });
	}

	std::vector<std::string> names(const std::string &tag) const
	{
		auto found = tags.find(tag);

		if (found == tags.end())
			throw std::out_of_range("no tag " + tag);
		std::vector<std::string> sorted(found->second.begin(), found->second.end());
		std::sort(sorted.begin(), sorted.end(),
			  [](const auto &a, const auto &b) { return a.size() < b.size(); });
		return sorted;
	}

      private:
	void by_tag(const item &i)
	{
		for (const auto &tag : i.tags)
			tags[tag].insert(i.name);
	}

	std::map<std::string, std::shared_ptr<item>> items;
	std::unordered_map<std::string, std::set<std::string>> tags;
};

using value = std::variant<int, double, std::string>;

struct printer {
	std::ostream &out;
	void operator()(int i) const { out << "int " << i << '\n'; }
	void operator()(double d) const { out << "double " << d << '\n'; }
	void operator()(const std::string &s) const { out << "string " << s << '\n'; }
};
} // namespace shop

int main(int argc, char **argv)
{
	shop::store store;
	std::ostringstream text;
	std::function<int(int)> fibonacci = [&](int n) {
		return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
	};

	for (int i = 0; i < argc + 10; i++)
		store.add({"item" + std::to_string(i), i * 1.5, {i % 2 ? "odd" : "even", "all"}});
	for (const auto &v : std::vector<shop::value>{fibonacci(10), store.total(), argv[0]})
		std::visit(shop::printer{text}, v);
	for (const auto &size : shop::mapped(store.names("all"),
					     [](const std::string &s) { return s.size(); }))
		text << size << ' ';
	std::cout << text.str() << '\n';
	return 0;
}
