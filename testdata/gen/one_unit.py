#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print one C unit of 20,000 functions, each with another one inlined into it twice."""

print("extern int sink(int);")
for i in range(1, 20001):
    print(f"static inline int in{i}(int a) {{ return sink(a + {i}) * {i % 7 + 2}; }}")
    print(f"int out{i}(int a) {{ if (a > {i})")
    print(f"\treturn in{i}(a); return in{i}(a - 1) + sink({i}); }}")
print("int sink(int a) { return a; }")
