//! The verbs of a case, callable by name, and the ways into each state.

use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, ArchiveCaseRequest, Case, CaseState, CloseCaseRequest, DispatchCaseRequest,
        Handling, InformCustomerRequest, ReopenCaseRequest, ResolveCaseRequest, WithdrawCaseRequest,
    },
    type_v1::{Channel, Kind, Satisfaction},
};
use tonic::Status;

use crate::{
    desk::Desk,
    wire::{acceptance, case},
};

/// A verb of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Dispatch,
    Resolve,
    Inform,
    Close,
    Archive,
    Withdraw,
    Reopen,
}

impl Verb {
    pub const ALL: [Self; 7] = [
        Self::Dispatch,
        Self::Resolve,
        Self::Inform,
        Self::Close,
        Self::Archive,
        Self::Withdraw,
        Self::Reopen,
    ];
}

/// What a verb names besides its case; both empty by default.
#[derive(Debug, Clone, Default)]
pub struct Under {
    pub etag: String,
    pub request_id: String,
}

impl Desk {
    /// Does a verb with a case.
    pub async fn act(&self, verb: Verb, case: &str) -> Case {
        self.try_act(verb, case, Under::default()).await.unwrap()
    }

    /// The same, or tells why not.
    pub async fn try_act(&self, verb: Verb, case: &str, under: Under) -> Result<Case, Status> {
        let mut client = self.client();
        let (name, reason) = (case.to_owned(), "the customer asked for it".to_owned());
        let Under { etag, request_id } = under;
        let done = match verb {
            Verb::Dispatch => client.dispatch_case(DispatchCaseRequest { name, etag, request_id }).await,
            Verb::Resolve => {
                let resolution = "plugged in again".to_owned();
                client.resolve_case(ResolveCaseRequest { name, resolution, etag, request_id }).await
            }
            Verb::Inform => {
                let (channel, note) = (Channel::Hotline.into(), "told by phone".to_owned());
                client.inform_customer(InformCustomerRequest { name, channel, note, etag, request_id }).await
            }
            Verb::Close => client.close_case(CloseCaseRequest { name, etag, request_id }).await,
            Verb::Archive => client.archive_case(ArchiveCaseRequest { name, etag, request_id }).await,
            Verb::Withdraw => {
                client.withdraw_case(WithdrawCaseRequest { name, reason, etag, request_id }).await
            }
            Verb::Reopen => client.reopen_case(ReopenCaseRequest { name, reason, etag, request_id }).await,
        };
        done.map(tonic::Response::into_inner)
    }

    /// A new case of that kind with that handling.
    pub async fn received(&self, kind: Kind, handling: Handling) -> Case {
        let case = Case { handling: handling.into(), ..case(kind) };
        self.accept(AcceptCaseRequest { case: Some(case), ..acceptance() }).await
    }

    /// A case of that kind, brought into that state on the way through dispatch.
    pub async fn case_in(&self, state: CaseState, kind: Kind) -> Case {
        let Case { name, .. } = self.received(kind, Handling::Dispatch).await;
        let steps = match state {
            CaseState::Received => 0,
            CaseState::Dispatched | CaseState::Withdrawn => 1,
            CaseState::Resolved => 2,
            CaseState::Informed => 3,
            CaseState::Closed => 4,
            CaseState::Archived => 5,
            CaseState::Visited | CaseState::Unspecified => panic!("no case rests in {state:?}"),
        };
        for step in 1..=steps {
            match step {
                1 => drop(self.dispatched(&name, 1).await),
                2 => drop(self.completed(&name, 1).await),
                3 => drop(self.act(Verb::Inform, &name).await),
                4 => drop(self.visited(&name, 1, Some(Satisfaction::Satisfied)).await),
                _ => drop(self.act(Verb::Archive, &name).await),
            }
        }
        if state == CaseState::Withdrawn {
            self.act(Verb::Withdraw, &name).await;
        }
        let case = self.case(&name).await;
        assert_eq!(case.state(), state);
        case
    }
}
