//! How fast callers are recognised and customers found among many (IN-6, CU-17): two real services over a database that holds
//! as many customers as the program is told, asked over gRPC by callers who each have one call in flight.
//!
//! | to see | read |
//! |---|---|
//! | the server and what it is filled with | [`ground`], [`fill`] |
//! | customers sealed and copied in | [`seal`], [`names`], [`copy`] |
//! | intake and customer records as they run | [`services`] |
//! | the callers, and that every answer is the right one | [`load`] |
//! | the table, the JSON | [`report`] |
//!
//! Every call asks for another customer, drawn evenly from all: the caches of the machine are what they are in a center whose
//! callers have nothing to do with each other. A refused call or a wrong answer fails the run; how fast it was never does, and
//! answers for which customer records were too slow are counted.

mod copy;
mod fill;
mod ground;
mod load;
mod names;
mod report;
mod seal;
mod services;

use std::{thread, time::Duration};

use anyhow::Context;
use kexiang_rpc::token::Issuer;

use self::{
    ground::Ground,
    load::{Load, Question},
    report::{Line, Report},
    services::Services,
};
use crate::{args::Args, note};

/// Callers at once.
const CALLERS: [u16; 2] = [1, 16];
/// Each question is asked for this long before it is measured: connections and plans are there then.
const WARM_UP: Duration = Duration::from_secs(1);
/// Nobody waits longer for the filling.
const LONGEST_FILL: Duration = Duration::from_hours(1);

/// Measures with so many customers.
pub async fn run(args: &Args, customers: u32) -> anyhow::Result<Report> {
    let ground = Ground::prepare(args.dir.as_deref()).await?;
    let key_file = ground.make_key_file()?;
    let ring = kexiang_customer_records::read_keys(&key_file)?;
    let filling = fill::fill(&ground, &ring, customers);
    let rows = tokio::time::timeout(LONGEST_FILL, filling).await.context("filling takes too long")??;
    let issuer = Issuer::from_pem(&Issuer::generate_pem())?;
    let services = Services::start(&ground, key_file, &issuer)?;
    let load = Load::connect(&services, &issuer, args.connections, customers).await?;
    let mut lines = Vec::new();
    for question in Question::ALL {
        for callers in CALLERS {
            load.turn(question, callers, WARM_UP).await?;
            let turn = load.turn(question, callers, args.turn()).await?;
            let line = Line::of(question, callers, &turn);
            note(format_args!(
                "{question}, callers {callers}: p50 {:.2} ms, p99 {:.2} ms",
                line.p50_ms, line.p99_ms
            ));
            lines.push(line);
        }
    }
    services.stop()?;
    Ok(Report {
        build: if cfg!(debug_assertions) { "debug" } else { "release" },
        cores: thread::available_parallelism()?.get(),
        customers,
        contacts: rows.contacts,
        cases: rows.cases,
        filled_per_second: f64::from(customers) / rows.seconds,
        database_megabytes: ground.megabytes().await?,
        seconds: args.seconds,
        lines,
    })
}
