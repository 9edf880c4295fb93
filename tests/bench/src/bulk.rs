//! Bringing many cases over one stream (IN-20): how many a second are durable, one result for each.

use std::{ops::Range, time::Instant};

use anyhow::{Context, ensure};
use kexiang_core::{Clock, Role};
use kexiang_proto::intake_v1::import_cases_response::Outcome;

use crate::{
    load::{Load, site_id, with},
    payload,
};

const A_MONTH: i64 = 30 * 86_400;

impl Load {
    /// Streams these items to the first site; every one must be accepted. Gives cases a second.
    pub async fn import(&self, numbers: Range<u32>) -> anyhow::Result<f64> {
        let count = numbers.end - numbers.start;
        let bearer = self.bearer("importer", Role::Service)?;
        let received = Clock::system().now().as_second() - A_MONTH;
        let site = site_id(0);
        let items = numbers.map(move |nr| payload::import_item(&site, nr, received));
        let mut request = with(&bearer, futures::stream::iter(items));
        request.metadata_mut().remove("grpc-timeout");
        let start = Instant::now();
        let mut results = self.client()?.import_cases(request).await.context("ImportCases")?.into_inner();
        let mut accepted = 0;
        while let Some(result) = results.message().await? {
            ensure!(result.outcome() == Outcome::Accepted, "item {} was refused: {result:?}", result.item);
            accepted += 1;
        }
        ensure!(accepted == count, "{accepted} of {count} items have a result");
        Ok(f64::from(count) / start.elapsed().as_secs_f64())
    }
}
