//! RecognitionService: its handler, what it reads and writes.

use kexiang_core::{
    PhoneNumber,
    id::TypedId,
    phone::{DEFAULT_REGION, InvalidPhone},
};
use kexiang_proto::intake_v1::{
    self as pb, caller_recognition as words, recognition_service_server::RecognitionService,
};
use kexiang_rpc::{Violations, field, time};
use tonic::{Request, Response, Status};

use super::{DOMAIN, convert, promises::promise_to_wire, status::status};
use crate::{
    app::recognition::Recogniser,
    domain::{
        Contact,
        recognition::{Frequency, Inquiry, Line, OpenCase, Recognition, Source},
    },
};

/// What switches send for a withheld number (RFC 3323).
const WITHHELD: &str = "anonymous";

/// RecognitionService over the use case.
#[derive(Clone)]
pub struct Recognitions {
    recogniser: Recogniser,
}

impl Recognitions {
    /// Serves this use case.
    #[must_use]
    pub fn new(recogniser: Recogniser) -> Self {
        Self { recogniser }
    }
}

#[tonic::async_trait]
impl RecognitionService for Recognitions {
    async fn recognise_caller(
        &self,
        request: Request<pb::RecogniseCallerRequest>,
    ) -> Result<Response<pb::CallerRecognition>, Status> {
        let request = request.into_inner();
        let inquiry = self.read(&request).await?;
        let recognition = self.recogniser.recognise(&inquiry).await.map_err(status)?;
        Ok(Response::new(recognition_to_wire(recognition)))
    }
}

impl Recognitions {
    /// Reads the phone under the region of its site. A site that is well named and unknown is NOT_FOUND, whatever else is wrong.
    async fn read(&self, request: &pb::RecogniseCallerRequest) -> Result<Inquiry, Status> {
        let mut violations = Violations::default();
        let site = violations.check("site", field::slug_name(&request.site));
        let phone_region = match &site {
            Some(site) => self.recogniser.app().get_site(site).await.map_err(status)?.phone_region.clone(),
            // Without a site the other fields are read all the same, to report all violations at once.
            None => DEFAULT_REGION.to_owned(),
        };
        let category = violations.check("category", field::optional_text(&request.category, 200));
        let line = violations.check("phone", read_line(&request.phone, &phone_region));
        let read = || Some(Inquiry { site: site?, line: line?, category: category? });
        Ok(violations.into_result(DOMAIN, read())?)
    }
}

fn read_line(text: &str, region: &str) -> Result<Line, InvalidPhone> {
    if text.trim().eq_ignore_ascii_case(WITHHELD) {
        return Ok(Line::Withheld);
    }
    PhoneNumber::parse(text, region).map(Line::Number)
}

fn recognition_to_wire(recognition: Recognition) -> pb::CallerRecognition {
    let matter = if recognition.joins.is_some() { words::Matter::Old } else { words::Matter::New };
    pb::CallerRecognition {
        customer: recognition.identity.map(|identity| pb::RecognisedCustomer {
            customer: identity.customer.map(TypedId::name).unwrap_or_default(),
            display_name: identity.display_name,
            kind: convert::customer_kind(identity.kind),
        }),
        frequency: frequency(recognition.frequency).into(),
        recent_contacts: i32::try_from(recognition.recent_contacts).unwrap_or(i32::MAX),
        matter: matter.into(),
        case: recognition.joins.map(TypedId::name).unwrap_or_default(),
        open_cases: recognition.open_cases.into_iter().map(case_to_wire).collect(),
        last_contacts: recognition.last_contacts.into_iter().map(contact_to_wire).collect(),
        source: match recognition.source {
            Source::Complete => words::Source::Complete,
            Source::Degraded => words::Source::Degraded,
        }
        .into(),
    }
}

fn frequency(word: Frequency) -> words::Frequency {
    match word {
        Frequency::Unknown => words::Frequency::Unknown,
        Frequency::First => words::Frequency::First,
        Frequency::Second => words::Frequency::Second,
        Frequency::Repeated => words::Frequency::Repeated,
    }
}

fn case_to_wire(open: OpenCase) -> pb::RecognisedCase {
    let OpenCase { case, last_event, promises } = open;
    pb::RecognisedCase {
        case: case.id.name(),
        number: case.number,
        site: case.site.name(),
        state: convert::state(case.state),
        kind: convert::kind(case.kind),
        category: case.category,
        title: case.title,
        accept_time: Some(time::to_wire(case.accepted_at)),
        last_event: last_event.unwrap_or_default(),
        last_event_time: Some(time::to_wire(case.updated_at)),
        open_promises: promises.into_iter().map(promise_to_wire).collect(),
    }
}

fn contact_to_wire(contact: Contact) -> pb::RecentContact {
    pb::RecentContact {
        contact: contact.id.name(),
        contact_time: Some(time::to_wire(contact.contact_at)),
        channel: convert::channel(contact.channel),
        need: contact.need,
        case: contact.case.map(TypedId::name).unwrap_or_default(),
    }
}
