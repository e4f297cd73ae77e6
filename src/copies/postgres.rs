//! Taking in an export, where the rows go to a database on a server.

use std::fs::{self, DirBuilder};
use std::io::BufRead;
use std::os::unix::fs::DirBuilderExt;

use super::contents::Contents;
use super::staging::gone;
use super::target::beside;
use super::{CopyError, Imported, Places, Progress, import};
use crate::store::{PostgresStore, PostgresUrl};

/// As [`import`], into a database on a server and the directory of files beside it, both empty. The rows come by way of a file there,
/// which goes afterwards. Blocks the thread.
///
/// # Errors
/// [`CopyError`]; nothing is left then, but in a bucket what a gateway's next start removes.
pub fn import_to_postgres(
    places: &Places,
    url: &PostgresUrl,
    rooms: &[String],
    gateway: &str,
    export: impl BufRead,
    progress: &dyn Progress,
) -> Result<Imported, CopyError> {
    let files = &places.files;
    let contents = Contents::of(places)?;
    let has_files = fs::read_dir(files).is_ok_and(|mut found| found.next().is_some());
    if contents.is_directory() && has_files {
        return Err(CopyError::NotUnused(files.clone()));
    }
    let aside = beside(files, "-importing");
    // What one that was killed has left.
    gone(fs::remove_dir_all(&aside)).map_err(CopyError::at(&aside))?;
    let staged = Places {
        data_dir: aside.clone(),
        database: aside.join("import.db"),
        files: aside.join("files"),
        #[cfg(feature = "s3")]
        bucket: None,
        tls: aside.join("tls"),
    };
    let mut private = DirBuilder::new();
    let imported = private
        .recursive(true)
        .mode(0o700)
        .create(&aside)
        .map_err(CopyError::at(&aside))
        .and_then(|()| import(&staged, rooms, gateway, export, progress))
        .and_then(|imported| {
            progress.begin("filling the database", None);
            if contents.is_directory() {
                gone(fs::remove_dir(files)).map_err(CopyError::at(files))?;
            }
            contents.take_over(&staged.files)?;
            let filled = PostgresStore::fill(url, rooms, &staged.database);
            if filled.is_err() && contents.is_directory() {
                gone(fs::remove_dir_all(files)).map_err(CopyError::at(files))?;
            }
            Ok(filled.map(|()| imported)?)
        });
    gone(fs::remove_dir_all(&aside)).map_err(CopyError::at(&aside))?;
    imported
}
