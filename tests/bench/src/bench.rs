//! The run: prepare, measure by turns, check, report.

use std::{ops::Range, thread, time::Duration};

use kexiang_rpc::token::Issuer;

use crate::{
    args::{Args, Registers},
    check,
    figures::{Comparison, Round, Turn},
    ground::{Ground, KEXIANG, PGBENCH},
    load::Load,
    note,
    pgbench::Pgbench,
    report::{Report, RowBytes},
    service::Service,
};

/// Before each comparison both sides run for this long: connections, plans and caches are warm then.
const WARM_UP: Duration = Duration::from_secs(1);

/// Both sides and what they did.
pub(crate) struct Bench {
    load: Load,
    pgbench: Pgbench,
    /// Acceptances of either side, warm-ups too.
    done: Done,
    // Stops after its callers and before the server.
    service: Service,
    ground: Ground,
}

#[derive(Default)]
struct Done {
    kexiang: u64,
    pgbench: u64,
}

/// Measures what `args` ask for.
pub async fn run(args: &Args) -> anyhow::Result<Report> {
    let mut bench = Bench::prepare(args).await?;
    let mut comparisons = Vec::new();
    for (callers, registers) in args.comparisons() {
        comparisons.push(bench.compare(args, callers, registers).await?);
    }
    let settings = bench.ground.settings().await?;
    let row_bytes = bench.finish().await?;
    Ok(Report {
        build: if cfg!(debug_assertions) { "debug" } else { "release" },
        cores: thread::available_parallelism()?.get(),
        postgres: settings.version,
        fsync: settings.fsync,
        synchronous_commit: settings.synchronous_commit,
        rounds: args.rounds,
        seconds: args.seconds,
        connections: args.connections,
        comparisons,
        row_bytes,
    })
}

/// Brings so many cases over one stream and gives cases a second; pgbench has no equal of it. As many before them warm up: a
/// new server first makes the files of its write-ahead log, an old one uses them again.
pub async fn bulk(args: &Args, count: u32) -> anyhow::Result<f64> {
    let mut bench = Bench::prepare(args).await?;
    bench.load.import(0..count).await?;
    bench.ground.settle().await?;
    let per_second = bench.load.import(count..2 * count).await?;
    bench.service.stop()?;
    check::holds_imported(&bench.ground.url(KEXIANG), 2 * count).await?;
    Ok(per_second)
}

impl Bench {
    pub(crate) async fn prepare(args: &Args) -> anyhow::Result<Self> {
        let mut ground = Ground::prepare(args.dir.as_deref()).await?;
        // Before anything is measured in vain.
        ground.settings().await?;
        let program = ground.pgbench().await?;
        let pgbench = Pgbench::prepare(program, ground.url(PGBENCH), ground.scratch(), args.sites()).await?;
        let issuer = Issuer::from_pem(&Issuer::generate_pem())?;
        let service = Service::start(ground.url(KEXIANG), &issuer)?;
        let load = Load::connect(&service.uri(), issuer, args.connections).await?;
        load.create_sites(args.sites()).await?;
        Ok(Self { load, pgbench, done: Done::default(), service, ground })
    }

    /// All rounds of one comparison. Who begins changes from round to round.
    async fn compare(
        &mut self,
        args: &Args,
        callers: u16,
        registers: Registers,
    ) -> anyhow::Result<Comparison> {
        let sites = registers.sites(callers);
        self.kexiang(callers, sites, WARM_UP).await?;
        self.pgbench(callers, sites, WARM_UP).await?;
        check::writes_the_same(&self.ground.url(KEXIANG), &self.ground.url(PGBENCH)).await?;
        self.rounds(args, callers, registers).await
    }

    async fn rounds(
        &mut self,
        args: &Args,
        callers: u16,
        registers: Registers,
    ) -> anyhow::Result<Comparison> {
        let sites = registers.sites(callers);
        let mut rounds = Vec::new();
        for nr in 1..=args.rounds {
            let round = if nr % 2 == 1 {
                let kexiang = self.kexiang(callers, sites, args.turn()).await?;
                Round { kexiang, pgbench: self.pgbench(callers, sites, args.turn()).await? }
            } else {
                let pgbench = self.pgbench(callers, sites, args.turn()).await?;
                Round { kexiang: self.kexiang(callers, sites, args.turn()).await?, pgbench }
            };
            note(format_args!(
                "callers {callers}, registers {registers}, round {nr}: Kexiang {:.0}/s, pgbench {:.0}/s, ratio {:.2}",
                round.kexiang.per_second,
                round.pgbench.per_second,
                round.ratio()
            ));
            rounds.push(round);
        }
        Comparison::of(callers, registers, &rounds)
    }

    /// As [`Self::compare`], beside imported cases: the two databases no longer look alike, which only the other is to check.
    pub(crate) async fn compare_grown(
        &mut self,
        args: &Args,
        callers: u16,
        registers: Registers,
    ) -> anyhow::Result<Comparison> {
        let sites = registers.sites(callers);
        self.kexiang(callers, sites, WARM_UP).await?;
        self.pgbench(callers, sites, WARM_UP).await?;
        self.rounds(args, callers, registers).await
    }

    /// Imports these items; gives cases a second.
    pub(crate) async fn grow(&mut self, numbers: Range<u32>) -> anyhow::Result<f64> {
        let per_second = self.load.import(numbers).await?;
        self.ground.vacuum(KEXIANG).await?;
        Ok(per_second)
    }

    /// Stops intake and looks whether all that was imported and accepted is there.
    pub(crate) async fn finish_grown(self, imported: u32) -> anyhow::Result<()> {
        self.service.stop()?;
        check::holds_grown(&self.ground.url(KEXIANG), imported, self.done.kexiang).await
    }

    async fn kexiang(&mut self, callers: u16, sites: u16, length: Duration) -> anyhow::Result<Turn> {
        self.ground.settle().await?;
        let turn = self.load.turn(callers, sites, length).await?;
        self.done.kexiang += turn.latencies.count();
        Ok(turn)
    }

    async fn pgbench(&mut self, callers: u16, sites: u16, length: Duration) -> anyhow::Result<Turn> {
        self.ground.settle().await?;
        let turn = self.pgbench.turn(callers, sites, length).await?;
        self.done.pgbench += turn.latencies.count();
        Ok(turn)
    }

    /// Stops intake and looks at what both sides left behind.
    async fn finish(self) -> anyhow::Result<RowBytes> {
        self.service.stop()?;
        let (kexiang, pgbench) = (self.ground.url(KEXIANG), self.ground.url(PGBENCH));
        check::holds(&kexiang, self.done.kexiang).await?;
        check::holds(&pgbench, self.done.pgbench).await?;
        check::writes_the_same(&kexiang, &pgbench).await
    }
}
