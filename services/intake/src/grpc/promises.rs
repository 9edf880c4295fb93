//! PromiseService: handlers and what they read; what they write is in [`write`].

mod write;

use kexiang_core::{AgentId, CaseId, PromiseId, Timestamp};
use kexiang_proto::intake_v1::{self as pb, promise_service_server::PromiseService};
use kexiang_rpc::{PageRequest, Violations, call, field, time};
use tonic::{Request, Response, Status};

pub(super) use self::write::{facts_to_wire, promise_to_wire};
use super::{DOMAIN, status::promise::status};
use crate::{
    app::{App, promises::PromiseFilter},
    domain::promise::{Command, EscalationRule, NewPromise, PromiseKind, PromiseState},
};

type Answer<T> = Result<Response<T>, Status>;

/// A time may be this far in the future: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;
/// Characters of notes and reasons.
const LONGEST_TEXT: usize = 1_000;

/// PromiseService over the use cases.
#[derive(Clone)]
pub struct Promises {
    app: App,
    rule: EscalationRule,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl Promises {
    /// Serves these use cases; promises are due soon by `rule`.
    #[must_use]
    pub fn new(app: App, rule: EscalationRule) -> Self {
        Self { app, rule }
    }

    async fn change<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        command: impl FnOnce(&mut Violations) -> Option<Command>,
    ) -> Answer<pb::Promise> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let command = command(&mut violations);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = violations.into_result(DOMAIN, read())?;
        let promise = self.app.change_promise(&call, id, etag, &command, self.rule).await.map_err(status)?;
        Ok(Response::new(promise_to_wire(promise)))
    }

    fn now(&self) -> Timestamp {
        self.app.clock().now()
    }
}

#[tonic::async_trait]
impl PromiseService for Promises {
    async fn make_promise(&self, request: Request<pb::MakePromiseRequest>) -> Answer<pb::Promise> {
        let mut violations = Violations::default();
        let call = call(&request, "MakePromise", &request.get_ref().request_id, &mut violations)?;
        let caller = call.as_ref().and_then(|call| call.actor.agent()).cloned();
        let new = read_new(request.get_ref(), caller, self.now(), &mut violations);
        let (call, new) = violations.into_result(DOMAIN, call.zip(new))?;
        let promise = self.app.make_promise(&call, new, self.rule).await.map_err(status)?;
        Ok(Response::new(promise_to_wire(promise)))
    }

    async fn get_promise(&self, request: Request<pb::GetPromiseRequest>) -> Answer<pb::Promise> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = violations.into_result(DOMAIN, id)?;
        let promise = self.app.get_promise(id).await.map_err(status)?;
        Ok(Response::new(promise_to_wire(promise)))
    }

    async fn list_promises(
        &self,
        request: Request<pb::ListPromisesRequest>,
    ) -> Answer<pb::ListPromisesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let filter = read_filter(&request, &mut violations);
        let bound_to = pb::ListPromisesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::<(Timestamp, PromiseId)>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let (filter, page) = violations.into_result(DOMAIN, filter.zip(page))?;
        let mut promises =
            self.app.list_promises(&filter, page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut promises, |promise| (promise.due_at, promise.id));
        let promises = promises.into_iter().map(promise_to_wire).collect();
        Ok(Response::new(pb::ListPromisesResponse { promises, next_page_token }))
    }

    async fn keep_promise(&self, request: Request<pb::KeepPromiseRequest>) -> Answer<pb::Promise> {
        let pb::KeepPromiseRequest { name, contacted_time, note, etag, request_id } = request.get_ref();
        let now = self.now();
        let read = |violations: &mut Violations| {
            let contacted = time::optional_timestamp(contacted_time.as_ref());
            let contacted_at = violations.check("contacted_time", contacted);
            if contacted_at.flatten().is_some_and(|at| is_in_future(at, now)) {
                violations.add("contacted_time", "IN_THE_FUTURE", "must not be in the future");
            }
            let note = violations.check("note", field::optional_text(note, LONGEST_TEXT));
            Some(Command::Keep { contacted_at: contacted_at?, note: note? })
        };
        self.change(&request, "KeepPromise", Target { name, etag, request_id }, read).await
    }

    async fn reassign_promise(&self, request: Request<pb::ReassignPromiseRequest>) -> Answer<pb::Promise> {
        let pb::ReassignPromiseRequest { name, owner, reason, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations| {
            let owner = violations.check("owner", field::slug_name(owner));
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT));
            Some(Command::Reassign { owner: owner?, reason: reason? })
        };
        self.change(&request, "ReassignPromise", Target { name, etag, request_id }, read).await
    }

    async fn reschedule_promise(
        &self,
        request: Request<pb::ReschedulePromiseRequest>,
    ) -> Answer<pb::Promise> {
        let pb::ReschedulePromiseRequest { name, due_time, reason, etag, request_id } = request.get_ref();
        let now = self.now();
        let read = |violations: &mut Violations| {
            let due_at = read_due_time(due_time.as_ref(), now, violations);
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT));
            Some(Command::Reschedule { due_at: due_at?, reason: reason? })
        };
        self.change(&request, "ReschedulePromise", Target { name, etag, request_id }, read).await
    }

    async fn withdraw_promise(&self, request: Request<pb::WithdrawPromiseRequest>) -> Answer<pb::Promise> {
        let pb::WithdrawPromiseRequest { name, reason, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations| {
            let reason = violations.check("reason", field::text(reason, LONGEST_TEXT))?;
            Some(Command::Withdraw { reason })
        };
        self.change(&request, "WithdrawPromise", Target { name, etag, request_id }, read).await
    }
}

fn is_in_future(at: Timestamp, now: Timestamp) -> bool {
    at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_SECONDS)
}

fn read_new(
    request: &pb::MakePromiseRequest,
    caller: Option<AgentId>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<NewPromise> {
    let case = violations.check("case", field::name(&request.case));
    let kind = field::word::<pb::PromiseKind, PromiseKind>(
        request.kind,
        "PROMISE_KIND_",
        pb::PromiseKind::as_str_name,
    );
    let kind = violations.check("kind", kind);
    let due_at = read_due_time(request.due_time.as_ref(), now, violations);
    let owner = violations.check("owner", field::optional(&request.owner, field::slug_name));
    let owner = owner.and_then(|owner| violations.required("owner", owner.or(caller)));
    let note = violations.check("note", field::optional_text(&request.note, LONGEST_TEXT));
    Some(NewPromise { case: case?, kind: kind?, due_at: due_at?, owner: owner?, note: note? })
}

fn read_due_time(
    wire: Option<&prost_types::Timestamp>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let wire = violations.required("due_time", wire)?;
    let due_at = violations.check("due_time", time::timestamp(wire))?;
    if due_at <= now {
        violations.add("due_time", "IN_THE_PAST", "must be in the future");
        return None;
    }
    Some(due_at)
}

fn read_filter(request: &pb::ListPromisesRequest, violations: &mut Violations) -> Option<PromiseFilter> {
    let owner = violations.check("owner", field::optional(&request.owner, field::slug_name));
    let case: Option<Option<CaseId>> = violations.check("case", field::optional(&request.case, field::name));
    let state = field::optional_word::<pb::PromiseState, PromiseState>(
        request.state,
        "PROMISE_STATE_",
        pb::PromiseState::as_str_name,
    );
    let state = violations.check("state", state);
    let due_before = time::optional_timestamp(request.due_before_time.as_ref());
    let due_before = violations.check("due_before_time", due_before);
    Some(PromiseFilter { owner: owner?, case: case?, state: state?, due_before: due_before? })
}
