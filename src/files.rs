//! Files that hold what an account looks like: whole or not at all, and for their owner only.

use crate::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Writes a file with mode 0600, by way of a temporary one beside it, so that a reader never sees
/// half of it.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn save_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |cause: std::io::Error| {
        Error::failed(format!("cannot write {}", path.display())).because(cause)
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|cause| failed(cause.error))?;
    Ok(())
}

/// Reads a file that decides what is written to an account: refuses links, and files that others
/// may change.
///
/// # Errors
/// When it cannot be read or cannot be trusted.
pub fn read_trusted(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = open_trusted(path)?.read_to_end(&mut bytes);
    read.map_err(|cause| cannot_read(path, cause))?;
    Ok(bytes)
}

/// Opens a file as [`read_trusted`] reads one.
///
/// # Errors
/// When it cannot be read or cannot be trusted.
pub fn open_trusted(path: &Path) -> Result<File, Error> {
    let failed = |cause: std::io::Error| cannot_read(path, cause);
    let metadata = std::fs::symlink_metadata(path).map_err(failed)?;
    if metadata.is_symlink() {
        let text = format!(
            "{} is a symbolic link: what it leads to may change",
            path.display()
        );
        return Err(Error::refused(text).hint("name the plan's own file"));
    }
    check_mode(path, &metadata)?;
    File::open(path).map_err(failed)
}

fn cannot_read(path: &Path, cause: std::io::Error) -> Error {
    Error::failed(format!("cannot read {}", path.display())).because(cause)
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    match metadata.permissions().mode() & 0o022 {
        0 => Ok(()),
        _ => Err(
            Error::refused(format!("others may change {}", path.display())).hint(format!(
                "look at it with `baseline show`, then `chmod 600 {}`",
                path.display()
            )),
        ),
    }
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), Error> {
    Ok(())
}
