//! Notices reach their recipients at once, on whichever replica, and nothing is missed or told twice (IN-13).

use kexiang_core::{NoticeId, Role};
use kexiang_proto::{
    intake_v1::{
        AcknowledgeNoticeRequest, Case, Handling, ListNoticesRequest, Notice, WatchNoticesRequest,
        WatchNoticesResponse, notice_service_client::NoticeServiceClient,
    },
    type_v1::Kind,
};
use tokio::time::timeout;
use tonic::{Code, Streaming, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{Bearer, Desk, PATIENCE, START},
    wire::{ADDRESS, NAME, NEED, PHONE_E164, TITLE, refused, request_id, violations},
};

type Client = NoticeServiceClient<InterceptedService<Channel, Bearer>>;

impl Desk {
    fn reader(&self, subject: &str, roles: &[Role]) -> Client {
        NoticeServiceClient::with_interceptor(self.channel.clone(), self.bearer_with(subject, roles))
    }

    /// All notices for somebody with these roles, newest first.
    pub async fn notices_of(&self, subject: &str, roles: &[Role]) -> Vec<Notice> {
        let mut reader = self.reader(subject, roles);
        reader.list_notices(ListNoticesRequest::default()).await.unwrap().into_inner().notices
    }

    /// All notices for a recipient.
    pub async fn notices_for(&self, recipient: &str) -> Vec<Notice> {
        let request = ListNoticesRequest { recipient: recipient.to_owned(), ..Default::default() };
        let mut reader = self.reader("he.jun", &[Role::Supervisor]);
        reader.list_notices(request).await.unwrap().into_inner().notices
    }

    async fn watch(&self, position: &str) -> Streaming<WatchNoticesResponse> {
        let request = WatchNoticesRequest { position: position.to_owned(), ..Default::default() };
        self.reader("he.jun", &[Role::Supervisor]).watch_notices(request).await.unwrap().into_inner()
    }

    /// Accepts a complaint, a second after what came before.
    async fn complaint(&self) -> String {
        self.hand.advance(jiff::SignedDuration::from_secs(1));
        let Case { name, .. } = self.received(Kind::Complaint, Handling::Dispatch).await;
        name
    }
}

async fn next(stream: &mut Streaming<WatchNoticesResponse>) -> WatchNoticesResponse {
    timeout(PATIENCE, stream.message()).await.expect("the stream goes on").unwrap().unwrap()
}

/// The cases of the next notices until there are as many, and the last position.
async fn next_cases(stream: &mut Streaming<WatchNoticesResponse>, count: usize) -> (Vec<String>, String) {
    let (mut cases, mut position) = (Vec::new(), String::new());
    while cases.len() < count {
        let response = next(stream).await;
        cases.extend(response.notices.into_iter().map(|notice| notice.case));
        position = response.position;
    }
    (cases, position)
}

#[tokio::test]
async fn who_watches_gets_what_is_unread_and_then_what_is_new() {
    let desk = Desk::open().await;
    let before = desk.complaint().await;

    let mut stream = desk.watch("").await;
    let (unread, _) = next_cases(&mut stream, 1).await;
    let new = desk.complaint().await;
    let (news, _) = next_cases(&mut stream, 1).await;

    assert_eq!((unread, news), (vec![before], vec![new]));
}

#[tokio::test]
async fn the_first_answer_comes_at_once_even_when_it_is_empty() {
    let desk = Desk::open().await;

    let first = next(&mut desk.watch("").await).await;

    assert!(first.notices.is_empty());
}

#[tokio::test]
async fn after_a_break_it_goes_on_at_its_position_without_gap_or_repeat() {
    let desk = Desk::open().await;
    let first = desk.complaint().await;
    let (seen, position) = next_cases(&mut desk.watch("").await, 1).await;
    let mut meanwhile = Vec::new();
    for _ in 0..3 {
        meanwhile.push(desk.complaint().await);
    }

    let (news, _) = next_cases(&mut desk.watch(&position).await, 3).await;

    assert_eq!(seen, [first]);
    assert_eq!(news, meanwhile);
}

#[tokio::test]
async fn what_another_replica_commits_comes_too() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let mut stream = desk.watch("").await;
    next(&mut stream).await;

    let there = replica.complaint().await;
    let here = desk.complaint().await;

    let (mut news, _) = next_cases(&mut stream, 2).await;
    let mut expected = vec![there, here];
    news.sort();
    expected.sort();
    assert_eq!(news, expected);
}

#[tokio::test]
async fn what_is_read_is_unread_no_more_and_stays_read_by_who_was_first() {
    let desk = Desk::open().await;
    let case = desk.complaint().await;
    let notice = desk.notices_for("roles/supervisor").await.remove(0);
    let mut he_jun = desk.reader("he.jun", &[Role::Supervisor]);
    let mut sun_yu = desk.reader("sun.yu", &[Role::Supervisor]);
    let request =
        AcknowledgeNoticeRequest { name: notice.name.clone(), etag: notice.etag, request_id: request_id() };

    let first = he_jun.acknowledge_notice(request.clone()).await.unwrap().into_inner();
    let repeated = he_jun.acknowledge_notice(request.clone()).await.unwrap().into_inner();
    let stale = AcknowledgeNoticeRequest { request_id: String::new(), ..request };
    let stale_etag = sun_yu.acknowledge_notice(stale.clone()).await.unwrap_err();
    let second = AcknowledgeNoticeRequest { etag: String::new(), ..stale };
    let second = sun_yu.acknowledge_notice(second).await.unwrap().into_inner();

    assert_eq!((first.case.as_str(), first.acknowledged_by_agent.as_str()), (&*case, "agents/he.jun"));
    assert!(first.acknowledge_time.is_some());
    assert_eq!(repeated, first);
    assert_eq!(refused(&stale_etag), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(second, first);
    let unread = ListNoticesRequest { unread_only: true, ..Default::default() };
    let unread = he_jun.list_notices(unread).await.unwrap().into_inner().notices;
    assert!(unread.iter().all(|notice| notice.recipient != "roles/supervisor"));
    assert_eq!(desk.notices_for("roles/supervisor").await, [first]);
    let told = desk.told().await;
    assert_eq!(told.iter().filter(|event| event.r#type == "notice.acknowledged").count(), 1);
}

#[tokio::test]
async fn what_is_for_others_is_neither_read_nor_marked() {
    let desk = Desk::open().await;
    desk.complaint().await;
    let notice = desk.notices_for("roles/supervisor").await.remove(0);
    let mut agent = desk.reader("sun.yu", &[Role::Agent]);
    let denied = (Code::PermissionDenied, "NOT_RECIPIENT".to_owned());

    for recipient in ["roles/supervisor", "agents/li.na"] {
        let list = ListNoticesRequest { recipient: recipient.to_owned(), ..Default::default() };
        let watch = WatchNoticesRequest { recipient: recipient.to_owned(), ..Default::default() };
        assert_eq!(refused(&agent.list_notices(list).await.unwrap_err()), denied);
        assert_eq!(refused(&agent.watch_notices(watch).await.unwrap_err()), denied);
    }
    let marked = AcknowledgeNoticeRequest { name: notice.name.clone(), ..Default::default() };
    let marked = agent.acknowledge_notice(marked).await.unwrap_err();

    assert_eq!(refused(&marked), denied);
    assert!(desk.notices_of("sun.yu", &[Role::Agent]).await.is_empty());
    assert_eq!(desk.notices_for("roles/supervisor").await, [notice]);
}

#[tokio::test]
async fn all_that_is_wrong_is_reported_at_once() {
    let desk = Desk::open().await;
    let mut reader = desk.reader("he.jun", &[Role::Supervisor]);
    let list = ListNoticesRequest {
        recipient: "everybody".to_owned(),
        page_size: -1,
        page_token: "?".to_owned(),
        ..Default::default()
    };
    let watch = WatchNoticesRequest { recipient: "roles/king".to_owned(), position: "-1.x".to_owned() };
    let beyond = WatchNoticesRequest { position: format!("{}.1", i64::MAX), ..Default::default() };
    let bad =
        AcknowledgeNoticeRequest { name: "notices/1".to_owned(), etag: "?".to_owned(), ..Default::default() };
    let nowhere = AcknowledgeNoticeRequest { name: NoticeId::at(START).name(), ..Default::default() };

    assert_eq!(
        violations(&reader.list_notices(list).await.unwrap_err()),
        ["recipient", "page_size", "page_token"]
    );
    assert_eq!(violations(&reader.watch_notices(watch).await.unwrap_err()), ["recipient", "position"]);
    assert_eq!(violations(&reader.watch_notices(beyond).await.unwrap_err()), ["position"]);
    assert_eq!(violations(&reader.acknowledge_notice(bad).await.unwrap_err()), ["name", "etag"]);
    let nowhere = reader.acknowledge_notice(nowhere).await.unwrap_err();
    assert_eq!(refused(&nowhere), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn notices_page_newest_first() {
    let desk = Desk::open().await;
    let mut cases = Vec::new();
    for _ in 0..5 {
        cases.insert(0, desk.complaint().await);
    }
    let mut reader = desk.reader("he.jun", &[Role::Supervisor]);
    let mut request = ListNoticesRequest { page_size: 2, ..Default::default() };

    let mut listed = Vec::new();
    loop {
        let page = reader.list_notices(request.clone()).await.unwrap().into_inner();
        listed.extend(page.notices.into_iter().map(|notice| notice.case));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    assert_eq!(listed, cases);
}

#[tokio::test]
async fn a_notice_carries_nothing_personal() {
    let desk = Desk::open().await;
    desk.complaint().await;

    let notices = format!("{:?}", desk.notices_of("li.na", &[Role::Agent, Role::Supervisor]).await);

    for personal in [NAME, PHONE_E164, ADDRESS, NEED, TITLE] {
        assert!(!notices.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_service_that_stops_ends_its_streams() {
    let desk = Desk::open().await;
    let mut stream = desk.watch("").await;
    next(&mut stream).await;

    desk.stop().await;

    let end = timeout(PATIENCE, stream.message()).await.expect("the stream ends");
    assert!(!matches!(end, Ok(Some(_))));
}
