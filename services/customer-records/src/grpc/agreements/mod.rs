//! AgreementService: handlers; [`read`] takes from the wire, [`write`] and [`status`] put to it.

pub(super) mod read;
mod status;
mod write;

use kexiang_core::{AgreementId, Timestamp};
use kexiang_proto::customers_v1::{self as pb, agreement_service_server::AgreementService};
use kexiang_rpc::{PageRequest, Violations, call, field};
use prost_types::Timestamp as WireTime;
use tonic::{Request, Response, Status};

use self::status::status as refused;
pub(super) use self::write::{agreement, facts, kind_facts};
use super::status::{DOMAIN, read as readable};
use crate::{
    app::{App, agreements::Written},
    domain::agreement::{
        Agreement, Command,
        schedule::{Direction, Entry, amount, currency},
    },
};

type Answer<T> = Result<Response<T>, Status>;

/// AgreementService over the use cases.
#[derive(Clone)]
pub struct Agreements {
    app: App,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl Agreements {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        command: impl FnOnce(&mut Violations) -> Option<Command>,
    ) -> Answer<pb::Agreement> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let command = command(&mut violations);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = violations.into_result(DOMAIN, read())?;
        let agreement = self.app.change_agreement(&call, id, etag, &command).await.map_err(refused)?;
        Ok(self.answer(&agreement))
    }

    fn answer(&self, agreement: &Agreement) -> Response<pb::Agreement> {
        Response::new(write::agreement(agreement, self.now()))
    }

    fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
}

/// Reads money that comes or goes.
fn entry(
    direction: Direction,
    (value, pay_time, reference): (&str, Option<&WireTime>, &str),
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Command> {
    let amount = violations.check("amount", amount(value));
    let paid_at = read::past("pay_time", pay_time, now, violations);
    let reference = violations.check("reference", field::text(reference, read::LONGEST_REFERENCE));
    Some(Command::Pay(Entry { direction, amount: amount?, paid_at: paid_at?, reference: reference? }))
}

#[tonic::async_trait]
impl AgreementService for Agreements {
    async fn define_agreement_kind(
        &self,
        request: Request<pb::DefineAgreementKindRequest>,
    ) -> Answer<pb::AgreementKind> {
        let mut violations = Violations::default();
        let call = call(&request, "DefineAgreementKind", &request.get_ref().request_id, &mut violations)?;
        let kind = read::kind(request.get_ref(), &mut violations);
        let etag = violations.check("etag", field::etag(&request.get_ref().etag));
        let read = || Some((call?, kind?, etag?));
        let (call, kind, etag) = violations.into_result(DOMAIN, read())?;
        let stored = self.app.define_agreement_kind(&call, kind, etag).await.map_err(refused)?;
        Ok(Response::new(write::kind(&stored)))
    }

    async fn get_agreement_kind(
        &self,
        request: Request<pb::GetAgreementKindRequest>,
    ) -> Answer<pb::AgreementKind> {
        let mut violations = Violations::default();
        let code = violations.check("name", read::kind_name(&request.get_ref().name));
        let code = readable(violations, code)?;
        let stored = self.app.get_agreement_kind(&code).await.map_err(refused)?;
        Ok(Response::new(write::kind(&stored)))
    }

    async fn list_agreement_kinds(
        &self,
        request: Request<pb::ListAgreementKindsRequest>,
    ) -> Answer<pb::ListAgreementKindsResponse> {
        let pb::ListAgreementKindsRequest { page_size, page_token } = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListAgreementKindsRequest::default();
        let page = PageRequest::<String>::read(page_size, &page_token, &bound_to, &mut violations);
        let page = readable(violations, page)?;
        let kinds = self.app.list_agreement_kinds(page.after.as_deref(), page.limit + 1).await;
        let mut kinds = kinds.map_err(refused)?;
        let next_page_token = page.cut(&mut kinds, |stored| stored.kind.code.clone());
        let agreement_kinds = kinds.iter().map(write::kind).collect();
        Ok(Response::new(pb::ListAgreementKindsResponse { agreement_kinds, next_page_token }))
    }

    async fn open_agreement(&self, request: Request<pb::OpenAgreementRequest>) -> Answer<pb::Agreement> {
        let mut violations = Violations::default();
        let call = call(&request, "OpenAgreement", &request.get_ref().request_id, &mut violations)?;
        let pb::OpenAgreementRequest { customer, kind, currency_code, content, .. } = request.get_ref();
        let customer = violations.check("customer", field::name(customer));
        let kind = violations.check("kind", read::kind_name(kind));
        let currency = violations.check("currency_code", currency(currency_code));
        let written = read::written(content.as_ref(), &mut violations);
        let read = || Some((call?, customer?, kind?, currency?, written?));
        let (call, customer, kind, currency, written) = violations.into_result(DOMAIN, read())?;
        let opened = self.app.open_agreement(&call, (customer, &kind, currency), written).await;
        Ok(self.answer(&opened.map_err(refused)?))
    }

    async fn get_agreement(&self, request: Request<pb::GetAgreementRequest>) -> Answer<pb::Agreement> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = readable(violations, id)?;
        Ok(self.answer(&self.app.get_agreement(id).await.map_err(refused)?))
    }

    async fn list_agreements(
        &self,
        request: Request<pb::ListAgreementsRequest>,
    ) -> Answer<pb::ListAgreementsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read::filter(&request, &mut violations);
        let bound_to =
            pb::ListAgreementsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::<AgreementId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_agreements(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |agreement| agreement.head.agreement_id);
        let now = self.now();
        let agreements = found.iter().map(|agreement| write::agreement(agreement, now)).collect();
        Ok(Response::new(pb::ListAgreementsResponse { agreements, next_page_token }))
    }

    async fn change_agreement(&self, request: Request<pb::ChangeAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::ChangeAgreementRequest { name, content, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let written = read::written(content.as_ref(), violations);
            let reason = violations.check("reason", field::text(reason, read::LONGEST_TEXT));
            let Written { content, installments } = written?;
            Some(Command::Change { content, installments, reason: reason? })
        };
        self.change(&request, "ChangeAgreement", Target { name, etag, request_id }, command).await
    }

    async fn submit_agreement(&self, request: Request<pb::SubmitAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::SubmitAgreementRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        self.change(&request, "SubmitAgreement", target, |_| Some(Command::Submit)).await
    }

    async fn approve_agreement(
        &self,
        request: Request<pb::ApproveAgreementRequest>,
    ) -> Answer<pb::Agreement> {
        let pb::ApproveAgreementRequest { name, etag, request_id } = request.get_ref();
        let target = Target { name, etag, request_id };
        self.change(&request, "ApproveAgreement", target, |_| Some(Command::Approve)).await
    }

    async fn return_agreement(&self, request: Request<pb::ReturnAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::ReturnAgreementRequest { name, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, read::LONGEST_TEXT))?;
            Some(Command::Return { reason })
        };
        self.change(&request, "ReturnAgreement", Target { name, etag, request_id }, command).await
    }

    async fn attach_agreement_document(
        &self,
        request: Request<pb::AttachAgreementDocumentRequest>,
    ) -> Answer<pb::Agreement> {
        let pb::AttachAgreementDocumentRequest { name, code, evidence, sha256, etag, request_id } =
            request.get_ref();
        let command = |violations: &mut Violations| {
            let code = violations.check("code", read::code(code));
            let evidence = violations.check("evidence", field::name(evidence));
            let sha256 = violations.check("sha256", read::sha256(sha256));
            Some(Command::Attach { code: code?, evidence: evidence?, sha256: sha256? })
        };
        self.change(&request, "AttachAgreementDocument", Target { name, etag, request_id }, command).await
    }

    async fn sign_agreement(&self, request: Request<pb::SignAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::SignAgreementRequest { name, sign_time, etag, request_id } = request.get_ref();
        let now = self.now();
        let command = |violations: &mut Violations| {
            let signed_at = read::past("sign_time", sign_time.as_ref(), now, violations)?;
            Some(Command::Sign { signed_at })
        };
        self.change(&request, "SignAgreement", Target { name, etag, request_id }, command).await
    }

    async fn file_agreement(&self, request: Request<pb::FileAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::FileAgreementRequest { name, file_number, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let file_number = field::text(file_number, read::LONGEST_REFERENCE);
            Some(Command::File { file_number: violations.check("file_number", file_number)? })
        };
        self.change(&request, "FileAgreement", Target { name, etag, request_id }, command).await
    }

    async fn renew_agreement(&self, request: Request<pb::RenewAgreementRequest>) -> Answer<pb::Agreement> {
        let mut violations = Violations::default();
        let call = call(&request, "RenewAgreement", &request.get_ref().request_id, &mut violations)?;
        let pb::RenewAgreementRequest { name, content, etag, .. } = request.get_ref();
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let written = read::written(content.as_ref(), &mut violations);
        let read = || Some((call?, id?, etag?, written?));
        let (call, id, etag, written) = violations.into_result(DOMAIN, read())?;
        let renewal = self.app.renew_agreement(&call, id, etag, written).await.map_err(refused)?;
        Ok(self.answer(&renewal))
    }

    async fn close_agreement(&self, request: Request<pb::CloseAgreementRequest>) -> Answer<pb::Agreement> {
        let pb::CloseAgreementRequest { name, reason, etag, request_id } = request.get_ref();
        let command = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, read::LONGEST_TEXT))?;
            Some(Command::Close { reason })
        };
        self.change(&request, "CloseAgreement", Target { name, etag, request_id }, command).await
    }

    async fn reach_agreement_stage(
        &self,
        request: Request<pb::ReachAgreementStageRequest>,
    ) -> Answer<pb::Agreement> {
        let pb::ReachAgreementStageRequest { name, stage, reach_time, etag, request_id } = request.get_ref();
        let now = self.now();
        let command = |violations: &mut Violations| {
            let stage = violations.check("stage", read::code(stage));
            let reached_at = read::past("reach_time", reach_time.as_ref(), now, violations);
            Some(Command::Reach { stage: stage?, reached_at: reached_at? })
        };
        self.change(&request, "ReachAgreementStage", Target { name, etag, request_id }, command).await
    }

    async fn record_payment(&self, request: Request<pb::RecordPaymentRequest>) -> Answer<pb::Agreement> {
        let pb::RecordPaymentRequest { name, amount, pay_time, reference, etag, request_id } =
            request.get_ref();
        let (target, now) = (Target { name, etag, request_id }, self.now());
        let fields = (amount.as_str(), pay_time.as_ref(), reference.as_str());
        let command = |violations: &mut Violations| entry(Direction::Received, fields, now, violations);
        self.change(&request, "RecordPayment", target, command).await
    }

    async fn record_refund(&self, request: Request<pb::RecordRefundRequest>) -> Answer<pb::Agreement> {
        let pb::RecordRefundRequest { name, amount, pay_time, reference, etag, request_id } =
            request.get_ref();
        let (target, now) = (Target { name, etag, request_id }, self.now());
        let fields = (amount.as_str(), pay_time.as_ref(), reference.as_str());
        let command = |violations: &mut Violations| entry(Direction::Refunded, fields, now, violations);
        self.change(&request, "RecordRefund", target, command).await
    }
}
