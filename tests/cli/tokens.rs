//! `tolmach token`.

use super::bench::{Bench, either_way};

either_way! {
    fn tokens_are_made_imported_listed_and_revoked(bench) {
        bench.run_with(&["user", "add", "Anna"], "secret word").done();
        let first = bench.run(&["token", "create", "anna"]).done();
        let token = first.strip_suffix('\n').unwrap();
        let (digits, login) = token.split_at(64);
        assert!(digits.chars().all(|c| c.is_ascii_hexdigit()) && login == "Anna", "{token}");
        let imported = bench.run_with(&["token", "create", "anna", "--value-stdin"], "an old token\n").done();
        assert_eq!(imported, "an old token\n");

        let list = bench.run(&["token", "list", "anna"]).done();
        let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len(), 2, "{list}");
        assert_eq!((lines[0].len(), lines[0][1], lines[0][3], lines[0][4]), (5, "api", "", ""));
        let tokens = bench.json(&["token", "list", "anna", "--json"]);
        assert_eq!((&tokens[0]["kind"], tokens[0]["used"].is_null()), (&"api".into(), true));
        assert!(!list.contains(digits) && !list.contains("old token"));

        let revoked = bench.run(&["token", "revoke", "anna", lines[0][0]]).done();
        assert!(revoked.starts_with(&format!("revoked token {} of anna;", lines[0][0])), "{revoked}");
        let left = bench.json(&["token", "list", "anna", "--json"]);
        assert_eq!(left, tokens[1..]);
        bench.run(&["token", "create", "anna"]).done();
        let revoked = bench.run(&["token", "revoke", "anna", "--yes"]).done();
        assert!(revoked.starts_with("revoked all tokens of anna;"), "{revoked}");
        assert_eq!(bench.run(&["token", "list", "anna"]).done(), "");
    }
}

either_way! {
    fn what_cannot_be_done_is_said(bench) {
        bench.run_with(&["user", "add", "anna"], "secret word").done();
        bench.run_with(&["token", "create", "anna", "--value-stdin"], "one").done();
        for arguments in [&["token", "create", "nobody"][..], &["token", "list", "nobody"], &["token", "revoke", "nobody"]] {
            assert!(bench.run(arguments).refused().contains("no account called nobody"));
        }
        let unknown = bench.run(&["token", "revoke", "anna", "77"]).refused();
        assert!(unknown.contains("anna has no token 77; `tolmach token list anna`"), "{unknown}");
        let twice = bench.run_with(&["token", "create", "anna", "--value-stdin"], "one").refused();
        assert!(twice.contains("in use already"), "{twice}");
        assert!(bench.run_with(&["token", "create", "anna", "--value-stdin"], "").refused().contains("empty"));
    }
}
