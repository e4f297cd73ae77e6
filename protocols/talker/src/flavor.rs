//! The two spellings of what a server says.

/// Which spelling a server's ids take: the page's `talker.flavor`.
///
/// PROTOCOL.md 6. The `id` and `edit` of a `message` are text in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavor {
    /// `"user":{"id":"7",…}`, and `"user":"7"` in `leave`.
    #[default]
    Document,
    /// `"user":{"id":7,…}`, in `leave` too.
    TalkerApp,
}
