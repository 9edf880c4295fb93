//! A home for one test: a data directory, the binary, and a running `kexiang up`.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
    time::Duration,
};

use kexiang::{data_dir::DataDir, endpoints::Endpoints};
use rustix::process::{Pid, Signal, kill_process};

/// How often a condition is looked at before it is given up; each look is a call of the binary.
const TRIES: usize = 600;
/// How long between two looks: enough that looking does not take the time of what is awaited.
const BETWEEN: Duration = Duration::from_millis(50);

/// A folder that goes away with the test.
pub struct Home(PathBuf);

impl Home {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kexiang-it-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn data_dir(&self) -> PathBuf {
        self.file("kexiang-data")
    }

    pub fn endpoints(&self) -> Endpoints {
        DataDir::at(&self.data_dir()).endpoints().unwrap()
    }

    /// Runs a command of the binary in this folder.
    pub fn kexiang(&self, arguments: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_kexiang"))
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .unwrap();
        Answer::of(&output)
    }

    /// Starts `kexiang up` and waits until it says that it runs.
    pub fn up(&self, arguments: &[&str]) -> Running {
        // A pipe that nobody reads would fill up and stop it.
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut process = self.spawn_up(arguments, log.into());
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("Ctrl-C") {
            if said.read_line(&mut text).unwrap() == 0 {
                let why = std::fs::read_to_string(self.log()).unwrap();
                panic!("`kexiang up` ended: {text}{why}");
            }
        }
        Running { process, said, text }
    }

    /// What `kexiang up` wrote on stderr, at all its starts.
    pub fn log(&self) -> PathBuf {
        self.file("up.log")
    }

    pub fn spawn_up(&self, arguments: &[&str], log: Stdio) -> Child {
        Command::new(env!("CARGO_BIN_EXE_kexiang"))
            .args(["up", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(&self.0)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Asks the binary until its answer is as wanted, and gives that answer.
    pub fn until(&self, arguments: &[&str], is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        for _ in 0..TRIES {
            let answer = self.kexiang(arguments);
            if is_wanted(&answer) {
                return answer;
            }
            last = Some(answer);
            std::thread::sleep(BETWEEN);
        }
        panic!("{arguments:?} never answered as wanted: {last:?}");
    }
}

impl Home {
    /// Starts an import of a pipe, into which the test writes rows when it wants.
    pub fn import_of_pipe(&self, pipe: &str, profile: &str) -> Import {
        assert!(Command::new("mkfifo").arg(self.file(pipe)).status().unwrap().success());
        let mut process = Command::new(env!("CARGO_BIN_EXE_kexiang"))
            .args(["import", pipe, "--profile", profile])
            .current_dir(&self.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stderr.take().unwrap());
        // Opens when the import opens the other end.
        let pipe = OpenOptions::new().write(true).open(self.file(pipe)).unwrap();
        Import { process, pipe, said, text: String::new() }
    }
}

/// A running import of a pipe.
pub struct Import {
    process: Child,
    pipe: File,
    said: BufReader<ChildStderr>,
    text: String,
}

impl Import {
    pub fn write(&mut self, rows: &str) {
        self.pipe.write_all(rows.as_bytes()).unwrap();
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        kill_process(Pid::from_child(&self.process), Signal::INT).unwrap();
    }

    pub fn until_said(&mut self, words: &str) {
        while !self.text.contains(words) {
            assert!(self.said.read_line(&mut self.text).unwrap() > 0, "the import ended: {}", self.text);
        }
    }

    /// Waits for its end, with the pipe still open.
    pub fn end(mut self) -> Answer {
        self.said.read_to_string(&mut self.text).unwrap();
        let mut out = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        Answer { code: self.process.wait().unwrap().code(), out, err: self.text }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// The same, having ended well.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// A running `kexiang up`; killed with the test when nobody stopped it.
pub struct Running {
    process: Child,
    said: BufReader<ChildStdout>,
    text: String,
}

impl Running {
    /// What it said before it ran.
    pub fn said(&self) -> &str {
        &self.text
    }

    /// Ctrl-C, and its end: exit code and the rest of what it said.
    pub fn stop(mut self) -> (Option<i32>, String) {
        self.signal(Signal::INT);
        let code = self.process.wait().unwrap().code();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        (code, rest)
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.process.wait().unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            self.signal(Signal::INT);
            drop(self.process.wait());
        }
    }
}

/// The counts of a breakdown in CSV, without its total.
pub fn received(report: &str) -> BTreeMap<String, i64> {
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let rows = reader.records().map(Result::unwrap).filter(|row| !row[0].is_empty());
    rows.map(|row| (row[1].to_owned(), row[2].parse().unwrap())).collect()
}

/// The processes that name `path` on their command line.
pub fn processes_on(path: &Path) -> Vec<String> {
    let path = path.display().to_string();
    let commands = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|process| {
        let command = std::fs::read(process.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&command).replace('\0', " "))
    });
    commands.filter(|command| command.contains(&path)).collect()
}
