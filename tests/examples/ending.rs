//! Those examples that end by themselves, each as its program runs it.

#[allow(dead_code, reason = "main is for the program")]
#[path = "../../examples/file_authenticator.rs"]
mod file_authenticator;
#[allow(dead_code, reason = "main is for the program")]
#[path = "../../examples/hub_in_a_test.rs"]
mod hub_in_a_test;
#[allow(dead_code, reason = "main is for the program")]
#[path = "../../examples/moderator.rs"]
mod moderator;
#[allow(dead_code, reason = "main is for the program")]
#[path = "../../examples/word_filter.rs"]
mod word_filter;

#[tokio::test]
async fn a_file_authenticates() {
    file_authenticator::run().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hub_is_tested_alone() {
    hub_in_a_test::run().await.unwrap();
}

#[tokio::test]
async fn a_bot_moderates() {
    moderator::run().await.unwrap();
}

#[tokio::test]
async fn words_are_filtered() {
    word_filter::run().await.unwrap();
}
