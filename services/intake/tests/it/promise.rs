//! What stories do with promises, in few words.

use std::time::Duration;

use jiff::SignedDuration;
use kexiang_core::Timestamp;
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{
        GetPromiseRequest, KeepPromiseRequest, MakePromiseRequest, Promise, PromiseFacts, PromiseKind,
        ReassignPromiseRequest, ReschedulePromiseRequest, WithdrawPromiseRequest,
        promise_service_client::PromiseServiceClient,
    },
};
use kexiang_rpc::time::to_wire;
use tokio::time::timeout;
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use crate::desk::{AGENT, Bearer, Desk, PATIENCE, START};

pub type Promises = PromiseServiceClient<InterceptedService<Channel, Bearer>>;

/// So many minutes after the stories begin.
pub fn minute(minutes: i64) -> Timestamp {
    START + SignedDuration::from_mins(minutes)
}

/// A promise to call back about that case, an hour after the stories begin.
pub fn promise_about(case: &str) -> MakePromiseRequest {
    MakePromiseRequest {
        case: case.to_owned(),
        kind: PromiseKind::Callback.into(),
        due_time: Some(to_wire(minute(60))),
        note: "ask whether the line works".to_owned(),
        ..MakePromiseRequest::default()
    }
}

pub fn keep(name: &str) -> KeepPromiseRequest {
    KeepPromiseRequest { name: name.to_owned(), ..KeepPromiseRequest::default() }
}

pub fn reassign(name: &str, owner: &str) -> ReassignPromiseRequest {
    let (name, owner, reason) = (name.to_owned(), owner.to_owned(), "goes home".to_owned());
    ReassignPromiseRequest { name, owner, reason, ..ReassignPromiseRequest::default() }
}

pub fn reschedule(name: &str, due: Timestamp) -> ReschedulePromiseRequest {
    let (name, due_time) = (name.to_owned(), Some(to_wire(due)));
    let reason = "the customer has a meeting".to_owned();
    ReschedulePromiseRequest { name, due_time, reason, ..ReschedulePromiseRequest::default() }
}

pub fn withdraw(name: &str) -> WithdrawPromiseRequest {
    let (name, reason) = (name.to_owned(), "the customer called again".to_owned());
    WithdrawPromiseRequest { name, reason, ..WithdrawPromiseRequest::default() }
}

/// The facts of an event of a promise.
pub fn facts(event: &Event) -> PromiseFacts {
    event.data.as_ref().unwrap().to_msg().unwrap()
}

impl Desk {
    /// Speaks about promises as the agent of most stories.
    pub fn promises(&self) -> Promises {
        self.promises_of(AGENT)
    }

    /// The same as somebody else.
    pub fn promises_of(&self, subject: &str) -> Promises {
        PromiseServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject))
    }

    /// Makes a promise.
    pub async fn promise(&self, request: MakePromiseRequest) -> Promise {
        self.promises().make_promise(request).await.unwrap().into_inner()
    }

    /// Gets a promise.
    pub async fn get_promise(&self, name: &str) -> Promise {
        let request = GetPromiseRequest { name: name.to_owned() };
        self.promises().get_promise(request).await.unwrap().into_inner()
    }

    /// What was told of a subject.
    pub async fn told_of(&self, subject: &str) -> Vec<Event> {
        let mut events = self.told().await;
        events.retain(|event| event.subject == subject);
        events
    }

    /// The types of that.
    pub async fn types_told_of(&self, subject: &str) -> Vec<String> {
        self.told_of(subject).await.into_iter().map(|event| event.r#type).collect()
    }

    /// Waits until a promise is escalated so far.
    pub async fn until_escalated(&self, name: &str, level: i32) -> Promise {
        let escalated = async {
            loop {
                let promise = self.get_promise(name).await;
                if promise.escalation_level == level {
                    return promise;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, escalated).await.expect("the promise is escalated")
    }
}
