//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Summary;
use crate::output;

/// Where there is no terminal, a line so often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Progress by bytes of the file, because nobody knows how many rows there are before the end.
pub struct Progress {
    bar: ProgressBar,
    position: Arc<AtomicU64>,
    is_terminal: bool,
    /// When the next line is due, since the start.
    next_line: Duration,
}

impl Progress {
    /// Of one file.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn of(file: &Path) -> anyhow::Result<Self> {
        let size =
            std::fs::metadata(file).with_context(|| format!("{} can't be read", file.display()))?.len();
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(size), target);
        bar.set_style(ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left")?);
        Ok(Self { bar, position: Arc::default(), is_terminal, next_line: LINE_EVERY })
    }

    /// The counter that the reader of the file moves.
    #[must_use]
    pub fn position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }

    /// Shows where the import is now.
    pub fn show(&mut self, summary: &Summary) {
        self.bar.set_position(self.position.load(Ordering::Relaxed));
        let elapsed = self.bar.elapsed();
        if self.is_terminal {
            self.bar.set_message(self.figures(summary));
        } else if elapsed >= self.next_line {
            self.next_line = elapsed + LINE_EVERY;
            let size = self.bar.length().unwrap_or_default().max(1);
            output::note(format_args!("{:>3}%  {}", self.bar.position() * 100 / size, self.figures(summary)));
        }
    }

    /// Takes the bar away and tells rows, time and rate.
    #[must_use]
    pub fn finish(&self, summary: &Summary) -> String {
        self.bar.finish_and_clear();
        format!("{} in {:.1} s", self.figures(summary), self.bar.elapsed().as_secs_f64())
    }

    fn figures(&self, summary: &Summary) -> String {
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate for people"
        )]
        let rate = (summary.rows() as f64 / seconds) as u64;
        format!("{} rows, {} rows/s", HumanCount(summary.rows()), HumanCount(rate))
    }
}
