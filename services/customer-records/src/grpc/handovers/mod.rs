//! CustomerHandoverService: what requests say is in [`read`], what answers and events say in [`write`].

mod read;
pub(super) mod write;

use kexiang_core::{CustomerHandoverId, CustomerId};
use kexiang_proto::customers_v1::{self as pb, customer_handover_service_server::CustomerHandoverService};
use kexiang_rpc::{PageRequest, Violations, call, field};
use prost::Message;
use tonic::{Request, Response, Status};

use super::status::{handover::status, read as checked};
use crate::app::{
    App,
    customer_handovers::{
        HandoverFilter,
        verbs::{HandoverCommand, ReceiverAnswer},
    },
};

type Answer<T> = Result<Response<T>, Status>;

/// CustomerHandoverService over the use cases.
#[derive(Clone)]
pub struct Handovers {
    app: App,
}

/// What every verb names.
struct Target<'a> {
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
}

impl Handovers {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        command: impl FnOnce(&mut Violations) -> Option<HandoverCommand>,
    ) -> Answer<pb::CustomerHandover> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id: Option<CustomerHandoverId> = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let command = command(&mut violations);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = checked(violations, read())?;

        let overview = self.app.change_handover(&call, id, etag, command).await.map_err(status)?;
        Ok(Response::new(write::handover(&overview)))
    }

    async fn answer<M: Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        target: Target<'_>,
        answer: impl FnOnce(&mut Violations) -> Option<ReceiverAnswer>,
    ) -> Answer<pb::CustomerHandover> {
        let mut violations = Violations::default();
        let call = call(request, method, target.request_id, &mut violations)?;
        let id: Option<CustomerHandoverId> = violations.check("name", field::name(target.name));
        let etag = violations.check("etag", field::etag(target.etag));
        let answer = answer(&mut violations);
        let read = || Some((call?, id?, etag?, answer?));
        let (call, id, etag, answer) = checked(violations, read())?;

        let overview = self.app.answer_handover(&call, id, etag, answer).await.map_err(status)?;
        Ok(Response::new(write::handover(&overview)))
    }
}

#[tonic::async_trait]
impl CustomerHandoverService for Handovers {
    async fn plan_handover(&self, request: Request<pb::PlanHandoverRequest>) -> Answer<pb::CustomerHandover> {
        let mut violations = Violations::default();
        let call = call(&request, "PlanHandover", &request.get_ref().request_id, &mut violations)?;
        let new = violations.required("handover", request.get_ref().handover.as_ref());
        let new = new.and_then(|new| read::new_handover(new, &mut violations));
        let (call, new) = checked(violations, call.zip(new))?;

        let overview = self.app.plan_handover(&call, new).await.map_err(status)?;
        Ok(Response::new(write::handover(&overview)))
    }

    async fn get_handover(&self, request: Request<pb::GetHandoverRequest>) -> Answer<pb::CustomerHandover> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = checked(violations, id)?;

        let overview = self.app.get_handover(id).await.map_err(status)?;
        Ok(Response::new(write::handover(&overview)))
    }

    async fn list_handovers(
        &self,
        request: Request<pb::ListHandoversRequest>,
    ) -> Answer<pb::ListHandoversResponse> {
        let request = request.into_inner();
        let bound_to =
            pb::ListHandoversRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
        let receiver = violations.check("receiver", field::optional(&request.receiver, field::slug_name));
        let state = pb::CustomerHandoverState::as_str_name;
        let state = field::optional_word(request.state, "CUSTOMER_HANDOVER_STATE_", state);
        let state = violations.check("state", state);
        let page = PageRequest::<CustomerHandoverId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let read = || Some((HandoverFilter { agent: agent?, receiver: receiver?, state: state? }, page?));
        let (filter, page) = checked(violations, read())?;

        let found = self.app.list_handovers(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |overview| overview.handover.handover_id);
        let handovers = found.iter().map(write::handover).collect();
        Ok(Response::new(pb::ListHandoversResponse { handovers, next_page_token }))
    }

    async fn list_handover_items(
        &self,
        request: Request<pb::ListHandoverItemsRequest>,
    ) -> Answer<pb::ListHandoverItemsResponse> {
        let request = request.into_inner();
        let bound_to =
            pb::ListHandoverItemsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let id: Option<CustomerHandoverId> = violations.check("parent", field::name(&request.parent));
        let receiver = violations.check("receiver", field::optional(&request.receiver, field::slug_name));
        let state = pb::CustomerHandoverItemState::as_str_name;
        let state = field::optional_word(request.state, "CUSTOMER_HANDOVER_ITEM_STATE_", state);
        let state = violations.check("state", state);
        let page = PageRequest::<CustomerId>::read(
            request.page_size,
            &request.page_token,
            &bound_to,
            &mut violations,
        );
        let read = || Some((id?, receiver?, state?, page?));
        let (id, receiver, state, page) = checked(violations, read())?;

        let found =
            self.app.list_handover_items(id, receiver.as_ref(), state, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |(item, _)| item.customer_id);
        let items = found.iter().map(write::item).collect();
        Ok(Response::new(pb::ListHandoverItemsResponse { items, next_page_token }))
    }

    async fn start_handover(
        &self,
        request: Request<pb::StartHandoverRequest>,
    ) -> Answer<pb::CustomerHandover> {
        let pb::StartHandoverRequest { name, etag, request_id } = request.get_ref();
        let read = |_: &mut Violations| Some(HandoverCommand::Start);
        self.change(&request, "StartHandover", Target { name, etag, request_id }, read).await
    }

    async fn add_handover_receiver(
        &self,
        request: Request<pb::AddHandoverReceiverRequest>,
    ) -> Answer<pb::CustomerHandover> {
        let pb::AddHandoverReceiverRequest { name, receiver, etag, request_id } = request.get_ref();
        let read = |violations: &mut Violations| {
            let receiver = violations.required("receiver", receiver.as_ref())?;
            let (agent, weight) = read::receiver("receiver", receiver, violations)?;
            Some(HandoverCommand::AddReceiver(agent, weight))
        };
        self.change(&request, "AddHandoverReceiver", Target { name, etag, request_id }, read).await
    }

    async fn confirm_handover_items(
        &self,
        request: Request<pb::ConfirmHandoverItemsRequest>,
    ) -> Answer<pb::CustomerHandover> {
        let message = request.get_ref();
        let pb::ConfirmHandoverItemsRequest { name, etag, request_id, .. } = message;
        let target = Target { name, etag, request_id };
        let read = |violations: &mut Violations| read::confirmation(message, violations);
        self.answer(&request, "ConfirmHandoverItems", target, read).await
    }

    async fn decline_handover_items(
        &self,
        request: Request<pb::DeclineHandoverItemsRequest>,
    ) -> Answer<pb::CustomerHandover> {
        let message = request.get_ref();
        let pb::DeclineHandoverItemsRequest { name, etag, request_id, .. } = message;
        let target = Target { name, etag, request_id };
        let read = |violations: &mut Violations| read::refusal(message, violations);
        self.answer(&request, "DeclineHandoverItems", target, read).await
    }

    async fn cancel_handover(
        &self,
        request: Request<pb::CancelHandoverRequest>,
    ) -> Answer<pb::CustomerHandover> {
        let pb::CancelHandoverRequest { name, etag, request_id } = request.get_ref();
        let read = |_: &mut Violations| Some(HandoverCommand::Cancel);
        self.change(&request, "CancelHandover", Target { name, etag, request_id }, read).await
    }
}
