//! Losing power.

use super::World;
use super::collector::Collector;
use super::names::Names;
use super::world::State;

impl State {
    fn lose_power(&mut self, kept: &mut dyn FnMut(usize) -> usize) {
        self.boot += 1;
        self.collector = Collector::default();
        self.store.temporary_roots.clear();
        Names::lose(&mut self.roots, kept);
        for queue in &mut self.queues {
            queue.locked_by = None;
            queue.entries.lose(kept);
            queue.ledger.lose(kept);
            queue.closed.lose(kept);
            queue.counts.lose(kept);
        }
    }
}

impl World {
    /// Makes all that was done durable.
    pub fn settle(&self) {
        self.with(|state| {
            state.roots.flush();
            for queue in &mut state.queues {
                queue.entries.flush();
                queue.ledger.flush();
                queue.closed.flush();
                queue.counts.flush();
            }
        });
    }

    /// Every process dies, and of the operations on each name that were not
    /// flushed, as many are kept as `kept` says of how many: the first ones.
    pub fn lose_power(&self, mut kept: impl FnMut(usize) -> usize) {
        self.with(|state| state.lose_power(&mut kept));
    }

    /// Every world that a power loss now can leave behind.
    pub fn power_losses(&self) -> impl Iterator<Item = World> {
        let mut next = Some(Vec::new());
        let before = self.clone();
        std::iter::from_fn(move || {
            let choices: Vec<(usize, usize)> = next.take()?;
            let world = before.clone();
            let mut made = Vec::new();
            world.lose_power(|operations| {
                let kept = choices.get(made.len()).map_or(0, |(kept, _)| *kept);
                made.push((kept, operations));
                kept
            });
            next = following(made);
            Some(world)
        })
    }
}

/// Counts: the last choice that can grow does, and those behind it begin anew.
fn following(mut choices: Vec<(usize, usize)>) -> Option<Vec<(usize, usize)>> {
    while let Some((kept, operations)) = choices.pop() {
        if kept < operations {
            choices.push((kept + 1, operations));
            return Some(choices);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QueueDirectory;

    #[test]
    fn every_combination_of_prefixes_is_met_once() {
        let world = World::default();
        let process = world.process();
        let ports = process.queue(0);
        let path = |digit: &str| format!("{}-x", digit.repeat(32)).parse().unwrap();
        for digit in ["0", "1"] {
            ports.directory.insert(&path(digit)).unwrap();
        }
        ports.directory.remove(&path("1")).unwrap();
        let mut states: Vec<_> = world
            .power_losses()
            .map(|world| world.queued(0).len())
            .collect();
        states.sort_unstable();
        // Of 0: made or not; of 1: nothing, made, made and removed.
        assert_eq!(states, [0, 0, 1, 1, 1, 2]);
    }
}
