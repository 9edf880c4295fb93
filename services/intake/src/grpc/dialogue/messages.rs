//! Messages and their adapters on the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{Violations, call, field};
use tonic::{Request, Status};
use uuid::Uuid;

use super::convert;
use crate::{
    app::dialogue::{Dialogues, LeaseOf},
    domain::message::MessageChannel,
    grpc::{DOMAIN, status::dialogue::status},
};

/// Messages of one lease when nothing is said.
const USUAL: i32 = 10;
/// Messages of one lease at most.
const LARGEST: i32 = 100;

pub(super) async fn lease_messages(
    dialogues: &Dialogues,
    request: Request<pb::LeaseMessagesRequest>,
) -> Result<pb::LeaseMessagesResponse, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "LeaseMessages", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let channel = field::word::<pb::MessageChannel, MessageChannel>(
        request.channel,
        "MESSAGE_CHANNEL_",
        pb::MessageChannel::as_str_name,
    );
    let channel = violations.check("channel", channel);
    let limit = match request.max_messages {
        0 => Some(USUAL),
        limit @ 1..=LARGEST => Some(limit),
        _ => violations.check("max_messages", Err(format!("must be 1 to {LARGEST}, or 0 for {USUAL}"))),
    };
    let wanted = || Some(LeaseOf { channel: channel?, limit: limit?.into() });
    let (call, wanted) = violations.into_result(DOMAIN, call.zip(wanted()))?;
    let messages = dialogues.lease_messages(&call, wanted).await.map_err(status)?;
    let messages = messages.into_iter().map(convert::message).collect();
    Ok(pb::LeaseMessagesResponse { messages })
}

pub(super) async fn report_message_delivery(
    dialogues: &Dialogues,
    request: Request<pb::ReportMessageDeliveryRequest>,
) -> Result<pb::OutboundMessage, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "ReportMessageDelivery", &request.get_ref().request_id, &mut violations)?;
    let request = request.into_inner();
    let message = violations.check("message", field::name(&request.message));
    let lease = Uuid::parse_str(&request.lease).map_err(|_| "is not a lease that was given out");
    let lease = violations.check("lease", lease);
    let failure = violations.check("failure", field::optional_text(&request.failure, 200));
    let read = || Some((call?, message?, lease?, failure?));
    let (call, message, lease, failure) = violations.into_result(DOMAIN, read())?;
    let message = dialogues.report_message_delivery(&call, message, lease, failure).await.map_err(status)?;
    Ok(convert::message(message))
}
