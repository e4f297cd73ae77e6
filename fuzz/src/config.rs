//! The configuration.

use tolmach::config::Config;

/// Any text as a configuration file: what is accepted is described so that the description means the same; what is not is
/// told in one line at least.
pub fn text(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    match Config::from_toml(text) {
        Ok(config) => {
            let described = config.describe();
            let again = Config::from_toml(&described);
            assert_eq!(again.as_ref().ok(), Some(&config), "{again:?}\n{described}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
