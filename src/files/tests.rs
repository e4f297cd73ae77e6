//! The area by itself.

use tokio::io::AsyncReadExt;

use std::sync::Arc;

use super::directory::{INCOMING, names};
use super::*;

fn all(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for name in names(root).unwrap() {
        let below = names(&root.join(&name)).unwrap();
        found.extend(below.into_iter().map(|file| format!("{name}/{file}")));
    }
    found
}

#[tokio::test]
async fn a_content_comes_and_is_read_again() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    let mut upload = area.receive("../../etc/cat.JPG").await.unwrap();
    upload.write(b"one ").await.unwrap();
    upload.write(b"two").await.unwrap();
    let mut placed = upload.place(RoomId(7)).await.unwrap();
    let name = placed.name().to_owned();
    assert_eq!((placed.bytes(), name.len()), (7, 36));
    assert!(name.ends_with(".jpg"), "{name}");
    placed.submitted();
    drop(placed);
    let mut text = String::new();
    let found = area.find(RoomId(7), &name).await.unwrap();
    let mut file = found.read(0..7).await.unwrap();
    file.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "one two");
    assert_eq!(all(root.path()), [format!("7/{name}")]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_this_user_can_read_a_content() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let files = root.path().join("files");
    let area = FileArea::open(&files, false, 0).unwrap();
    let upload = area.receive("a").await.unwrap();
    let placed = upload.place(RoomId(1)).await.unwrap();
    let content = files.join("1").join(placed.name());
    for (path, mode) in [
        (files.clone(), 0o700),
        (files.join(INCOMING), 0o700),
        (files.join("1"), 0o700),
        (content, 0o600),
    ] {
        let found = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    let mut upload = area.receive("a").await.unwrap();
    upload.write(b"half").await.unwrap();
    assert_eq!(all(root.path()).len(), 1);
    drop(upload);
    assert_eq!(all(root.path()).len(), 0);
    let upload = area.receive("b").await.unwrap();
    drop(upload.place(RoomId(1)).await.unwrap());
    assert_eq!(all(root.path()).len(), 0);
    let upload = area.receive("b").await.unwrap();
    let mut placed = upload.place(RoomId(1)).await.unwrap();
    placed.submitted();
    placed.refused();
    assert_eq!(all(root.path()).len(), 0);
    // What a killed process left goes at the next start.
    std::fs::write(root.path().join(INCOMING).join("c"), "").unwrap();
    FileArea::open(root.path(), false, 0_u64).unwrap();
    assert_eq!(all(root.path()).len(), 0);
}

#[tokio::test]
async fn a_sweep_leaves_what_messages_have_and_what_is_on_its_way() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    let mut kept = Vec::new();
    for _ in 0..2 {
        let placed = area.receive("a").await.unwrap().place(RoomId(3)).await;
        let mut placed = placed.unwrap();
        kept.push(placed.name().to_owned());
        placed.submitted();
    }
    let on_its_way = area.receive("b").await.unwrap().place(RoomId(3)).await;
    let on_its_way = on_its_way.unwrap();
    assert_eq!(area.rooms().await.unwrap(), [RoomId(3)]);
    assert_eq!(area.contents(RoomId(3)).await.unwrap().names.len(), 3);
    let had = HashSet::from([kept[0].clone()]);
    let suspect = async |names: &[&String]| {
        let mut names = names.iter().map(|name| (*name).clone()).collect();
        area.suspect(RoomId(3), &mut names).await.unwrap()
    };
    let hold = Hold::of(root.path()).unwrap();
    let again = Hold::of(root.path()).unwrap();
    assert!(suspect(&[&kept[1]]).await.is_none());
    drop((hold, again));
    let suspects = suspect(&[&kept[1]]).await.unwrap();
    let hold = Hold::of(root.path()).unwrap();
    assert!(!suspects.remove(had.clone()).await.unwrap());
    drop(hold);
    assert!(area.find(RoomId(3), &kept[1]).await.is_ok(), "it was held");
    // Another process' look at the same directory.
    let other = FileArea::open(root.path(), false, 0_u64).unwrap();
    let mut names = other.contents(RoomId(3)).await.unwrap().names;
    let suspects = other.suspect(RoomId(3), &mut names).await.unwrap().unwrap();
    assert!(suspects.remove(had.clone()).await.unwrap());
    assert!(area.find(RoomId(3), &kept[0]).await.is_ok());
    assert!(area.find(RoomId(3), &kept[1]).await.is_err());
    assert!(area.find(RoomId(3), on_its_way.name()).await.is_ok());
    drop(on_its_way);
    other.tidy(RoomId(3));
    assert_eq!(
        area.contents(RoomId(3)).await.unwrap().names,
        [kept[0].clone()]
    );
    let nobody = HashSet::new();
    assert!(
        suspect(&[&kept[0]])
            .await
            .unwrap()
            .remove(nobody)
            .await
            .unwrap()
    );
    area.tidy(RoomId(3));
    assert_eq!(area.rooms().await.unwrap(), []);
}

#[tokio::test]
async fn what_comes_in_at_one_process_is_left_alone_by_another_that_starts() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    let mut upload = area.receive("a").await.unwrap();
    upload.write(b"half").await.unwrap();
    std::fs::write(
        root.path().join(INCOMING).join("left"),
        "by one that was killed",
    )
    .unwrap();
    FileArea::open(root.path(), false, 0_u64).unwrap();
    assert_eq!(names(&root.path().join(INCOMING)).unwrap().len(), 1);
    let placed = upload.place(RoomId(1)).await.unwrap();
    assert!(area.find(RoomId(1), placed.name()).await.is_ok());
}

#[tokio::test]
async fn contents_are_placed_while_others_tidy_up() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    let other = area.clone();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let tidying = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            other.tidy(RoomId(1));
            std::thread::sleep(Duration::from_micros(20));
        }
    });
    for _ in 0..100 {
        let placed = area.receive("a").await.unwrap().place(RoomId(1)).await;
        drop(placed.unwrap());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    tidying.join().unwrap();
}

#[tokio::test]
async fn no_name_leads_out_of_the_area() {
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(&root.path().join("files"), false, 0_u64).unwrap();
    std::fs::write(root.path().join("secret"), "s").unwrap();
    for name in ["../../secret", "..", ".", "", "/etc/passwd", "a/b", "a\0b"] {
        let error = area.find(RoomId(1), name).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{name:?}");
    }
    for (given, last) in [
        ("a/b\\c.txt", "c.txt"),
        ("..", "file"),
        ("x/", "file"),
        ("", "file"),
        ("кот.png", "кот.png"),
    ] {
        assert_eq!(last_component(given), last);
    }
    for odd in ["a.b/c", "a.", "x.äöü", "x.toolongextension", "x.a b"] {
        assert_eq!(stored_name(odd).len(), 32, "{odd}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn contents_are_taken_in_from_another_disk() {
    // Where there is none, it is the same disk.
    let elsewhere = Path::new("/dev/shm");
    let from = match elsewhere.is_dir() {
        true => tempfile::tempdir_in(elsewhere).unwrap(),
        false => tempfile::tempdir().unwrap(),
    };
    let root = tempfile::tempdir().unwrap();
    let area = FileArea::open(root.path(), false, 0_u64).unwrap();
    std::fs::write(from.path().join("a1"), "one").unwrap();
    let hold = area.take_in(RoomId(5), from.path()).unwrap();
    let mut lying = area.contents(RoomId(5)).await.unwrap().names;
    assert_eq!(lying, ["a1"]);
    assert!(area.suspect(RoomId(5), &mut lying).await.unwrap().is_none());
    drop(hold);
    assert!(area.suspect(RoomId(5), &mut lying).await.unwrap().is_some());
    assert_eq!(std::fs::read(root.path().join("5/a1")).unwrap(), b"one");
    for emptied in [from.path(), &root.path().join(INCOMING)] {
        assert_eq!(names(emptied).unwrap(), [""; 0]);
    }
}

#[test]
fn a_temporary_area_goes_with_its_last_handle() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("files");
    let area = FileArea::open(&path, true, 0_u64).unwrap();
    let other = area.clone();
    drop(area);
    assert!(path.exists());
    drop(other);
    assert!(!path.exists());
}
