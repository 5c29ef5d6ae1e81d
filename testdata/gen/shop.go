// SPDX-License-Identifier: Apache-2.0

// A program that needs nothing but the runtime, with functions that are inlined and one that is not.
package main

type item struct{ price, count int }

func (i item) total() int { return i.price * i.count }

//go:noinline
func sum(items []item) (all int) {
	for _, i := range items {
		all += i.total()
	}
	return all
}

func main() {
	println(sum([]item{{1, 2}, {3, 4}}))
}
