//! The two spellings of what a server says.

/// Which spelling a server's answers take: PROTOCOL.md 9.
///
/// It changes two frames here: RQ_OLD_MSGS and RQ_GET_MEMBERS. (How RQ_SEARCH_MSGS searches is the server's affair.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavor {
    /// What the protocol's published client and server do: RQ_OLD_MSGS answers under `messages`, and
    /// RQ_GET_MEMBERS' answer has its own type.
    #[default]
    Field,
    /// What the document prints: PROTOCOL.md 9.
    Document,
}
