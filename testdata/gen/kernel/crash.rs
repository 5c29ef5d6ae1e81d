// A panic that aborts, in panics(), called by middle(), by outer().
use std::hint::black_box;

#[inline(never)]
fn panics(index: usize) -> usize {
    let few = [1usize, 2, 3];
    few[black_box(index)]
}

#[inline(never)]
fn middle(index: usize) -> usize {
    panics(index + 1) + black_box(0)
}

#[inline(never)]
fn outer(index: usize) -> usize {
    middle(index + 1) + black_box(0)
}

fn main() {
    println!("{}", outer(black_box(5)));
}
