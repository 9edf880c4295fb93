//! Where PostgreSQL's programs are: the newest that is installed, or the one which wrote the data.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::PrivateServerError;

/// The oldest major version with all that the services use (`pg_current_xact_id`, `drop database … with (force)`), and
/// still maintained.
const OLDEST: u32 = 14;
/// Where packages put it: a directory, the start of a name in it, and the rest of the way.
const PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// The newest, or for a cluster that exists the one of its own major version.
    pub fn find(data: &Path) -> Result<Self, PrivateServerError> {
        let mut looked: Vec<PathBuf> =
            PLACES.iter().flat_map(|(place, start, rest)| inside(place, start, rest)).collect();
        looked.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
        let mut found: Vec<Self> = looked.iter().filter_map(|directory| Self::at(directory)).collect();
        found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        let Some(newest) = found.first() else {
            return Err(PrivateServerError::NotInstalled { oldest: OLDEST, looked: searched() });
        };
        let Some(wanted) = version_of(data) else { return Ok(newest.clone()) };
        let same = found.iter().find(|binaries| binaries.major == wanted).cloned();
        same.ok_or_else(|| {
            let found =
                found.iter().map(|binaries| binaries.major.to_string()).collect::<Vec<_>>().join(", ");
            PrivateServerError::OtherVersion { data: data.to_owned(), wanted, found }
        })
    }

    /// One of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn at(directory: &Path) -> Option<Self> {
        if !["initdb", "pg_ctl", "postgres"].iter().all(|program| directory.join(program).is_file()) {
            return None;
        }
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        (major >= OLDEST).then(|| Self { directory: directory.to_owned(), major })
    }
}

fn inside(place: &str, start: &str, rest: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    named.map(|entry| entry.path().join(rest)).collect()
}

fn searched() -> String {
    let places = PLACES.iter().map(|(place, start, rest)| format!("{place}/{start}*/{rest}"));
    places.chain(["PATH".to_owned()]).collect::<Vec<_>>().join(", ")
}

/// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" is 15.
fn major_of(text: &str) -> Option<u32> {
    let version =
        text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The major version which wrote a cluster; `None` while there is no cluster.
fn version_of(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_postgres_says() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_of("command not found"), None);
    }
}
