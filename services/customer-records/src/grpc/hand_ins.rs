//! HandInService: handlers, and its resources, facts and refusals on the wire.

use kexiang_core::{CustomerId, HandInId, Timestamp};
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1::{
    self as pb, ArchiveErrorReason as Reason, hand_in_service_server::HandInService,
};
use kexiang_rpc::{PageRequest, Refusal, Violations, call, field, time, time::to_wire};
use prost_types::{Any, Timestamp as WireTime};
use tonic::{Code, Request, Response, Status};

use super::{
    agreements::read::LONGEST_REFERENCE,
    archives::reasoned,
    feed::any,
    status::{self, DOMAIN, read as readable},
};
use crate::{
    app::{
        App,
        hand_ins::{HandInCommand, HandInFilter, HandInRefusal},
    },
    domain::hand_in::{CustomerFile, FileState, HandInError, HandInFacts, HandInSummary, MAX_FILES, Month},
};

type Answer<T> = Result<Response<T>, Status>;

/// HandInService over the use cases.
#[derive(Clone)]
pub struct HandIns {
    app: App,
}

impl HandIns {
    /// Serves these use cases.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    async fn change<M: prost::Message>(
        &self,
        request: &Request<M>,
        method: &'static str,
        (name, etag, request_id): (&str, &str, &str),
        command: impl FnOnce(&mut Violations) -> Option<HandInCommand>,
    ) -> Answer<pb::HandIn> {
        let mut violations = Violations::default();
        let call = call(request, method, request_id, &mut violations)?;
        let id = violations.check("name", field::name(name));
        let etag = violations.check("etag", field::etag(etag));
        let command = command(&mut violations);
        let read = || Some((call?, id?, etag?, command?));
        let (call, id, etag, command) = violations.into_result(DOMAIN, read())?;
        let summary = self.app.change_hand_in(&call, id, etag, &command).await.map_err(refused)?;
        Ok(self.answer(&summary))
    }

    fn answer(&self, summary: &HandInSummary) -> Response<pb::HandIn> {
        Response::new(hand_in(summary, self.app.clock().now()))
    }
}

#[tonic::async_trait]
impl HandInService for HandIns {
    async fn open_hand_in(&self, request: Request<pb::OpenHandInRequest>) -> Answer<pb::HandIn> {
        let mut violations = Violations::default();
        let call = call(&request, "OpenHandIn", &request.get_ref().request_id, &mut violations)?;
        let pb::OpenHandInRequest { agent, month, due_time, customers, .. } = request.get_ref();
        let agent = violations.check("agent", field::slug_name(agent));
        let month = violations.check("month", Month::parse(month));
        let due_at = due(due_time.as_ref(), month.as_ref(), &mut violations);
        let customers = read_customers(customers, &mut violations);
        let read = || Some((call?, agent?, month?, due_at?, customers?));
        let (call, agent, month, due_at, customers) = violations.into_result(DOMAIN, read())?;
        let opened = self.app.open_hand_in(&call, (agent, month, due_at), &customers).await;
        Ok(self.answer(&opened.map_err(refused)?))
    }

    async fn add_customer_files(&self, request: Request<pb::AddCustomerFilesRequest>) -> Answer<pb::HandIn> {
        let pb::AddCustomerFilesRequest { name, customers, etag, request_id } = request.get_ref();
        let command =
            |violations: &mut Violations| Some(HandInCommand::Add(read_customers(customers, violations)?));
        self.change(&request, "AddCustomerFiles", (name, etag, request_id), command).await
    }

    async fn receive_customer_file(
        &self,
        request: Request<pb::ReceiveCustomerFileRequest>,
    ) -> Answer<pb::HandIn> {
        let pb::ReceiveCustomerFileRequest { name, customer, file_number, etag, request_id } =
            request.get_ref();
        let command = |violations: &mut Violations| {
            let customer = violations.check("customer", field::name(customer));
            let file_number = violations.check("file_number", field::text(file_number, LONGEST_REFERENCE));
            Some(HandInCommand::Receive { customer: customer?, file_number: file_number? })
        };
        self.change(&request, "ReceiveCustomerFile", (name, etag, request_id), command).await
    }

    async fn get_hand_in(&self, request: Request<pb::GetHandInRequest>) -> Answer<pb::HandIn> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = readable(violations, id)?;
        Ok(self.answer(&self.app.get_hand_in(id).await.map_err(refused)?))
    }

    async fn list_hand_ins(
        &self,
        request: Request<pb::ListHandInsRequest>,
    ) -> Answer<pb::ListHandInsResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let agent = violations.check("agent", field::optional(&request.agent, field::slug_name));
        let month = violations.check("month", field::optional(&request.month, Month::parse));
        let bound_to = pb::ListHandInsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<HandInId>::read(size, token, &bound_to, &mut violations);
        let read = || Some((HandInFilter { agent: agent?, month: month?, missing: request.missing }, page?));
        let (filter, page) = readable(violations, read())?;
        let found = self.app.list_hand_ins(&filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |summary| summary.head.hand_in_id);
        let now = self.app.clock().now();
        let hand_ins = found.iter().map(|summary| hand_in(summary, now)).collect();
        Ok(Response::new(pb::ListHandInsResponse { hand_ins, next_page_token }))
    }

    async fn list_customer_files(
        &self,
        request: Request<pb::ListCustomerFilesRequest>,
    ) -> Answer<pb::ListCustomerFilesResponse> {
        let request = request.into_inner();
        let mut violations = Violations::default();
        let parent = violations.check("parent", field::name(&request.parent));
        let name = pb::CustomerFileState::as_str_name;
        let state =
            field::optional_word::<pb::CustomerFileState, _>(request.state, "CUSTOMER_FILE_STATE_", name);
        let state = violations.check("state", state);
        let bound_to =
            pb::ListCustomerFilesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<CustomerId>::read(size, token, &bound_to, &mut violations);
        let read = || Some((parent?, state?, page?));
        let (parent, state, page) = readable(violations, read())?;
        let found = self.app.list_customer_files(parent, state, page.after, page.limit + 1).await;
        let (due_at, mut files) = found.map_err(refused)?;
        let next_page_token = page.cut(&mut files, |file| file.customer_id);
        let now = self.app.clock().now();
        let customer_files = files.iter().map(|found| file(found, due_at, now)).collect();
        Ok(Response::new(pb::ListCustomerFilesResponse { customer_files, next_page_token }))
    }
}

fn due(wire: Option<&WireTime>, month: Option<&Month>, violations: &mut Violations) -> Option<Timestamp> {
    let at = violations.required("due_time", wire)?;
    let at = violations.check("due_time", time::timestamp(at))?;
    if month.is_some_and(|month| month.is_after(at)) {
        violations.add("due_time", "TOO_EARLY", "must not be before the month");
        return None;
    }
    Some(at)
}

fn read_customers(wire: &[String], violations: &mut Violations) -> Option<Vec<CustomerId>> {
    if wire.is_empty() || wire.len() > MAX_FILES {
        let reason = if wire.is_empty() { "REQUIRED" } else { "TOO_MANY" };
        violations.add("customers", reason, format!("must be 1 to {MAX_FILES}"));
        return None;
    }
    let mut customers: Vec<CustomerId> = Vec::new();
    for (index, customer) in wire.iter().enumerate() {
        let path = format!("customers[{index}]");
        let Some(customer) = violations.check(&path, field::name(customer)) else { continue };
        if customers.contains(&customer) {
            violations.add(&path, "DUPLICATE", "comes twice");
        }
        customers.push(customer);
    }
    Some(customers)
}

fn hand_in(summary: &HandInSummary, now: Timestamp) -> pb::HandIn {
    let HandInSummary { head, handed_in, outstanding } = summary;
    let (due_count, missing_count) = if head.due_at <= now { (0, *outstanding) } else { (*outstanding, 0) };
    pb::HandIn {
        name: head.hand_in_id.name(),
        agent: head.agent.name(),
        month: head.month.as_str().to_owned(),
        due_time: Some(to_wire(head.due_at)),
        due_count,
        handed_in_count: *handed_in,
        missing_count,
        create_time: Some(to_wire(head.created_at)),
        update_time: Some(to_wire(head.updated_at)),
        etag: head.version.to_string(),
    }
}

fn file(file: &CustomerFile, due_at: Timestamp, now: Timestamp) -> pb::CustomerFile {
    let state = match file.state(due_at, now) {
        FileState::Due => pb::CustomerFileState::Due,
        FileState::HandedIn => pb::CustomerFileState::HandedIn,
        FileState::Missing => pb::CustomerFileState::Missing,
    };
    let receipt = file.receipt.as_ref();
    pb::CustomerFile {
        customer: file.customer_id.name(),
        state: state.into(),
        hand_in_time: receipt.map(|receipt| to_wire(receipt.handed_in_at)),
        late: file.is_late(due_at),
        receiver: receipt.map(|receipt| receipt.receiver.to_string()).unwrap_or_default(),
        file_number: receipt.map(|receipt| receipt.file_number.clone()).unwrap_or_default(),
    }
}

/// The data of an event of a hand-in.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let facts: HandInFacts = serde_json::from_value(event.data.clone())?;
    any(&pb::HandInFacts {
        hand_in: facts.hand_in_id.name(),
        agent: facts.agent.name(),
        month: facts.month,
        customer: facts.customer_id.map(CustomerId::name).unwrap_or_default(),
        late: facts.late,
    })
}

/// The status of a refused use case.
fn refused(error: HandInRefusal) -> Status {
    match error {
        HandInRefusal::NotFound(id) => Refusal::not_found(DOMAIN, HandInId::TYPE, &id.name()),
        HandInRefusal::AlreadyOpen(id) => Refusal::already_exists(DOMAIN, HandInId::TYPE, &id.name()),
        HandInRefusal::CustomerNotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()),
        HandInRefusal::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        HandInRefusal::Rule(error) => {
            let (code, reason) = match error {
                HandInError::NotDue(_) => (Code::FailedPrecondition, Reason::FileNotDue),
                HandInError::HandedIn(_) => (Code::FailedPrecondition, Reason::FileHandedIn),
                HandInError::Limit => (Code::ResourceExhausted, Reason::LimitReached),
            };
            reasoned(code, reason, &error.to_string())
        }
        HandInRefusal::App(error) => return status::status(error),
    }
    .into()
}
