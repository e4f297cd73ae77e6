//! What holds wherever contents lie.

use std::collections::HashSet;
use std::io;

use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tolmach_test_servers::{BUCKET, KEY, KEY_ID, S3Server};

use super::{Bucket, FileArea, S3Options};
use crate::model::RoomId;

const ROOM: RoomId = RoomId(7);

/// A place, as long as this is kept.
struct Bench {
    area: FileArea,
    _directory: TempDir,
    _server: Option<S3Server>,
}

impl Bench {
    fn all() -> [Self; 2] {
        let directory = tempfile::tempdir().unwrap();
        let here = Self {
            area: FileArea::open(directory.path(), false, 0).unwrap(),
            _directory: directory,
            _server: None,
        };
        let (directory, server) = (tempfile::tempdir().unwrap(), S3Server::start());
        let bucket = Bucket::new(&options(&server)).unwrap();
        let in_s3 = Self {
            area: FileArea::in_s3(bucket, false, directory.path(), 0).unwrap(),
            _directory: directory,
            _server: Some(server),
        };
        [here, in_s3]
    }

    async fn names(&self) -> Vec<String> {
        let mut names = self.area.contents(ROOM).await.unwrap().names;
        names.sort();
        names
    }

    async fn until_there_are(&self, names: &[String]) {
        let waiting = async {
            while self.names().await != names {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let done = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
        assert!(done.is_ok(), "{:?} is not {names:?}", self.names().await);
    }

    async fn kept(&self, content: &[u8]) -> String {
        let mut placed = placed(&self.area, content).await.unwrap();
        placed.submitted();
        placed.name().to_owned()
    }
}

pub(super) fn options(server: &S3Server) -> S3Options {
    S3Options {
        bucket: BUCKET.to_owned(),
        prefix: "gate/east".to_owned(),
        endpoint: Some(server.endpoint()),
        region: None,
        credentials: Some((KEY_ID.to_owned(), KEY.to_owned())),
    }
}

pub(super) async fn placed(area: &FileArea, content: &[u8]) -> io::Result<super::Placed> {
    let mut upload = area.receive("cat.png").await?;
    for piece in content.chunks(100_000) {
        upload.write(piece).await?;
    }
    upload.place(ROOM).await
}

pub(super) async fn content(
    area: &FileArea,
    name: &str,
    part: std::ops::Range<u64>,
) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut reading = area.find(ROOM, name).await?.read(part).await?;
    reading.read_to_end(&mut content).await?;
    Ok(content)
}

#[tokio::test]
async fn a_content_is_there_whole_and_in_parts() {
    for bench in Bench::all() {
        let long: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7) as u8).collect();
        for sent in [&b""[..], b"meow", &long] {
            let size = sent.len() as u64;
            let name = bench.kept(sent).await;
            assert!(content(&bench.area, &name, 0..size).await.unwrap() == sent);
            let part = size / 3..size / 2;
            let expected = &sent[sent.len() / 3..sent.len() / 2];
            assert!(content(&bench.area, &name, part).await.unwrap() == expected);
        }
        assert_eq!(bench.area.rooms().await.unwrap(), [ROOM]);
        assert_eq!(bench.names().await.len(), 3);
        for none in ["0123", "../x", ""] {
            let error = content(&bench.area, none, 0..1).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{none:?}");
        }
    }
}

#[tokio::test]
async fn what_no_message_gets_is_gone() {
    for bench in Bench::all() {
        let kept = bench.kept(b"kept").await;
        let dropped = placed(&bench.area, b"dropped").await.unwrap();
        let mut refused = placed(&bench.area, b"refused").await.unwrap();
        refused.submitted();
        let mut half = bench.area.receive("half").await.unwrap();
        half.write(b"hal").await.unwrap();
        drop((dropped, half));
        refused.refused();
        bench.until_there_are(&[kept]).await;
    }
}

#[tokio::test]
async fn a_sweep_takes_what_no_message_has_and_leaves_what_is_on_its_way() {
    for bench in Bench::all() {
        let mut all = Vec::new();
        for _ in 0..8 {
            all.push(bench.kept(b"meow").await);
        }
        let coming = placed(&bench.area, b"coming").await.unwrap();
        all.sort();
        let had: HashSet<String> = all[..2].iter().cloned().collect();
        let mut names = bench.area.contents(ROOM).await.unwrap().names;
        names.retain(|name| !had.contains(name));
        while !names.is_empty() {
            let suspects = bench.area.suspect(ROOM, &mut names).await.unwrap().unwrap();
            assert!(suspects.remove(had.clone()).await.unwrap());
        }
        assert_eq!(
            content(&bench.area, coming.name(), 0..6).await.unwrap(),
            b"coming"
        );
        drop(coming);
        bench.until_there_are(&all[..2]).await;
    }
}
