// Threads that wait in a channel and in a sleep, below closures and generic functions.
use std::sync::mpsc::{channel, Receiver};
use std::thread;
use std::time::Duration;

#[inline(never)]
fn receive<T>(from: &Receiver<T>, depth: u32) -> Option<T> {
    if depth > 0 {
        return receive(from, depth - 1);
    }
    from.recv().ok()
}

fn main() {
    let (sender, receiver) = channel::<String>();
    let workers = [
        thread::Builder::new().name("receiver".into()).spawn(move || receive(&receiver, 3).is_some()).unwrap(),
        thread::spawn(|| (0..1000).map(|_| thread::sleep(Duration::from_secs(1000))).count() > 0),
    ];
    for worker in workers {
        worker.join().unwrap();
    }
    drop(sender);
}
