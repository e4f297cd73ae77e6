//! Archives by themselves.

use std::io::Write as _;

use super::*;
use crate::model::RoomId;

fn about() -> About {
    About {
        format: FORMAT,
        database: 7,
        program: "0.1.0".to_owned(),
        created: "2026-08-01T00:00:00Z".to_owned(),
    }
}

fn file(stored: &str) -> PartName {
    PartName::File {
        room: RoomId(7),
        stored: stored.to_owned(),
    }
}

fn parts() -> Vec<(PartName, u32, Vec<u8>)> {
    vec![
        (PartName::Database, 0o600, vec![1; 700]),
        (
            file("0123456789abcdef0123456789abcdef.jpg"),
            0o644,
            vec![2; 512],
        ),
        (file("00"), 0o644, Vec::new()),
        (PartName::Tls("key.pem".to_owned()), 0o600, vec![3; 1]),
    ]
}

fn written() -> Vec<u8> {
    let mut writer = ArchiveWriter::begin(Vec::new(), 1_785_542_400, &about()).unwrap();
    for (name, mode, content) in parts() {
        let length = content.len() as u64;
        writer.part(&name, mode, length, &content[..]).unwrap();
    }
    writer.finish().unwrap()
}

type Found = (About, Vec<(PartName, u32, Vec<u8>)>);

fn read(archive: &[u8]) -> Result<Found, ArchiveError> {
    let (mut reader, about) = ArchiveReader::begin(archive)?;
    let mut found = Vec::new();
    while let Some(part) = reader.next()? {
        let mut content = Vec::new();
        reader.copy(&mut content)?;
        found.push((part.name, part.mode, content));
    }
    Ok((about, found))
}

#[test]
fn what_was_written_is_read() {
    let archive = written();
    assert_eq!(archive.len() % BLOCK, 0);
    assert_eq!(read(&archive).unwrap(), (about(), parts()));
}

#[test]
fn a_cut_anywhere_is_told() {
    let archive = written();
    for end in 0..archive.len() {
        let error = read(&archive[..end]).unwrap_err();
        let is_told = match end {
            0 => matches!(error, ArchiveError::Empty),
            // That could be anything.
            end if end < ABOUT.len() => matches!(error, ArchiveError::NotABackup),
            _ => matches!(error, ArchiveError::CutOff(_)),
        };
        assert!(is_told, "{end}: {error}");
    }
}

#[test]
fn every_bit_counts() {
    let archive = written();
    for at in 0..archive.len() {
        for bit in [0, 3, 7] {
            let mut changed = archive.clone();
            changed[at] ^= 1 << bit;
            assert!(read(&changed).is_err(), "byte {at}, bit {bit}");
        }
    }
    let mut longer = archive;
    longer.push(0);
    assert!(read(&longer).is_err());
}

#[test]
fn what_is_damaged_is_named() {
    let archive = written();
    let database = archive.iter().position(|byte| *byte == 1).unwrap();
    let mut changed = archive.clone();
    changed[database] = 9;
    let said = read(&changed).unwrap_err().to_string();
    assert!(
        said.contains("tolmach.db does not have its checksum"),
        "{said}"
    );
}

#[test]
fn a_later_format_and_other_files_are_refused() {
    let later = About {
        format: FORMAT + 1,
        program: "9.0".to_owned(),
        ..about()
    };
    let writer = ArchiveWriter::begin(Vec::new(), 0, &later).unwrap();
    let error = read(&writer.finish().unwrap()).unwrap_err();
    assert!(matches!(error, ArchiveError::Newer { .. }), "{error}");
    assert!(
        error.to_string().contains("format 2 (made by tolmach 9.0)"),
        "{error}"
    );
    let mut other = Vec::new();
    let header = header("other", 0o600, 0, 0).unwrap();
    other.write_all(header.as_bytes()).unwrap();
    for bytes in [&[b'x'; 5000][..], &[0; 5000], &other] {
        let error = read(bytes).unwrap_err();
        assert!(matches!(error, ArchiveError::NotABackup), "{error}");
    }
}

/// An archive whose second entry has this header.
fn with_header(header: &tar::Header) -> Vec<u8> {
    let writer = ArchiveWriter::begin(Vec::new(), 0, &about()).unwrap();
    let mut bytes = writer.finish().unwrap();
    bytes.truncate(2 * BLOCK);
    bytes.extend(header.as_bytes());
    bytes.extend([0; 4 * BLOCK]);
    bytes
}

#[test]
fn no_name_leads_anywhere_else() {
    for name in [
        "../tolmach.db",
        "/tolmach.db",
        "files/../../x",
        "files/7/..",
        "files/7/.hidden",
        "files/07/a",
        "files/+7/a",
        "files/0/a",
        "files/-1/a",
        "files/99999999999/a",
        "files/7/a/b",
        "files/7/",
        "files/7",
        "tls/",
        "tls/..",
        "tls/a/b",
        "tls/.a",
        "tolmach.db-wal",
        "x",
        "",
    ] {
        assert!(name.parse::<PartName>().is_err(), "{name}");
    }
    for (name, _, _) in parts() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
}

#[test]
fn other_entries_than_plain_files_and_boundless_ones_are_refused() {
    let plain = || header("tolmach.db", 0o600, 0, 0).unwrap();
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Directory,
        tar::EntryType::GNULongName,
        tar::EntryType::XHeader,
    ] {
        let mut header = plain();
        header.set_entry_type(kind);
        header.set_cksum();
        let error = read(&with_header(&header)).unwrap_err();
        assert!(matches!(error, ArchiveError::Damaged(_)), "{error}");
    }
    let mut special = plain();
    special.set_mode(0o4755);
    special.set_cksum();
    assert!(read(&with_header(&special)).is_err());
    let mut endless = plain();
    endless.set_size(u64::MAX / 2);
    endless.set_cksum();
    let error = read(&with_header(&endless)).unwrap_err();
    assert!(matches!(error, ArchiveError::CutOff(_)), "{error}");
}
