//! The two spellings of what a server says.

/// Which spelling a server's answers take: the page's `uchat.flavor`.
///
/// It changes two frames here: RQ_OLD_MSGS and RQ_GET_MEMBERS. (How RQ_SEARCH_MSGS searches is the server's affair.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavor {
    /// What the protocol's published client and server do: RQ_OLD_MSGS answers under `messages`, and
    /// RQ_GET_MEMBERS' answer has its own type.
    #[default]
    Field,
    /// What the document prints: "RQ_OLD_MSGS answers under `message`, RQ_GET_MEMBERS' answer has the type
    /// RQ_SEARCH_CH".
    Document,
}
