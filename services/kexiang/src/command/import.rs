//! `kexiang import`: a file of another system becomes cases.

use std::path::PathBuf;

use clap::Args;
use kexiang_core::SiteId;
use tokio_util::sync::CancellationToken;

use super::Outcome;
use crate::{
    client::ServerArgs,
    import::{self, Import as Job, Progress, Refusals, Summary},
    output,
    profile::Profile,
};

/// Bring cases of a CSV file in.
///
/// Each row becomes a contact, a customer and a case; closed rows come in closed, open ones go to dispatch. Rows that
/// are wrong are refused one by one, with row number and reason, and the rest goes in. What came in before is known
/// by its reference and left alone, so the same command may be run again at any time, also after Ctrl-C or a crash.
///
/// Shipped profiles: kexiang (plain CSV; its head describes the columns), sf311, nyc311, boston311, comcast. A
/// profile of your own is a TOML file; --print-profile shows a shipped one to begin with.
///
/// Exit code: 0 when every row has its result, also when some were refused; 1 when the import could not begin or
/// broke off; 130 after Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kexiang import requests.csv --profile sf311
  kexiang import requests.csv.gz --profile boston311 --report refused.csv
  kexiang import --print-profile --profile kexiang > mine.toml
  kexiang import old-desk.csv --profile mine.toml --site east --limit 100")]
pub struct Import {
    /// CSV file with a header, UTF-8, plain or gzip
    #[arg(value_name = "FILE", required_unless_present = "print_profile")]
    file: Option<PathBuf>,
    /// Name of a shipped profile, or path of a TOML file
    #[arg(long, value_name = "NAME|FILE.toml")]
    profile: String,
    /// Site that the cases belong to; the profile's by default. Made when it is not there
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Write refused rows to this CSV file: row, external_reference, field, reason, description
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Stop after so many rows
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Print the shipped profile and stop
    #[arg(long)]
    print_profile: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Import {
    /// Brings the file in.
    ///
    /// # Errors
    /// When it could not begin or broke off.
    pub async fn run(&self) -> anyhow::Result<Outcome> {
        let Some(file) = self.file.as_deref().filter(|_| !self.print_profile) else { return self.print() };
        let mut profile = Profile::load(&self.profile)?;
        if let Some(site) = &self.site {
            profile.setup.site.id = SiteId::parse(site)?.as_str().to_owned();
        }
        let mut progress = Progress::of(file)?;
        let mut client = self.server.connect().await?;
        let job = Job::open(file, profile, self.limit, &progress)?;
        job.setup().apply(&mut client).await?;
        let mut refusals = Refusals::to(self.report.as_deref())?;
        let stop = stop_on_ctrl_c();
        let mut summary = Summary::default();
        let imported = import::run(job, &mut client, &mut progress, &mut refusals, &stop, &mut summary).await;
        output::line(describe(&summary, &progress));
        refusals.finish()?.into_iter().for_each(output::note);
        imported.inspect_err(|_| output::note("what is in stays in; run the same command again to go on"))?;
        if stop.is_cancelled() {
            output::note("stopped; run the same command again to go on");
            return Ok(Outcome::Interrupted);
        }
        Ok(Outcome::Done)
    }

    fn print(&self) -> anyhow::Result<Outcome> {
        output::line(Profile::shipped(&self.profile)?.trim_end());
        Ok(Outcome::Done)
    }
}

fn describe(summary: &Summary, progress: &Progress) -> String {
    let Summary { accepted, already_present, refused, adjusted } = summary;
    let adjusted = match adjusted {
        0 => String::new(),
        n => format!(" ({n} of them closed at their opening, for want of a usable time)"),
    };
    format!(
        "{}: {accepted} accepted{adjusted}, {already_present} already present, {refused} refused",
        progress.finish(summary)
    )
}

/// The first Ctrl-C lets rows under way finish, the second does not wait.
fn stop_on_ctrl_c() -> CancellationToken {
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            output::note("stopping after the rows under way; Ctrl-C again stops at once");
            told.cancel();
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    stop
}
