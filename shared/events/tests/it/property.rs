//! Random interleavings of transactions: everything committed is read exactly once, each subject in its order.

use std::collections::BTreeMap;

use proptest::prelude::{
    Just, ProptestConfig, Strategy, TestCaseError, prop_assert_eq, prop_oneof, proptest,
};
use sqlx::PgConnection;

use crate::foundation::{Ground, append};
use kexiang_events::window::Position;

const WRITERS: usize = 4;
const SUBJECTS: usize = 3;

/// One step of one writer, or of the reader.
#[derive(Debug, Clone)]
enum Step {
    /// Draws a transaction id without touching a subject, as an idempotency row does.
    Draw(usize),
    /// Changes a subject, if nobody else has it locked.
    Append(usize, usize),
    Commit(usize),
    RollBack(usize),
    Read,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..WRITERS).prop_map(Step::Draw),
        6 => (0..WRITERS, 0..SUBJECTS).prop_map(|(writer, subject)| Step::Append(writer, subject)),
        3 => (0..WRITERS).prop_map(Step::Commit),
        1 => (0..WRITERS).prop_map(Step::RollBack),
        3 => Just(Step::Read),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A writer's open transaction: what it appended so far.
#[derive(Default)]
struct Writer {
    is_open: bool,
    appended: Vec<(usize, i64)>,
}

struct World {
    ground: Ground,
    connections: Vec<PgConnection>,
    reader: PgConnection,
    writers: Vec<Writer>,
    next: i64,
    /// What was committed, by subject in order.
    committed: BTreeMap<String, Vec<i64>>,
    /// What was read, by subject in order.
    read: BTreeMap<String, Vec<i64>>,
    position: Position,
}

impl World {
    async fn new() -> Self {
        let ground = Ground::lay().await;
        let mut connections = Vec::new();
        for _ in 0..WRITERS {
            connections.push(ground.connect().await);
        }
        let reader = ground.connect().await;
        let writers = (0..WRITERS).map(|_| Writer::default()).collect();
        Self {
            ground,
            connections,
            reader,
            writers,
            next: 0,
            committed: BTreeMap::new(),
            read: BTreeMap::new(),
            position: Position::default(),
        }
    }

    async fn sql(&mut self, writer: usize, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connections[writer]).await.unwrap();
    }

    async fn open(&mut self, writer: usize) {
        if !self.writers[writer].is_open {
            self.sql(writer, "begin").await;
            self.writers[writer].is_open = true;
        }
    }

    /// As in the services, a subject is locked by the transaction that changes it.
    fn is_locked_by_another(&self, writer: usize, subject: usize) -> bool {
        let holds = |other: &Writer| other.appended.iter().any(|(held, _)| *held == subject);
        self.writers.iter().enumerate().any(|(nr, other)| nr != writer && holds(other))
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Draw(writer) => {
                self.open(writer).await;
                self.sql(writer, "select pg_current_xact_id()").await;
            }
            Step::Append(writer, subject) => {
                if self.is_locked_by_another(writer, subject) {
                    return;
                }
                self.open(writer).await;
                let name = format!("things/{subject}");
                append(&self.ground.log, &mut self.connections[writer], &name, self.next).await;
                self.writers[writer].appended.push((subject, self.next));
                self.next += 1;
            }
            Step::Commit(writer) if self.writers[writer].is_open => {
                self.sql(writer, "commit").await;
                for (subject, nr) in std::mem::take(&mut self.writers[writer]).appended {
                    self.committed.entry(format!("things/{subject}")).or_default().push(nr);
                }
            }
            Step::RollBack(writer) if self.writers[writer].is_open => {
                self.sql(writer, "rollback").await;
                self.writers[writer] = Writer::default();
            }
            Step::Commit(_) | Step::RollBack(_) => {}
            Step::Read => self.read().await,
        }
    }

    async fn read(&mut self) {
        for (subject, nr) in self.ground.read_on(&mut self.reader, &mut self.position).await {
            self.read.entry(subject).or_default().push(nr);
        }
    }

    /// Ends all transactions and reads until the log's end.
    async fn finish(&mut self) {
        for writer in 0..WRITERS {
            self.step(&Step::Commit(writer)).await;
        }
        // Other tests of this cluster may hold the horizon for a moment.
        for _ in 0..1_000 {
            self.read().await;
            if self.read.values().map(Vec::len).sum::<usize>() >= self.committed.values().map(Vec::len).sum()
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

async fn everything_committed_is_read_once_in_order(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut world = World::new().await;
    for step in &steps {
        world.step(step).await;
    }
    world.finish().await;
    prop_assert_eq!(&world.read, &world.committed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn random_transactions_are_read_once_and_each_subject_in_its_order(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(everything_committed_is_read_once_in_order(steps))?;
    }
}
