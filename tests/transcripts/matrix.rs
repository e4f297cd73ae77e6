//! The matrix: what every meaning from every source becomes in every dialect, as files under `matrix/SOURCE`. Nothing
//! is forgotten, and what arrives is what the dialects declare.

mod shows;
mod table;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use tolmach::dialects;
use tolmach::dialects::table::translation;
use tolmach::hub::translation::{Level, Meaning};

use shows::{Part, Shown};
use table::{Covered, MORE, SOURCES, covered};
use tolmach::cli::transcript::{Person, Transcript, What};

/// Every target.
const LISTENERS: [&str; 5] = ["jim", "talker", "purpose.1", "purpose.2", "uchat"];
/// The meanings that are notices 100 in JIM, "off by default".
const BASIC_NOTICES: [Meaning; 5] = [
    Meaning::Online,
    Meaning::Offline,
    Meaning::MemberLeft,
    Meaning::Described,
    Meaning::Voice,
];

/// A file of the matrix.
struct File {
    name: String,
    source: String,
    steps: Vec<Shown>,
    /// JIM's notices 100 are on.
    notices: bool,
}

fn files() -> Vec<File> {
    let matrix = crate::folder().join("matrix");
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let transcript = Transcript::read(&text).unwrap();
        let parts = path.strip_prefix(&matrix).unwrap().with_extension("");
        let mut parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
        let has_notices = |what: &What| matches!(what, What::Config(line) if line.starts_with("jim.notices") && line.contains("100"));
        File {
            source: parts.next().unwrap(),
            name: parts.next().unwrap(),
            notices: transcript.items.iter().any(|item| has_notices(&item.what)),
            steps: shows::steps(&transcript)
                .unwrap_or_else(|wrong| panic!("{}: {wrong}", crate::shown(path))),
        }
    };
    let paths = crate::files(&matrix);
    paths.iter().map(|path| read(path)).collect()
}

/// What is not as its dialect's column says, because a column has one cell for what depends on more than the meaning.
fn exception(meaning: Meaning, listener: &str, part: Part) -> Option<bool> {
    use Meaning as M;
    match (meaning, listener) {
        // "To the user's other connections", and so to nobody else.
        (M::MemberJoined, "purpose.2") if part == Part::Other => Some(false),
        (M::MemberLeft, "purpose.2" | "uchat") if part == Part::Other => Some(false),
        // "(r2)": revision 1 has no such notification. What it has, DECLINED from then on, is a step of its own.
        (M::MemberJoined | M::DirectOpened | M::MemberLeft | M::RoomDeleted, "purpose.1") => {
            Some(false)
        }
        // "Told as goes offline", and nobody is told that of oneself.
        (M::MemberLeft, "jim") if part == Part::Own => Some(false),
        _ => None,
    }
}

/// Whether a connection is told something that has this meaning.
fn arrives(meaning: Meaning, person: &Person, part: Part, notices: bool) -> bool {
    let listener = person.listener.as_deref().unwrap();
    let dialect = listener.split('.').next();
    let mut all = dialects::ALL.iter();
    let dialect = all.find(|known| Some(known.name()) == dialect);
    if listener == "jim" && !notices && BASIC_NOTICES.contains(&meaning) {
        return false;
    }
    exception(meaning, listener, part)
        .unwrap_or_else(|| translation(*dialect.unwrap(), meaning).level != Level::Dropped)
}

#[test]
fn the_matrix_agrees_with_what_the_dialects_declare() {
    let mut wrong = Vec::new();
    for file in files() {
        for step in &file.steps {
            for person in &step.people {
                let part = step.part(person);
                let meanings = step.meanings(person);
                if meanings.is_empty() && (part == Part::Actor || !step.nobody_else) {
                    continue;
                }
                let mut each = meanings.iter();
                let expected = each.any(|meaning| arrives(*meaning, person, part, file.notices));
                if expected != step.told.contains(&person.name) {
                    let what = if expected { "is not" } else { "is" };
                    wrong.push(format!(
                        "{}/{}.txt:{}: {} {what} told {meanings:?}",
                        file.source, file.name, step.line, person.name
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The targets that a file shows a meaning in.
fn targets(file: &File, meaning: Meaning) -> BTreeSet<&str> {
    let steps = file.steps.iter();
    let people = steps.flat_map(|step| {
        let people = step.people.iter();
        people.filter(|person| step.meanings(person).contains(&meaning))
    });
    people
        .filter_map(|person| person.listener.as_deref())
        .collect()
}

/// Whether a meaning from a source can be shown in a target.
fn can_be_shown(source: &str, meaning: Meaning, target: &str) -> bool {
    match meaning {
        Meaning::ToSender => source == target,
        // "One name, one connection": there is no other one.
        Meaning::ToSendersOthers => source != target || !matches!(target, "jim" | "uchat"),
        _ => true,
    }
}

#[test]
fn every_meaning_from_every_source_is_shown_in_every_dialect() {
    let files: HashMap<_, _> = files()
        .into_iter()
        .map(|file| ((file.source.clone(), file.name.clone()), file))
        .collect();
    let mut needed: BTreeSet<_> = MORE
        .map(|(source, name)| (source.to_owned(), name.to_owned()))
        .into();
    let mut wrong = Vec::new();
    for source in SOURCES {
        for meaning in Meaning::ALL.iter().copied() {
            let name = match covered(source, meaning) {
                Covered::File(name) => (source.to_owned(), name.to_owned()),
                Covered::No(why) => {
                    let of_source = files.values().filter(|file| {
                        file.source == source && !MORE.contains(&(source, &file.name))
                    });
                    let shown = of_source.filter(|file| !targets(file, meaning).is_empty());
                    wrong.extend(shown.map(|file| {
                        format!("{source}/{}.txt shows {meaning:?}, but {why}", file.name)
                    }));
                    continue;
                }
            };
            needed.insert(name.clone());
            let shown = files.get(&name).map(|file| targets(file, meaning));
            let shown = shown.unwrap_or_default();
            for target in LISTENERS {
                if can_be_shown(source, meaning, target) && !shown.contains(target) {
                    wrong.push(format!(
                        "{}/{}.txt: no {meaning:?} to {target}",
                        name.0, name.1
                    ));
                }
            }
        }
    }
    let known = files.keys().filter(|name| !needed.contains(*name));
    wrong.extend(known.map(|(source, name)| format!("{source}/{name}.txt is in no table")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
