//! Names in a directory: what is seen now, and what the medium keeps.

use std::collections::BTreeMap;

/// A directory without an order between its names: of the operations on each
/// name since the last flush, a power loss keeps any prefix.
#[derive(Debug, Clone)]
pub(super) struct Names<K, V> {
    durable: BTreeMap<K, V>,
    /// What each operation left behind, `None` when it removed the name.
    /// No list is empty.
    volatile: BTreeMap<K, Vec<Option<V>>>,
}

impl<K, V> Default for Names<K, V> {
    fn default() -> Self {
        Self {
            durable: BTreeMap::new(),
            volatile: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone, V: Clone> Names<K, V> {
    /// What every process sees.
    pub(super) fn get(&self, name: &K) -> Option<&V> {
        match self.volatile.get(name).and_then(|left| left.last()) {
            Some(left) => left.as_ref(),
            None => self.durable.get(name),
        }
    }

    pub(super) fn has(&self, name: &K) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn set(&mut self, name: K, left: Option<V>) {
        self.volatile.entry(name).or_default().push(left);
    }

    /// All that is seen, by name.
    pub(super) fn seen(&self) -> BTreeMap<K, V> {
        let mut seen = self.durable.clone();
        for (name, left) in &self.volatile {
            Self::put(&mut seen, name, left.last());
        }
        seen
    }

    pub(super) fn flush(&mut self) {
        self.durable = self.seen();
        self.volatile.clear();
    }

    /// Keeps of each name's operations as many as `kept` says of how many.
    pub(super) fn lose(&mut self, kept: &mut dyn FnMut(usize) -> usize) {
        for (name, left) in std::mem::take(&mut self.volatile) {
            let prefix = kept(left.len()).min(left.len());
            Self::put(&mut self.durable, &name, left[..prefix].last());
        }
    }

    fn put(names: &mut BTreeMap<K, V>, name: &K, left: Option<&Option<V>>) {
        match left {
            None => {}
            Some(None) => drop(names.remove(name)),
            Some(Some(value)) => drop(names.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(kept: usize) -> Vec<&'static str> {
        let mut names = Names::default();
        names.set("old", Some(()));
        names.flush();
        names.set("old", None);
        names.set("new", Some(()));
        names.lose(&mut |_| kept);
        names.seen().into_keys().collect()
    }

    #[test]
    fn a_power_loss_keeps_a_prefix_of_the_operations_on_each_name() {
        assert_eq!(after(0), ["old"]);
        assert_eq!(after(1), ["new"]);
    }

    #[test]
    fn what_was_flushed_survives() {
        let mut names = Names::default();
        names.set(1, Some("a"));
        names.set(1, Some("b"));
        names.flush();
        names.lose(&mut |_| 0);
        assert_eq!(names.get(&1), Some(&"b"));
    }
}
