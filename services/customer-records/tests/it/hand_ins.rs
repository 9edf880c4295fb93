//! Monthly hand-in of customer files: due, handed in, missing; the missing told once (CU-13).

use kexiang_core::{CustomerId, HandInId};
use kexiang_proto::customers_v1::{
    AddCustomerFilesRequest, CustomerFileState, GetHandInRequest, HandIn, HandInFacts,
    ListCustomerFilesRequest, ListHandInsRequest, OpenHandInRequest, ReceiveCustomerFileRequest,
};
use kexiang_rpc::time::to_wire;
use tonic::{Code, Response, Status};

use crate::{
    agreement::day,
    center::{Center, START},
    wire::{refused, violations},
};

const REQUEST_ID: &str = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

impl Center {
    async fn hand_in_customers(&self, count: i64) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.create("Li Na", &[]).await.name);
            self.hand.advance(jiff::SignedDuration::from_millis(1));
        }
        names
    }

    async fn opened(&self, customers: &[String]) -> HandIn {
        let request = self.hand_in_request(customers).await;
        self.hand_ins().open_hand_in(request).await.unwrap().into_inner()
    }

    async fn receive(&self, hand_in: &str, customer: &str) -> Result<HandIn, Status> {
        let request = ReceiveCustomerFileRequest {
            name: hand_in.to_owned(),
            customer: customer.to_owned(),
            file_number: "F-1".into(),
            ..Default::default()
        };
        self.hand_ins().receive_customer_file(request).await.map(Response::into_inner)
    }

    async fn files_of_hand_in(&self, parent: &str, state: CustomerFileState) -> Vec<String> {
        let request =
            ListCustomerFilesRequest { parent: parent.to_owned(), state: state.into(), ..Default::default() };
        let files = self.hand_ins().list_customer_files(request).await.unwrap().into_inner().customer_files;
        files.into_iter().map(|file| file.customer).collect()
    }
}

fn figures(hand_in: &HandIn) -> (i32, i32, i32) {
    (hand_in.due_count, hand_in.handed_in_count, hand_in.missing_count)
}

#[tokio::test]
async fn files_are_handed_in_and_the_missing_are_told_once_by_two_replicas() {
    let center = Center::open().await;
    center.start_replica().await;
    let customers = center.hand_in_customers(3).await;
    let opened = center.opened(&customers[..2]).await;
    let name = opened.name.clone();
    let add = AddCustomerFilesRequest {
        name: name.clone(),
        customers: customers[1..].to_vec(),
        ..Default::default()
    };

    let added = center.hand_ins().add_customer_files(add).await.unwrap().into_inner();
    let received = center.receive(&name, &customers[0]).await.unwrap();
    let due = center.files_of_hand_in(&name, CustomerFileState::Due).await;
    center.hand.set(day(10));
    center.until_told("hand_in.file_missed", 2).await;
    let get = GetHandInRequest { name: name.clone() };
    let late = center.hand_ins().get_hand_in(get).await.unwrap().into_inner();
    let missing = center.files_of_hand_in(&name, CustomerFileState::Missing).await;
    let after = center.receive(&name, &customers[1]).await.unwrap();

    assert_eq!(
        [&opened, &added, &received, &late, &after].map(figures),
        [(2, 0, 0), (3, 0, 0), (2, 1, 0), (0, 1, 2), (0, 2, 1)]
    );
    assert_eq!((due.as_slice(), missing.as_slice()), (&customers[1..], &customers[1..]));
    assert!(center.files_of_hand_in(&name, CustomerFileState::Due).await.is_empty());
    assert_eq!(center.files_of_hand_in(&name, CustomerFileState::HandedIn).await, customers[..2]);
    let told = center.told().await.into_iter().filter(|event| event.subject == name);
    let told = told.map(|event| {
        let facts: HandInFacts = event.data.unwrap().to_msg().unwrap();
        (event.r#type.trim_start_matches("hand_in.").to_owned(), facts.customer, facts.late)
    });
    let whole = |event: &str| (event.to_owned(), String::new(), false);
    let file = |event: &str, index: usize, late| (event.to_owned(), customers[index].clone(), late);
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            whole("opened"),
            whole("extended"),
            file("file_received", 0, false),
            file("file_missed", 1, false),
            file("file_missed", 2, false),
            file("file_received", 1, true),
        ]
    );
}

#[tokio::test]
async fn a_file_comes_once_and_only_where_it_is_due() {
    let center = Center::open().await;
    let customers = center.hand_in_customers(2).await;
    let name = center.opened(&customers[..1]).await.name;

    let (one, other) =
        tokio::join!(center.receive(&name, &customers[0]), center.receive(&name, &customers[0]));
    let stranger = center.receive(&name, &customers[1]).await.unwrap_err();
    let nowhere = center.receive(&HandInId::at(START).name(), &customers[1]).await.unwrap_err();

    let refusal = one.err().or(other.err()).unwrap();
    assert_eq!(refused(&refusal), (Code::FailedPrecondition, "FILE_HANDED_IN".into()));
    assert_eq!(center.files_of_hand_in(&name, CustomerFileState::HandedIn).await, customers[..1]);
    assert_eq!(refused(&stranger), (Code::FailedPrecondition, "FILE_NOT_DUE".into()));
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn an_agent_has_one_hand_in_a_month_and_the_same_request_opens_it_once() {
    let center = Center::open().await;
    let customers = center.hand_in_customers(1).await;
    let request = center.hand_in_request(&customers).await;
    let request = OpenHandInRequest { request_id: REQUEST_ID.into(), ..request };
    let nobody = center.hand_in_request(&[CustomerId::at(START).name()]).await;

    let once = center.hand_ins().open_hand_in(request.clone()).await.unwrap().into_inner();
    let twice = center.hand_ins().open_hand_in(request.clone()).await.unwrap().into_inner();
    let other = OpenHandInRequest { request_id: String::new(), ..request };
    let other = center.hand_ins().open_hand_in(other).await.unwrap_err();
    let nobody = center.hand_ins().open_hand_in(nobody).await.unwrap_err();

    assert_eq!(twice, once);
    assert_eq!(refused(&other), (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    assert_eq!(refused(&nobody), (Code::NotFound, "NOT_FOUND".into()));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_hand_in_is_told_at_once() {
    let center = Center::open().await;
    let customer = CustomerId::at(START).name();
    let request = OpenHandInRequest {
        agent: "wei".into(),
        month: "2026-13".into(),
        due_time: None,
        customers: vec![customer.clone(), "x".into(), customer.clone()],
        request_id: "r".into(),
    };
    let early = OpenHandInRequest { month: "2027-02".into(), ..center.hand_in_request(&[customer]).await };

    let wrong = center.hand_ins().open_hand_in(request).await.unwrap_err();
    let early = center.hand_ins().open_hand_in(early).await.unwrap_err();

    let fields = ["request_id", "agent", "month", "due_time", "customers[1]", "customers[2]"];
    assert_eq!(
        (violations(&wrong), violations(&early)),
        (fields.map(String::from).to_vec(), vec!["due_time".into()])
    );
}

#[tokio::test]
async fn hand_ins_are_listed_by_agent_month_and_what_is_missing() {
    let center = Center::open().await;
    let customers = center.hand_in_customers(1).await;
    let november = center.opened(&customers).await.name;
    center.hand.advance(jiff::SignedDuration::from_millis(1));
    let december = OpenHandInRequest {
        month: "2026-12".into(),
        due_time: Some(to_wire(day(40))),
        ..center.hand_in_request(&customers).await
    };
    let december = center.hand_ins().open_hand_in(december).await.unwrap().into_inner().name;
    center.hand.set(day(11));
    let list = async |request: ListHandInsRequest| {
        let page = center.hand_ins().list_hand_ins(request).await.unwrap().into_inner();
        (page.hand_ins.into_iter().map(|found| found.name).collect::<Vec<_>>(), page.next_page_token)
    };
    let of_wei = ListHandInsRequest { agent: "agents/wang.wei".into(), page_size: 1, ..Default::default() };

    let (first, page_token) = list(of_wei.clone()).await;
    let (second, end) = list(ListHandInsRequest { page_token, ..of_wei.clone() }).await;
    let (by_month, _) = list(ListHandInsRequest { month: "2026-12".into(), ..Default::default() }).await;
    let (missing, _) = list(ListHandInsRequest { missing: true, ..Default::default() }).await;
    let (nobody, _) = list(ListHandInsRequest { agent: "agents/li.na".into(), ..Default::default() }).await;

    assert_eq!(([first, second].concat(), end.as_str()), (vec![december.clone(), november.clone()], ""));
    assert_eq!((by_month, missing, nobody.len()), (vec![december], vec![november], 0));
}
