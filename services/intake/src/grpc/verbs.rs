//! The verbs of a case on the wire: they differ in their transition alone.

use kexiang_core::{Channel, HoldReason};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{Violations, call, field, time};
use tonic::{Request, Status};

use super::{DOMAIN, convert, status::status};
use crate::{app::App, domain::Transition};

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

pub(super) async fn dispatch_case(
    app: &App,
    request: Request<pb::DispatchCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::DispatchCaseRequest { name, etag, request_id } = request.get_ref();
    let target = Target { name, etag, request_id };
    change(app, &request, "DispatchCase", target, |_| Some(Transition::RequestDispatch)).await
}

pub(super) async fn resolve_case(
    app: &App,
    request: Request<pb::ResolveCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::ResolveCaseRequest { name, resolution, etag, request_id } = request.get_ref();
    let target = Target { name, etag, request_id };
    let read = |violations: &mut Violations| {
        let resolution = violations.check("resolution", field::text(resolution, 10_000))?;
        Some(Transition::ResolveAtDesk { resolution })
    };
    change(app, &request, "ResolveCase", target, read).await
}

pub(super) async fn inform_customer(
    app: &App,
    request: Request<pb::InformCustomerRequest>,
) -> Result<pb::Case, Status> {
    let pb::InformCustomerRequest { name, channel, note, etag, request_id } = request.get_ref();
    let target = Target { name, etag, request_id };
    let read = |violations: &mut Violations| {
        let channel =
            field::word::<words::Channel, Channel>(*channel, "CHANNEL_", words::Channel::as_str_name);
        let channel = violations.check("channel", channel);
        let note = violations.check("note", field::optional_text(note, 4_000));
        Some(Transition::Inform { channel: channel?, note: note? })
    };
    change(app, &request, "InformCustomer", target, read).await
}

pub(super) async fn close_case(
    app: &App,
    request: Request<pb::CloseCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::CloseCaseRequest { name, etag, request_id } = request.get_ref();
    change(app, &request, "CloseCase", Target { name, etag, request_id }, |_| Some(Transition::Close)).await
}

pub(super) async fn archive_case(
    app: &App,
    request: Request<pb::ArchiveCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::ArchiveCaseRequest { name, etag, request_id } = request.get_ref();
    change(app, &request, "ArchiveCase", Target { name, etag, request_id }, |_| Some(Transition::Archive))
        .await
}

pub(super) async fn withdraw_case(
    app: &App,
    request: Request<pb::WithdrawCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::WithdrawCaseRequest { name, reason, etag, request_id } = request.get_ref();
    let read = |violations: &mut Violations| {
        let reason = violations.check("reason", field::text(reason, 1_000))?;
        Some(Transition::Withdraw { reason })
    };
    change(app, &request, "WithdrawCase", Target { name, etag, request_id }, read).await
}

pub(super) async fn reopen_case(
    app: &App,
    request: Request<pb::ReopenCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::ReopenCaseRequest { name, reason, etag, request_id } = request.get_ref();
    let read = |violations: &mut Violations| {
        let reason = violations.check("reason", field::text(reason, 1_000))?;
        Some(Transition::Reopen { reason })
    };
    change(app, &request, "ReopenCase", Target { name, etag, request_id }, read).await
}

pub(super) async fn hold_case(app: &App, request: Request<pb::HoldCaseRequest>) -> Result<pb::Case, Status> {
    let pb::HoldCaseRequest { name, reason, note, expected_time, etag, request_id } = request.get_ref();
    let now = app.clock().now();
    let read = |violations: &mut Violations| {
        let reason =
            field::word::<pb::HoldReason, HoldReason>(*reason, "HOLD_REASON_", pb::HoldReason::as_str_name);
        let reason = violations.check("reason", reason);
        let note = violations.check("note", field::optional_text(note, 1_000));
        if reason == Some(HoldReason::Other) && note == Some(None) {
            violations.add("note", "REQUIRED", "is required with the reason OTHER");
        }
        let expected_at = time::optional_timestamp(expected_time.as_ref());
        let expected_at = violations.check("expected_time", expected_at);
        if expected_at.flatten().is_some_and(|expected_at| expected_at < now) {
            violations.add("expected_time", "IN_THE_PAST", "must not be in the past");
        }
        Some(Transition::Hold { reason: reason?, note: note?, expected_at: expected_at? })
    };
    change(app, &request, "HoldCase", Target { name, etag, request_id }, read).await
}

pub(super) async fn resume_case(
    app: &App,
    request: Request<pb::ResumeCaseRequest>,
) -> Result<pb::Case, Status> {
    let pb::ResumeCaseRequest { name, note, etag, request_id } = request.get_ref();
    let read = |violations: &mut Violations| {
        let note = violations.check("note", field::optional_text(note, 1_000))?;
        Some(Transition::Resume { note })
    };
    change(app, &request, "ResumeCase", Target { name, etag, request_id }, read).await
}

async fn change<M: prost::Message>(
    app: &App,
    request: &Request<M>,
    method: &'static str,
    target: Target<'_>,
    transition: impl FnOnce(&mut Violations) -> Option<Transition>,
) -> Result<pb::Case, Status> {
    let mut violations = Violations::default();
    let call = call(request, method, target.request_id, &mut violations)?;
    let id = violations.check("name", field::name(target.name));
    let etag = violations.check("etag", field::etag(target.etag));
    let transition = transition(&mut violations);
    let read = || Some((call?, id?, etag?, transition?));
    let (call, id, etag, transition) = violations.into_result(DOMAIN, read())?;
    let case = app.change_case(&call, id, etag, transition).await.map_err(status)?;
    Ok(convert::case(case))
}
