// SPDX-License-Identifier: Apache-2.0
// A program with inlining, generics and closures, for comparing symbolizers.
use std::collections::{BTreeMap, HashMap};
use std::fmt;

#[derive(Debug, Clone)]
struct Item {
    name: String,
    price: f64,
    tags: Vec<String>,
}

#[derive(Debug)]
enum Problem {
    Missing(String),
    Parse(std::num::ParseIntError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing(what) => write!(f, "missing {what}"),
            Problem::Parse(error) => write!(f, "cannot parse: {error}"),
        }
    }
}

#[derive(Default)]
struct Store {
    items: BTreeMap<String, Item>,
    tags: HashMap<String, Vec<String>>,
}

impl Store {
    fn add(&mut self, item: Item) {
        for tag in &item.tags {
            self.tags.entry(tag.clone()).or_default().push(item.name.clone());
        }
        self.items.insert(item.name.clone(), item);
    }

    fn total(&self) -> f64 {
        self.items.values().map(|item| item.price).sum()
    }

    fn names(&self, tag: &str) -> Result<Vec<&str>, Problem> {
        let names = self.tags.get(tag).ok_or_else(|| Problem::Missing(tag.into()))?;
        let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
        sorted.sort_by_key(|name| (name.len(), *name));
        Ok(sorted)
    }
}

fn number(text: &str) -> Result<i64, Problem> {
    text.trim().parse().map_err(Problem::Parse)
}

fn main() {
    let mut store = Store::default();
    for i in 0..20 {
        let tags = vec!["all".to_string(), if i % 2 == 0 { "even" } else { "odd" }.to_string()];
        store.add(Item { name: format!("item{i}"), price: i as f64 * 1.5, tags });
    }
    println!("{} {:?}", store.total(), store.names("even"));
    for text in ["12", " 7 ", "x"] {
        match number(text) {
            Ok(value) => println!("{value}"),
            Err(problem) => println!("{problem}"),
        }
    }
    if let Err(problem) = store.names("none") {
        println!("{problem}");
    }
}
