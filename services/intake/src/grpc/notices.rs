//! NoticeService on the wire (IN-13).

use std::pin::Pin;

use futures::{Stream, StreamExt};
use kexiang_core::Call;
use kexiang_proto::intake_v1::{self as pb, notice_service_server::NoticeService};
use kexiang_rpc::{Caller, PageRequest, Violations, call, field};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{
    DOMAIN, convert,
    status::{of_notice, status},
};
use crate::{
    app::{
        App,
        notices::{News, NoticeError, Place},
    },
    domain::Recipient,
};

/// NoticeService over the use cases.
#[derive(Clone)]
pub struct Notices {
    app: App,
    shutdown: CancellationToken,
}

impl Notices {
    /// Serves these use cases; its streams end with `shutdown`.
    #[must_use]
    pub const fn new(app: App, shutdown: CancellationToken) -> Self {
        Self { app, shutdown }
    }
}

#[tonic::async_trait]
impl NoticeService for Notices {
    async fn list_notices(
        &self,
        request: Request<pb::ListNoticesRequest>,
    ) -> Result<Response<pb::ListNoticesResponse>, Status> {
        let caller = reader(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let recipients = read_recipients(&request.recipient, &caller, &mut violations);
        let bound_to = pb::ListNoticesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = PageRequest::read(request.page_size, &request.page_token, &bound_to, &mut violations);
        let (recipients, page) = violations.into_result(DOMAIN, recipients.zip(page))?;
        check_recipients(&recipients, &caller)?;
        let notices =
            self.app.list_notices(&recipients, request.unread_only, page.after, page.limit + 1).await;
        let mut notices = notices.map_err(status)?;
        let next_page_token = page.cut(&mut notices, |notice| notice.id);
        let notices = notices.iter().map(convert::notice).collect();
        Ok(Response::new(pb::ListNoticesResponse { notices, next_page_token }))
    }

    type WatchNoticesStream = Pin<Box<dyn Stream<Item = Result<pb::WatchNoticesResponse, Status>> + Send>>;

    async fn watch_notices(
        &self,
        request: Request<pb::WatchNoticesRequest>,
    ) -> Result<Response<Self::WatchNoticesStream>, Status> {
        let caller = reader(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let recipients = read_recipients(&request.recipient, &caller, &mut violations);
        let place = violations.check("position", read_place(&request.position));
        let (recipients, place) = violations.into_result(DOMAIN, recipients.zip(place))?;
        check_recipients(&recipients, &caller)?;
        self.app.check_place(place).await.map_err(of_notice)?;
        let news = self.app.watch_notices(recipients, place, self.shutdown.clone());
        Ok(Response::new(Box::pin(news.map(|news| news.map(|news| response(&news)).map_err(status)))))
    }

    async fn acknowledge_notice(
        &self,
        request: Request<pb::AcknowledgeNoticeRequest>,
    ) -> Result<Response<pb::Notice>, Status> {
        let pb::AcknowledgeNoticeRequest { name, etag, request_id } = request.get_ref();
        let mut violations = Violations::default();
        let call = call(&request, "AcknowledgeNotice", request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let ((call, id), etag) = violations.into_result(DOMAIN, call.zip(id).zip(etag))?;
        let notice = self.app.acknowledge_notice(&call, id, etag).await.map_err(of_notice)?;
        Ok(Response::new(convert::notice(&notice)))
    }
}

/// Who reads.
fn reader<M>(request: &Request<M>) -> Result<Call, Status> {
    let Caller { actor, roles } = Caller::of(request)?;
    Ok(Call { actor, roles, request: None, cause: None, traceparent: None })
}

/// Whose notices are asked for. A service in person has none.
fn read_recipients(text: &str, caller: &Call, violations: &mut Violations) -> Option<Vec<Recipient>> {
    let me = || caller.actor.agent().cloned().map(Recipient::Agent);
    match text {
        "" => Some(me().into_iter().chain(caller.roles.iter().map(Recipient::Role)).collect()),
        "agents/me" => Some(me().into_iter().collect()),
        text => {
            let read =
                text.parse().map_err(|_| "must be agents/me, agents/{agent}, roles/{role} or units/{unit}");
            violations.check("recipient", read).map(|recipient| vec![recipient])
        }
    }
}

fn check_recipients(recipients: &[Recipient], caller: &Call) -> Result<(), Status> {
    match recipients.iter().find(|recipient| !recipient.admits(caller)) {
        Some(other) => Err(of_notice(NoticeError::NotRecipient { subject: other.to_string() })),
        None => Ok(()),
    }
}

fn read_place(text: &str) -> Result<Place, &'static str> {
    let number = |text: &str| text.parse().ok().filter(|number: &i64| *number >= 0);
    let read = |text: &str| {
        let (transaction, nr) = text.split_once('.')?;
        Some(Place { transaction: number(transaction)?, number: number(nr)? })
    };
    let place = if text.is_empty() { Some(Place::default()) } else { read(text) };
    place.ok_or("is not a position that was given out")
}

fn response(news: &News) -> pb::WatchNoticesResponse {
    let Place { transaction, number } = news.place;
    pb::WatchNoticesResponse {
        notices: news.notices.iter().map(convert::notice).collect(),
        position: format!("{transaction}.{number}"),
    }
}
