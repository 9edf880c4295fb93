//! Foreign peers: services that echo what reached them, and refuse by the name that is asked for.

use std::{pin::Pin, time::Duration};

use kexiang_proto::{
    customers_v1::{self as customers, customer_records_service_server::CustomerRecordsService},
    intake_v1::{self as intake, intake_service_server::IntakeService},
    reporting_v1::{self as reporting, reporting_service_server::ReportingService},
};
use kexiang_rpc::Refusal;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;
type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// All services in one.
#[derive(Clone, Default)]
pub struct Fake {
    /// Cancelled when a caller has left a quiet wallboard.
    pub left: CancellationToken,
    /// Cancelled when `cases/unhurried` is asked for.
    pub asked: CancellationToken,
    /// To be cancelled for it to be answered.
    pub may_answer: CancellationToken,
}

fn header<M>(request: &Request<M>, name: &str) -> String {
    request.metadata().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn unused<T>() -> Answer<T> {
    Err(Status::unimplemented("the test needs it not"))
}

#[tonic::async_trait]
impl IntakeService for Fake {
    type ImportCasesStream = BoxStream<intake::ImportCasesResponse>;

    /// The headers that arrived, in fields that hold text.
    async fn get_case(&self, request: Request<intake::GetCaseRequest>) -> Answer<intake::Case> {
        match request.get_ref().name.as_str() {
            "cases/missing" => {
                return Err(Refusal::not_found("intake.kexiang", "Case", "cases/missing").into());
            }
            "cases/busy" => return Err(Refusal::overloaded("intake.kexiang").into()),
            "cases/stale" => return Err(Refusal::etag_mismatch("intake.kexiang", "cases/stale").into()),
            "cases/broken" => return Err(Status::internal("relation \"intake.cases\" does not exist")),
            "cases/unhurried" => {
                self.asked.cancel();
                self.may_answer.cancelled().await;
            }
            "cases/slow" => tokio::time::sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok(Response::new(intake::Case {
            title: header(&request, "authorization"),
            description: header(&request, "grpc-timeout"),
            address: header(&request, "traceparent"),
            name: request.into_inner().name,
            state: intake::CaseState::Received.into(),
            reopen_count: 2,
            accept_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 123_000_000 }),
            ..intake::Case::default()
        }))
    }

    async fn accept_case(&self, request: Request<intake::AcceptCaseRequest>) -> Answer<intake::Case> {
        let request = request.into_inner();
        Ok(Response::new(intake::Case { etag: request.request_id, ..request.case.unwrap_or_default() }))
    }

    async fn resolve_case(&self, request: Request<intake::ResolveCaseRequest>) -> Answer<intake::Case> {
        let intake::ResolveCaseRequest { name, resolution, .. } = request.into_inner();
        Ok(Response::new(intake::Case { name, resolution, ..intake::Case::default() }))
    }

    async fn get_contact(&self, request: Request<intake::GetContactRequest>) -> Answer<intake::Contact> {
        let name = request.into_inner().name;
        Ok(Response::new(intake::Contact { name, register_number: 1 << 60, ..intake::Contact::default() }))
    }

    async fn import_cases(
        &self,
        request: Request<Streaming<intake::ImportCasesRequest>>,
    ) -> Answer<Self::ImportCasesStream> {
        let items = request.into_inner().map(|item| {
            item.map(|item| intake::ImportCasesResponse {
                item: item.item,
                ..intake::ImportCasesResponse::default()
            })
        });
        Ok(Response::new(Box::pin(items)))
    }

    async fn create_site(&self, request: Request<intake::CreateSiteRequest>) -> Answer<intake::Site> {
        let intake::CreateSiteRequest { site_id, site, .. } = request.into_inner();
        Ok(Response::new(intake::Site { name: format!("sites/{site_id}"), ..site.unwrap_or_default() }))
    }

    async fn get_site(&self, _: Request<intake::GetSiteRequest>) -> Answer<intake::Site> {
        unused()
    }
    async fn list_sites(&self, _: Request<intake::ListSitesRequest>) -> Answer<intake::ListSitesResponse> {
        unused()
    }
    async fn register_contact(&self, _: Request<intake::RegisterContactRequest>) -> Answer<intake::Contact> {
        unused()
    }
    async fn list_contacts(
        &self,
        _: Request<intake::ListContactsRequest>,
    ) -> Answer<intake::ListContactsResponse> {
        unused()
    }
    async fn batch_get_contacts(
        &self,
        _: Request<intake::BatchGetContactsRequest>,
    ) -> Answer<intake::BatchGetContactsResponse> {
        unused()
    }
    async fn list_cases(&self, _: Request<intake::ListCasesRequest>) -> Answer<intake::ListCasesResponse> {
        unused()
    }
    async fn dispatch_case(&self, _: Request<intake::DispatchCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn inform_customer(&self, _: Request<intake::InformCustomerRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn close_case(&self, _: Request<intake::CloseCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn archive_case(&self, _: Request<intake::ArchiveCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn withdraw_case(&self, _: Request<intake::WithdrawCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn reopen_case(&self, _: Request<intake::ReopenCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn hold_case(&self, _: Request<intake::HoldCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn resume_case(&self, _: Request<intake::ResumeCaseRequest>) -> Answer<intake::Case> {
        unused()
    }
    async fn list_held_cases(
        &self,
        _: Request<intake::ListHeldCasesRequest>,
    ) -> Answer<intake::ListHeldCasesResponse> {
        unused()
    }
}

#[tonic::async_trait]
impl CustomerRecordsService for Fake {
    async fn update_customer(
        &self,
        request: Request<customers::UpdateCustomerRequest>,
    ) -> Answer<customers::Customer> {
        let request = request.into_inner();
        let etag = request.update_mask.unwrap_or_default().paths.join("+");
        Ok(Response::new(customers::Customer { etag, ..request.customer.unwrap_or_default() }))
    }

    async fn list_customers(
        &self,
        request: Request<customers::ListCustomersRequest>,
    ) -> Answer<customers::ListCustomersResponse> {
        let request = request.into_inner();
        let customer = customers::Customer {
            contact_points: request.contact_point.into_iter().collect(),
            ..customers::Customer::default()
        };
        let next_page_token = request.page_size.to_string();
        Ok(Response::new(customers::ListCustomersResponse { customers: vec![customer], next_page_token }))
    }

    async fn recognise_caller(
        &self,
        _: Request<customers::RecogniseCallerRequest>,
    ) -> Answer<customers::Recognition> {
        Ok(Response::new(customers::Recognition::default()))
    }

    async fn create_customer(
        &self,
        _: Request<customers::CreateCustomerRequest>,
    ) -> Answer<customers::Customer> {
        unused()
    }
    async fn get_customer(&self, _: Request<customers::GetCustomerRequest>) -> Answer<customers::Customer> {
        unused()
    }
    async fn search_customers(
        &self,
        _: Request<customers::SearchCustomersRequest>,
    ) -> Answer<customers::SearchCustomersResponse> {
        unused()
    }
    async fn get_customer_view(
        &self,
        _: Request<customers::GetCustomerViewRequest>,
    ) -> Answer<customers::CustomerView> {
        unused()
    }
    async fn list_timeline_entries(
        &self,
        _: Request<customers::ListTimelineEntriesRequest>,
    ) -> Answer<customers::ListTimelineEntriesResponse> {
        unused()
    }
}

#[tonic::async_trait]
impl ReportingService for Fake {
    type WatchWallboardStream = BoxStream<reporting::Wallboard>;

    async fn get_wallboard(
        &self,
        request: Request<reporting::GetWallboardRequest>,
    ) -> Answer<reporting::Wallboard> {
        Ok(Response::new(wallboard(&request.into_inner().site, 7)))
    }

    /// Two wallboards; then `sites/failing` fails, `sites/quiet` stays silent, others end. `sites/forbidden` never begins.
    async fn watch_wallboard(
        &self,
        request: Request<reporting::WatchWallboardRequest>,
    ) -> Answer<Self::WatchWallboardStream> {
        let site = request.into_inner().site;
        if site == "sites/forbidden" {
            return Err(Refusal::role_not_allowed("reporting.kexiang", "WatchWallboard").into());
        }
        let left = self.left.clone().drop_guard();
        Ok(Response::new(Box::pin(async_stream::stream! {
            yield Ok(wallboard(&site, 1));
            yield Ok(wallboard(&site, 2));
            match site.as_str() {
                "sites/failing" => yield Err(Refusal::unavailable("reporting.kexiang").into()),
                "sites/quiet" => {
                    let _left = left;
                    std::future::pending::<()>().await;
                }
                _ => {}
            }
        })))
    }

    async fn get_day_report(
        &self,
        request: Request<reporting::GetDayReportRequest>,
    ) -> Answer<reporting::DayReport> {
        let reporting::GetDayReportRequest { site, date } = request.into_inner();
        Ok(Response::new(reporting::DayReport { site, date, ..reporting::DayReport::default() }))
    }

    async fn get_breakdown(
        &self,
        request: Request<reporting::GetBreakdownRequest>,
    ) -> Answer<reporting::GetBreakdownResponse> {
        let dimension = request.into_inner().dimension;
        let breakdown = Some(reporting::Breakdown { dimension, rows: Vec::new() });
        Ok(Response::new(reporting::GetBreakdownResponse {
            breakdown,
            ..reporting::GetBreakdownResponse::default()
        }))
    }

    async fn list_counted_cases(
        &self,
        _: Request<reporting::ListCountedCasesRequest>,
    ) -> Answer<reporting::ListCountedCasesResponse> {
        unused()
    }
}

fn wallboard(site: &str, agents_signed_in: i64) -> reporting::Wallboard {
    reporting::Wallboard { site: site.to_owned(), agents_signed_in, ..reporting::Wallboard::default() }
}
