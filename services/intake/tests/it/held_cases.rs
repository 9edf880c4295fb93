//! What waits is on a list until it goes on: by age, by reason, by site (IN-18).

use jiff::SignedDuration;
use kexiang_core::Role;
use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, Case, Handling, HoldCaseRequest, HoldReason, ListHeldCasesRequest,
        ResumeCaseRequest, intake_service_client::IntakeServiceClient,
    },
    type_v1::Kind,
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    desk::{Desk, START},
    verb::Verb,
    wire::{MAIN, acceptance, contact_at, refused, violations},
};

impl Desk {
    async fn held(&self, case: &Case, reason: HoldReason) -> Case {
        let (name, reason) = (case.name.clone(), reason.into());
        let request =
            HoldCaseRequest { name, reason, note: "until it is there".to_owned(), ..Default::default() };
        self.client().hold_case(request).await.unwrap().into_inner()
    }

    /// The names of what a filter finds, page by page.
    async fn waiting(&self, filter: ListHeldCasesRequest) -> Vec<String> {
        let mut request = filter;
        let mut names = Vec::new();
        loop {
            let page = self.client().list_held_cases(request.clone()).await.unwrap().into_inner();
            names.extend(page.cases.into_iter().map(|case| case.name));
            if page.next_page_token.is_empty() {
                return names;
            }
            request.page_token = page.next_page_token;
        }
    }
}

fn all() -> ListHeldCasesRequest {
    ListHeldCasesRequest::default()
}

fn held_before(hours: i64) -> ListHeldCasesRequest {
    let time = START + SignedDuration::from_hours(hours);
    ListHeldCasesRequest { held_before_time: Some(to_wire(time)), ..all() }
}

#[tokio::test]
async fn what_waits_longest_comes_first_whenever_it_was_accepted() {
    let desk = Desk::open().await;
    let mut cases = Vec::new();
    for _ in 0..5 {
        cases.push(desk.received(Kind::Fault, Handling::Dispatch).await);
    }
    for nr in [3, 0, 4, 1] {
        desk.held(&cases[nr], HoldReason::Parts).await;
        desk.hand.advance(SignedDuration::from_hours(24));
    }

    let by_age = desk.waiting(ListHeldCasesRequest { page_size: 1, ..all() }).await;
    let early = desk.waiting(held_before(49)).await;
    let none = desk.waiting(held_before(0)).await;

    let named = |places: &[usize]| places.iter().map(|nr| cases[*nr].name.clone()).collect::<Vec<_>>();
    assert_eq!(by_age, named(&[3, 0, 4, 1]));
    assert_eq!(early, named(&[3, 0, 4]));
    assert!(none.is_empty());
}

#[tokio::test]
async fn reasons_and_sites_are_told_apart_and_what_goes_on_or_ends_is_gone() {
    let desk = Desk::open().await;
    let east = desk.create_site("east").await;
    let there = desk.accept(AcceptCaseRequest { contact: Some(contact_at(&east)), ..acceptance() }).await;
    let pays = desk.received(Kind::Fault, Handling::Dispatch).await;
    let parts = desk.received(Kind::Fault, Handling::Dispatch).await;
    for (case, reason) in
        [(&there, HoldReason::Payment), (&pays, HoldReason::Payment), (&parts, HoldReason::Parts)]
    {
        desk.held(case, reason).await;
        desk.hand.advance(SignedDuration::from_secs(1));
    }
    let of = |reason: HoldReason| ListHeldCasesRequest { reason: reason.into(), ..all() };
    let at_main = ListHeldCasesRequest { site: MAIN.to_owned(), ..all() };

    let payment = desk.waiting(of(HoldReason::Payment)).await;
    let main = desk.waiting(at_main).await;
    desk.client()
        .resume_case(ResumeCaseRequest { name: pays.name.clone(), ..Default::default() })
        .await
        .unwrap();
    desk.act(Verb::Withdraw, &parts.name).await;
    let left = desk.waiting(all()).await;

    assert_eq!(payment, [there.name.clone(), pays.name.clone()]);
    assert_eq!(main, [pays.name, parts.name]);
    assert_eq!(left, [there.name]);
}

#[tokio::test]
async fn all_that_is_wrong_with_the_list_is_reported_at_once_and_only_staff_read_it() {
    let desk = Desk::open().await;
    let bad = ListHeldCasesRequest {
        site: "main".to_owned(),
        reason: 99,
        held_before_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        page_size: -1,
        page_token: "?".to_owned(),
    };
    let mut nobody = IntakeServiceClient::with_interceptor(desk.channel.clone(), desk.bearer_with("x", &[]));

    let bad = desk.client().list_held_cases(bad).await.unwrap_err();
    let denied = nobody.list_held_cases(all()).await.unwrap_err();
    let mut technician = IntakeServiceClient::with_interceptor(
        desk.channel.clone(),
        desk.bearer_with("wu.gang", &[Role::Technician]),
    );
    let read = technician.list_held_cases(all()).await.unwrap().into_inner();

    assert_eq!(violations(&bad), ["site", "reason", "held_before_time", "page_size", "page_token"]);
    assert_eq!(refused(&denied), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned()));
    assert!(read.cases.is_empty());
}
