//! What an entry brings along.

/// What is copied for a queued path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClosureType {
    /// The path alone. Most destinations refuse it unless they have all of its
    /// references already.
    Bare,
    /// The path and its references, to any depth: what is needed to use it.
    #[default]
    Binary,
    /// The derivation that made it, with all derivations and sources: what is
    /// needed to build it again.
    Source,
    /// `Source`, and all outputs of those derivations that are valid: what is
    /// needed to build it again without building its dependencies.
    Cache,
}
