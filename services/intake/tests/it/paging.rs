//! Pages of registers, cases and sites join to the whole list.

use std::collections::BTreeSet;

use kexiang_proto::{
    intake_v1::{
        AcceptCaseRequest, BatchGetContactsRequest, CaseState, ListCasesRequest, ListContactsRequest,
        ListSitesRequest,
    },
    type_v1::Kind,
};
use tonic::Code;

use crate::{
    desk::Desk,
    verb::Verb,
    wire::{MAIN, acceptance, case, refused, violations},
};

fn cases_of(site: &str) -> ListCasesRequest {
    ListCasesRequest { site: site.to_owned(), page_size: 2, ..ListCasesRequest::default() }
}

fn register_of(site: &str) -> ListContactsRequest {
    ListContactsRequest { site: site.to_owned(), page_size: 2, ..ListContactsRequest::default() }
}

/// The names of all cases, page by page.
async fn all_cases(desk: &Desk, mut request: ListCasesRequest) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = desk.client().list_cases(request.clone()).await.unwrap().into_inner();
        names.extend(page.cases.into_iter().map(|case| case.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn the_pages_of_a_register_give_each_contact_once_in_order() {
    let desk = Desk::open().await;
    for _ in 0..7 {
        desk.accept(acceptance()).await;
    }

    let (mut numbers, mut sizes, mut request) = (Vec::new(), Vec::new(), register_of(MAIN));
    loop {
        let page = desk.client().list_contacts(request.clone()).await.unwrap().into_inner();
        sizes.push(page.contacts.len());
        numbers.extend(page.contacts.into_iter().map(|contact| contact.register_number));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    assert_eq!(sizes, [2, 2, 2, 1]);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn the_pages_of_cases_give_each_case_once_newest_first() {
    let desk = Desk::open().await;
    let mut accepted = Vec::new();
    for _ in 0..7 {
        accepted.push(desk.accept(acceptance()).await.name);
        desk.hand.advance(jiff::SignedDuration::from_millis(1));
    }
    accepted.reverse();

    let listed = all_cases(&desk, cases_of(MAIN)).await;

    assert_eq!(listed, accepted);
}

#[tokio::test]
async fn a_filter_leaves_out_what_is_not_of_it() {
    let desk = Desk::open().await;
    let mut withdrawn = BTreeSet::new();
    for kind in [Kind::Fault, Kind::Complaint, Kind::Fault, Kind::Complaint, Kind::Fault] {
        let request = AcceptCaseRequest { case: Some(case(kind)), ..acceptance() };
        let accepted = desk.accept(request).await;
        if kind == Kind::Fault {
            desk.act(Verb::Withdraw, &accepted.name).await;
            withdrawn.insert(accepted.name);
        }
    }

    let by_state = ListCasesRequest { state: CaseState::Withdrawn.into(), ..cases_of("") };
    let by_kind = ListCasesRequest { kind: Kind::Fault.into(), ..cases_of(MAIN) };
    let elsewhere = all_cases(&desk, cases_of("sites/elsewhere")).await;

    for request in [by_state, by_kind] {
        let listed = all_cases(&desk, request).await;
        assert_eq!(listed.len(), 3);
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), withdrawn);
    }
    assert!(elsewhere.is_empty());
}

#[tokio::test]
async fn a_token_of_another_list_or_filter_is_refused() {
    let desk = Desk::open().await;
    for _ in 0..3 {
        desk.accept(acceptance()).await;
    }
    let of_cases = desk.client().list_cases(cases_of(MAIN)).await.unwrap().into_inner().next_page_token;
    let of_register =
        desk.client().list_contacts(register_of(MAIN)).await.unwrap().into_inner().next_page_token;

    let tokens = [of_cases.clone(), of_register.clone(), "nonsense".to_owned()];
    for page_token in tokens {
        let all_sites = ListCasesRequest { page_token: page_token.clone(), ..cases_of("") };
        let refusal = desk.client().list_cases(all_sites).await.unwrap_err();
        assert_eq!(violations(&refusal), ["page_token"]);
        let personal =
            ListContactsRequest { agent: "agents/li.na".to_owned(), page_token, ..register_of(MAIN) };
        let refusal = desk.client().list_contacts(personal).await.unwrap_err();
        assert_eq!(violations(&refusal), ["page_token"]);
    }

    let swapped = ListCasesRequest { page_token: of_register, ..cases_of(MAIN) };
    let refusal = desk.client().list_cases(swapped).await.unwrap_err();
    assert_eq!(violations(&refusal), ["page_token"]);
    let swapped = ListContactsRequest { page_token: of_cases, ..register_of(MAIN) };
    let refusal = desk.client().list_contacts(swapped).await.unwrap_err();
    assert_eq!(violations(&refusal), ["page_token"]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_list_is_reported_at_once() {
    let desk = Desk::open().await;
    let request = ListCasesRequest {
        site: "main".to_owned(),
        state: 99,
        kind: -1,
        customer: "customers/me".to_owned(),
        page_size: -1,
        page_token: "?".to_owned(),
        on_hold: false,
        hold_reason: 77,
    };

    let refusal = desk.client().list_cases(request).await.unwrap_err();

    let wrong = ["site", "state", "kind", "customer", "hold_reason", "page_size", "page_token"];
    assert_eq!(violations(&refusal), wrong);
}

#[tokio::test]
async fn a_register_of_a_site_that_is_nowhere_is_not_found() {
    let desk = Desk::open().await;

    let unknown = desk.client().list_contacts(register_of("sites/nowhere")).await.unwrap_err();
    let missing = desk.client().list_contacts(register_of("")).await.unwrap_err();

    assert_eq!(refused(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(violations(&missing), ["site"]);
}

#[tokio::test]
async fn the_pages_of_sites_give_each_site_once_by_id() {
    let desk = Desk::open().await;
    for id in ["west", "east", "north", "south"] {
        desk.create_site(id).await;
    }

    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSitesRequest { page_size: 2, page_token };
        let page = desk.client().list_sites(request).await.unwrap().into_inner();
        names.extend(page.sites.into_iter().map(|site| site.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }

    assert_eq!(names, ["sites/east", "sites/main", "sites/north", "sites/south", "sites/west"]);
}

#[tokio::test]
async fn a_batch_comes_in_the_order_asked_without_unknown_ones() {
    let desk = Desk::open().await;
    let (first, second) = (desk.accept(acceptance()).await.contact, desk.accept(acceptance()).await.contact);
    let unknown = kexiang_core::ContactId::at(crate::desk::START).name();

    let names = vec![second.clone(), unknown, first.clone(), second.clone()];
    let batch = desk.client().batch_get_contacts(BatchGetContactsRequest { names }).await.unwrap();

    let got: Vec<_> = batch.into_inner().contacts.into_iter().map(|contact| contact.name).collect();
    assert_eq!(got, [second.clone(), first, second]);
    let too_many = BatchGetContactsRequest { names: vec![got[0].clone(); 501] };
    let refusal = desk.client().batch_get_contacts(too_many).await.unwrap_err();
    assert_eq!(violations(&refusal), ["names"]);
}
