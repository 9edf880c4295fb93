//! IntakeService: each method is one line here, and stands where its resource is.

use kexiang_proto::intake_v1::{self as pb, intake_service_server::IntakeService};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{cases, contacts, holds, import, sites, verbs};
use crate::app::App;

type Answer<T> = Result<Response<T>, Status>;

/// IntakeService over the use cases.
#[derive(Clone)]
pub struct Intake {
    app: App,
    shutdown: CancellationToken,
}

impl Intake {
    /// Serves these use cases; its streams end with `shutdown`.
    #[must_use]
    pub fn new(app: App, shutdown: CancellationToken) -> Self {
        Self { app, shutdown }
    }
}

#[tonic::async_trait]
impl IntakeService for Intake {
    type ImportCasesStream = import::Results;

    async fn create_site(&self, request: Request<pb::CreateSiteRequest>) -> Answer<pb::Site> {
        sites::create_site(&self.app, request).await.map(Response::new)
    }

    async fn get_site(&self, request: Request<pb::GetSiteRequest>) -> Answer<pb::Site> {
        sites::get_site(&self.app, request).await.map(Response::new)
    }

    async fn list_sites(&self, request: Request<pb::ListSitesRequest>) -> Answer<pb::ListSitesResponse> {
        sites::list_sites(&self.app, request).await.map(Response::new)
    }

    async fn register_contact(&self, request: Request<pb::RegisterContactRequest>) -> Answer<pb::Contact> {
        contacts::register_contact(&self.app, request).await.map(Response::new)
    }

    async fn get_contact(&self, request: Request<pb::GetContactRequest>) -> Answer<pb::Contact> {
        contacts::get_contact(&self.app, request).await.map(Response::new)
    }

    async fn list_contacts(
        &self,
        request: Request<pb::ListContactsRequest>,
    ) -> Answer<pb::ListContactsResponse> {
        contacts::list_contacts(&self.app, request).await.map(Response::new)
    }

    async fn batch_get_contacts(
        &self,
        request: Request<pb::BatchGetContactsRequest>,
    ) -> Answer<pb::BatchGetContactsResponse> {
        contacts::batch_get_contacts(&self.app, request).await.map(Response::new)
    }

    async fn accept_case(&self, request: Request<pb::AcceptCaseRequest>) -> Answer<pb::Case> {
        cases::accept_case(&self.app, request).await.map(Response::new)
    }

    async fn import_cases(
        &self,
        request: Request<Streaming<pb::ImportCasesRequest>>,
    ) -> Result<Response<Self::ImportCasesStream>, Status> {
        import::import_cases(&self.app, &self.shutdown, request).map(Response::new)
    }

    async fn get_case(&self, request: Request<pb::GetCaseRequest>) -> Answer<pb::Case> {
        cases::get_case(&self.app, request).await.map(Response::new)
    }

    async fn list_cases(&self, request: Request<pb::ListCasesRequest>) -> Answer<pb::ListCasesResponse> {
        cases::list_cases(&self.app, request).await.map(Response::new)
    }

    async fn list_held_cases(
        &self,
        request: Request<pb::ListHeldCasesRequest>,
    ) -> Answer<pb::ListHeldCasesResponse> {
        holds::list_held_cases(&self.app, request).await.map(Response::new)
    }

    async fn dispatch_case(&self, request: Request<pb::DispatchCaseRequest>) -> Answer<pb::Case> {
        verbs::dispatch_case(&self.app, request).await.map(Response::new)
    }

    async fn resolve_case(&self, request: Request<pb::ResolveCaseRequest>) -> Answer<pb::Case> {
        verbs::resolve_case(&self.app, request).await.map(Response::new)
    }

    async fn inform_customer(&self, request: Request<pb::InformCustomerRequest>) -> Answer<pb::Case> {
        verbs::inform_customer(&self.app, request).await.map(Response::new)
    }

    async fn close_case(&self, request: Request<pb::CloseCaseRequest>) -> Answer<pb::Case> {
        verbs::close_case(&self.app, request).await.map(Response::new)
    }

    async fn archive_case(&self, request: Request<pb::ArchiveCaseRequest>) -> Answer<pb::Case> {
        verbs::archive_case(&self.app, request).await.map(Response::new)
    }

    async fn withdraw_case(&self, request: Request<pb::WithdrawCaseRequest>) -> Answer<pb::Case> {
        verbs::withdraw_case(&self.app, request).await.map(Response::new)
    }

    async fn reopen_case(&self, request: Request<pb::ReopenCaseRequest>) -> Answer<pb::Case> {
        verbs::reopen_case(&self.app, request).await.map(Response::new)
    }

    async fn hold_case(&self, request: Request<pb::HoldCaseRequest>) -> Answer<pb::Case> {
        verbs::hold_case(&self.app, request).await.map(Response::new)
    }

    async fn resume_case(&self, request: Request<pb::ResumeCaseRequest>) -> Answer<pb::Case> {
        verbs::resume_case(&self.app, request).await.map(Response::new)
    }
}
