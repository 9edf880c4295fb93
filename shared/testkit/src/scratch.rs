//! Where the server of a test process lies: in memory where there is room. Every test makes a database of several hundred files
//! and removes it again, which a busy disk does ten times slower than memory.

use std::path::{Path, PathBuf};

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// What the databases of as many tests as run at once need, and the write-ahead log, with much to spare.
const ROOM: u64 = 4 << 30;

/// Memory if it has room and nobody set `TMPDIR`; else the directory for temporary files.
pub fn directory() -> PathBuf {
    let chosen = std::env::var_os("TMPDIR").is_some();
    if !chosen && room(Path::new(MEMORY)) >= ROOM { MEMORY.into() } else { std::env::temp_dir() }
}

/// Bytes that may be written to the file system of `path`; 0 where there is none.
fn room(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |there| there.f_bavail.saturating_mul(there.f_frsize))
}
