//! Files that hold what an account looks like: whole or not at all, and for their owner only.

use crate::error::Error;
use std::fs::{File, FileType, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The folder of the journals of all accounts.
pub const FOLDER: &str = "plans";

/// Creates a folder and those above it. The outermost one that is created at or below `plans/` keeps
/// itself out of git: plans and journals say what an account looks like.
///
/// # Errors
/// When a folder cannot be created.
pub fn create_folder(folder: &Path) -> std::io::Result<()> {
    let is_ours = |path: &&Path| {
        let path = path.strip_prefix(".").unwrap_or(path);
        path.starts_with(FOLDER) && !path.exists()
    };
    let created = folder.ancestors().filter(is_ours).last();
    std::fs::create_dir_all(folder)?;
    if let Some(created) = created {
        // A file that another process has just written is as good; what matters is the folder.
        let ignore =
            OpenOptions::new().write(true).create_new(true).open(created.join(".gitignore"));
        let _ = ignore.and_then(|mut file| file.write_all(b"*\n"));
    }
    Ok(())
}

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
    create_folder(&folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|cause| failed(cause.error))?;
    Ok(())
}

/// What a file holds that is about to be replaced; nothing, if it does not exist.
///
/// # Errors
/// When it is not a file that could be replaced: a folder, a named pipe, a device.
pub fn replaced(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::metadata(path) {
        // A link that leads nowhere can be replaced, and what cannot be read cannot be written.
        Err(_) => Ok(None),
        Ok(metadata) if metadata.is_file() => Ok(std::fs::read(path).ok()),
        Ok(metadata) => {
            let (path, kind) = (path.display(), kind(metadata.file_type()));
            let text = format!("{path} is {kind}, not a file; it is left as it is");
            Err(Error::failed(text))
        }
    }
}

/// Reads a file that decides what is written to an account: refuses links, what is not a file, and
/// files that others may change.
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
        let text = format!("{} is a symbolic link: what it leads to may change", path.display());
        return Err(Error::refused(text).hint("use the file itself, not a link to it"));
    }
    let file = open_regular(path)?;
    check_mode(path, &file.metadata().map_err(failed)?)?;
    Ok(file)
}

/// Reads a file of the command line that is only shown. A link may lead to a pipe, as `/dev/stdin` and
/// the shell's `<(…)` do; a named pipe is refused, because reading it may never end.
///
/// # Errors
/// When it cannot be read.
pub fn read_named(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |cause: std::io::Error| cannot_read(path, cause);
    let metadata = std::fs::symlink_metadata(path).map_err(failed)?;
    if metadata.is_symlink() {
        return std::fs::read(path).map_err(failed);
    }
    let mut bytes = Vec::new();
    let read = open_regular(path)?.read_to_end(&mut bytes);
    read.map_err(failed)?;
    Ok(bytes)
}

/// Opens a file, and nothing else: opening a named pipe may wait forever, and opening a device may do
/// things.
///
/// # Errors
/// When it cannot be opened or is not a file.
pub fn open_regular(path: &Path) -> Result<File, Error> {
    let failed = |cause: std::io::Error| cannot_read(path, cause);
    let not = |kind: FileType| {
        let text = format!("{} is {}, not a file", path.display(), self::kind(kind));
        Error::failed(text).hint("move it away, or name another file")
    };
    let found = std::fs::symlink_metadata(path).map_err(failed)?.file_type();
    if !found.is_file() {
        return Err(not(found));
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Another process may have put something else there meanwhile.
        let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path).map_err(failed)?;
    let opened = file.metadata().map_err(failed)?.file_type();
    match opened.is_file() {
        true => Ok(file),
        false => Err(not(opened)),
    }
}

/// What something in a folder is, in words.
fn kind(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if found.is_fifo() {
            return "a named pipe";
        }
        if found.is_socket() {
            return "a socket";
        }
    }
    match (found.is_dir(), found.is_symlink()) {
        (true, _) => "a folder",
        (_, true) => "a symbolic link",
        _ => "a device",
    }
}

fn cannot_read(path: &Path, cause: std::io::Error) -> Error {
    Error::failed(format!("cannot read {}", path.display())).because(cause)
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    match metadata.permissions().mode() & 0o022 {
        0 => Ok(()),
        _ => Err(Error::refused(format!("others may change {}", path.display()))
            .hint(format!("look at it with `baseline show`, then `chmod 600 {}`", path.display()))),
    }
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), Error> {
    Ok(())
}
