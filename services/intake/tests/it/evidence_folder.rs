//! The object store of a test: a folder, gone with the last desk over it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use kexiang_core::EvidenceId;

use crate::desk::START;

/// A folder in the system's place for such.
#[derive(Clone)]
pub struct EvidenceFolder(Arc<Folder>);

struct Folder(PathBuf);

impl EvidenceFolder {
    /// A name that nobody else has. The folder is made by the service, when it needs it.
    pub fn new() -> Self {
        let name = format!("kexiang-evidence-{}", EvidenceId::at(START));
        Self(Arc::new(Folder(std::env::temp_dir().join(name))))
    }

    pub fn path(&self) -> &Path {
        &self.0.0
    }

    pub fn address(&self) -> String {
        format!("file://{}", self.path().display())
    }

    /// All files under a folder of it, by their paths in it.
    pub fn files(&self, under: &str) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.path().join(under)]);
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.map_while(Result::ok) {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    _ => found.push(entry.path().strip_prefix(self.path()).unwrap().display().to_string()),
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
