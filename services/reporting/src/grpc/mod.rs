//! `kexiang.reporting.v1.ReportingService`: reads requests, asks [`App`], writes answers. Decides nothing itself.

mod convert;
mod request;
mod status;

use std::pin::Pin;

use futures::{Stream, StreamExt};
use kexiang_proto::reporting_v1::{
    DayReport, GetBreakdownRequest, GetBreakdownResponse, GetDayReportRequest, GetWallboardRequest,
    ListCountedCasesRequest, ListCountedCasesResponse, Wallboard, WatchWallboardRequest,
    reporting_service_server::ReportingService,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{
    app::App,
    domain::{definitions, figures::CountedCase},
};
use status::status;

/// Names this service in `google.rpc.ErrorInfo.domain`.
pub const DOMAIN: &str = "reporting.kexiang";

/// The service on the wire.
#[derive(Clone)]
pub struct Reporting {
    app: App,
    shutdown: CancellationToken,
}

impl Reporting {
    /// Serves `app`; at `shutdown` the streams end, so that the server can.
    #[must_use]
    pub const fn new(app: App, shutdown: CancellationToken) -> Self {
        Self { app, shutdown }
    }
}

#[tonic::async_trait]
impl ReportingService for Reporting {
    async fn get_wallboard(
        &self,
        request: Request<GetWallboardRequest>,
    ) -> Result<Response<Wallboard>, Status> {
        let site = request::wallboard_site(&request.get_ref().site)?;
        let board = self.app.get_wallboard(site.as_ref()).await.map_err(status)?;
        Ok(Response::new(convert::wallboard(site.as_ref(), &board)))
    }

    type WatchWallboardStream = Pin<Box<dyn Stream<Item = Result<Wallboard, Status>> + Send>>;

    async fn watch_wallboard(
        &self,
        request: Request<WatchWallboardRequest>,
    ) -> Result<Response<Self::WatchWallboardStream>, Status> {
        let site = request::wallboard_site(&request.get_ref().site)?;
        let boards = self.app.watch_wallboard(site.clone(), self.shutdown.clone());
        let answers = boards
            .map(move |board| board.map(|board| convert::wallboard(site.as_ref(), &board)).map_err(status));
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_day_report(
        &self,
        request: Request<GetDayReportRequest>,
    ) -> Result<Response<DayReport>, Status> {
        let (site, date) = request::day_report(request.get_ref())?;
        let report = self.app.get_day_report(site, date).await.map_err(status)?;
        Ok(Response::new(convert::day_report(report)))
    }

    async fn get_breakdown(
        &self,
        request: Request<GetBreakdownRequest>,
    ) -> Result<Response<GetBreakdownResponse>, Status> {
        let (site, period, dimension) = request::breakdown(request.get_ref())?;
        let breakdown = self.app.get_breakdown(&site, period, dimension).await.map_err(status)?;
        Ok(Response::new(GetBreakdownResponse {
            total: Some(convert::figures(&breakdown.total)),
            breakdown: Some(convert::breakdown(breakdown)),
            definitions: convert::definitions(&definitions::of_breakdown(dimension)),
        }))
    }

    async fn list_counted_cases(
        &self,
        request: Request<ListCountedCasesRequest>,
    ) -> Result<Response<ListCountedCasesResponse>, Status> {
        let (by, page) = request::counted_cases(request.get_ref())?;
        let mut cases = self.app.list_counted_cases(&by, page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut cases, CountedCase::place);
        let counted_cases = cases.iter().map(convert::counted_case).collect();
        Ok(Response::new(ListCountedCasesResponse { counted_cases, next_page_token }))
    }
}
