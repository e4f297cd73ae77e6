//! The archive of a backup.

use std::io::{self, Write};

use tolmach::copies::archive::{About, ArchiveError, ArchiveReader, ArchiveWriter, PartName};

/// What a read came to.
type Read = (About, Vec<(PartName, u32, Vec<u8>)>);

/// Any bytes as an archive, and the same bytes with headers whose checksums are right: what is accepted is read again when it is
/// written again; what is not is told with a reason. No more is brought than came.
pub fn bytes(input: &[u8]) {
    read(input);
    let mut summed = input.to_vec();
    for header in summed.chunks_exact_mut(512) {
        if &header[257..262] == b"ustar" {
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
        }
    }
    read(&summed);
}

fn read(input: &[u8]) {
    match parts(input) {
        Ok((about, found)) => {
            let mut writer = ArchiveWriter::begin(Vec::new(), 0, &about).unwrap();
            for (name, mode, content) in &found {
                let length = content.len() as u64;
                writer
                    .part(name, *mode, length, content.as_slice())
                    .unwrap();
            }
            let again = parts(&writer.finish().unwrap());
            assert_eq!(again.unwrap(), (about, found));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn parts(input: &[u8]) -> Result<Read, ArchiveError> {
    let (mut reader, about) = ArchiveReader::begin(input)?;
    let mut parts = Vec::new();
    while let Some(part) = reader.next()? {
        let mut content = Bounded(Vec::new(), input.len());
        reader.copy(&mut content)?;
        assert_eq!(content.0.len() as u64, part.length);
        parts.push((part.name, part.mode, content.0));
    }
    Ok((about, parts))
}

/// Takes so many bytes at most.
struct Bounded(Vec<u8>, usize);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        assert!(self.0.len() <= self.1, "more than came");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive with a part of each kind.
pub(crate) fn seed() -> Vec<u8> {
    let about = About {
        format: tolmach::copies::archive::FORMAT,
        database: 7,
        program: "0.1.0".to_owned(),
        created: "2026-08-01T00:00:00Z".to_owned(),
    };
    let mut writer = ArchiveWriter::begin(Vec::new(), 1_785_542_400, &about).unwrap();
    for (name, content) in [
        ("tolmach.db", &[1; 600][..]),
        ("files/7/0123456789abcdef0123456789abcdef.jpg", &[2; 10]),
        ("tls/key.pem", b""),
    ] {
        let name: PartName = name.parse().unwrap();
        let length = content.len() as u64;
        writer.part(&name, 0o600, length, content).unwrap();
    }
    writer.finish().unwrap()
}
