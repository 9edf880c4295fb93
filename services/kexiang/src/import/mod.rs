//! Bringing a file in: rows → profile → intake's ImportCases, and a result for every row.
//!
//! One thread reads and translates. Rows go to intake over one stream, and wait in a window of [`WINDOW`] until their
//! results come back, in the order of the file; that window is all the memory it takes. Intake knows rows again by
//! their external reference, so after a stop of any kind the same command goes on where it was.

mod lines;
mod progress;
mod refusals;
mod source;

use std::path::Path;

use anyhow::{Context, bail};
use kexiang_proto::intake_v1::{ImportCasesRequest, ImportCasesResponse, import_cases_response::Outcome};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use crate::{
    client::Client,
    profile::{Profile, Refusal},
    setup::Setup,
};
pub use progress::Progress;
pub use refusals::Refusals;
use source::{Line, Source};

/// Rows under way at once.
const WINDOW: usize = 512;
/// Largest row, in bytes as it is sent: more than all texts at the lengths that intake allows, far less than a message
/// that intake would end the whole stream for, and little enough for a window of such rows.
const ROW_LIMIT: usize = 256 * 1024;

/// A file with a profile that fits it.
pub struct Import {
    source: Source,
    profile: Profile,
    limit: Option<u64>,
}

impl Import {
    /// Opens a file, plain CSV or gzip, and checks that it is one for the profile. Only the first `limit` rows will
    /// be read.
    ///
    /// # Errors
    /// When it can't be read or lacks columns.
    pub fn open(
        file: &Path,
        profile: Profile,
        limit: Option<u64>,
        progress: &Progress,
    ) -> anyhow::Result<Self> {
        let source = Source::open(file, progress.position())?;
        profile.check(source.header())?;
        Ok(Self { source, profile, limit })
    }

    /// What has to be there before the rows.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.profile.setup
    }
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Are in now.
    pub accepted: u64,
    /// Were in before.
    pub already_present: u64,
    /// Are not in.
    pub refused: u64,
    /// Of those accepted: taken with other times than the file says, as the profile decides.
    pub adjusted: u64,
}

impl Summary {
    /// All rows with a result.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.accepted + self.already_present + self.refused
    }
}

/// A row that waits for its result.
struct Pending {
    line: u64,
    external_reference: String,
    fate: Fate,
}

enum Fate {
    /// Intake will say.
    Sent { adjusted: bool },
    /// It could not even be sent.
    Refused(Vec<Refusal>),
}

/// Brings the file in until its end or until `stop`; rows under way get their results in either case. `summary` holds
/// what was done also when it breaks off.
///
/// # Errors
/// When the file can't be read on, or intake goes away.
pub async fn run(
    import: Import,
    client: &mut Client,
    progress: &mut Progress,
    refusals: &mut Refusals,
    stop: &CancellationToken,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let (rows, requests) = mpsc::channel(WINDOW);
    let (window, mut pending) = mpsc::channel(WINDOW);
    let stop = stop.clone();
    let reading = tokio::task::spawn_blocking(move || read(import, &rows, &window, &stop));
    let answer = client
        .intake
        .import_cases(ReceiverStream::new(requests))
        .await
        .context("intake refuses the import")?;
    let mut results = answer.into_inner();
    while let Some(row) = pending.recv().await {
        take_result(row, &mut results, summary, refusals).await?;
        progress.show(summary);
    }
    reading.await.context("reading the file failed")?
}

async fn take_result(
    row: Pending,
    results: &mut Streaming<ImportCasesResponse>,
    summary: &mut Summary,
    refusals: &mut Refusals,
) -> anyhow::Result<()> {
    let adjusted = match &row.fate {
        Fate::Sent { adjusted } => *adjusted,
        Fate::Refused(reasons) => {
            summary.refused += 1;
            return refusals.add(row.line, &row.external_reference, reasons);
        }
    };
    let result = results.message().await.context("intake broke the import off")?;
    let Some(result) = result.filter(|result| u64::try_from(result.item) == Ok(row.line)) else {
        bail!("intake gave no result for the row on line {}", row.line);
    };
    match result.outcome() {
        Outcome::Accepted => {
            summary.accepted += 1;
            summary.adjusted += u64::from(adjusted);
        }
        Outcome::AlreadyPresent => summary.already_present += 1,
        Outcome::Refused | Outcome::Unspecified => {
            summary.refused += 1;
            let reasons: Vec<_> = result
                .refusals
                .iter()
                .map(|refusal| Refusal::new(&refusal.field, &refusal.reason, &refusal.description))
                .collect();
            refusals.add(row.line, &row.external_reference, &reasons)?;
        }
    }
    Ok(())
}

/// The reading half: to the end, or until somebody stops it or no longer listens.
fn read(
    mut import: Import,
    rows: &mpsc::Sender<ImportCasesRequest>,
    window: &mpsc::Sender<Pending>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut left = import.limit.unwrap_or(u64::MAX);
    while left > 0 && !stop.is_cancelled() {
        let Some(line) = import.source.next_line()? else { break };
        let (pending, request) = import.translate(line);
        let is_heard = window.blocking_send(pending).is_ok();
        if !is_heard || request.is_some_and(|request| rows.blocking_send(request).is_err()) {
            break;
        }
        left -= 1;
    }
    Ok(())
}

impl Import {
    fn translate(&self, line: Line) -> (Pending, Option<ImportCasesRequest>) {
        let refused = |external_reference, reasons| {
            (Pending { line: line.number, external_reference, fate: Fate::Refused(reasons) }, None)
        };
        let record = match line.record {
            Ok(record) => record,
            Err(refusal) => return refused(String::new(), vec![refusal]),
        };
        let row = self.profile.row(self.source.header(), &record);
        let external_reference = self.profile.external_reference(&row);
        match self.profile.translate(&row, line.number, &self.profile.setup.site.id) {
            Err(reasons) => refused(external_reference, reasons),
            Ok(translated) if translated.request.encoded_len() > ROW_LIMIT => {
                let description =
                    format!("the row's texts are longer than {} KiB together", ROW_LIMIT / 1024);
                refused(external_reference, vec![Refusal::new("row", "TOO_LONG", &description)])
            }
            Ok(translated) => {
                let fate = Fate::Sent { adjusted: translated.adjusted };
                (Pending { line: line.number, external_reference, fate }, Some(translated.request))
            }
        }
    }
}
