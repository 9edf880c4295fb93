//! Stand-ins for intake and dispatch: real servers on the wire, whose logs and contacts a test writes by hand.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture};
use kexiang_core::{ContactId, EventId, Timestamp, WorkOrderId};
use kexiang_proto::{
    dispatch_v1::WorkOrderFacts,
    event_v1::{
        Event, StreamEventsRequest, StreamEventsResponse,
        event_feed_service_server::{EventFeedService, EventFeedServiceServer},
    },
    intake_v1::{BatchGetContactsRequest, BatchGetContactsResponse, CaseFacts, Contact, ContactFacts},
};
use kexiang_rpc::time;
use prost::{Message, Name};
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, body::Body, server::NamedService, transport::Server};

use crate::center::START;

/// A service whose events a test tells.
#[derive(Clone)]
pub struct Fake {
    source: &'static str,
    log: Arc<watch::Sender<Vec<Event>>>,
    /// Changes when all streams are to end.
    line: Arc<watch::Sender<()>>,
    contacts: Arc<Mutex<HashMap<String, Contact>>>,
    /// How many contacts were asked for, call by call.
    asked: Arc<Mutex<Vec<usize>>>,
}

impl Fake {
    /// Starts to serve; gives the address too.
    pub async fn start(source: &'static str) -> (Self, String) {
        let fake = Self {
            source,
            log: Arc::new(watch::Sender::new(Vec::new())),
            line: Arc::new(watch::Sender::new(())),
            contacts: Arc::default(),
            asked: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(EventFeedServiceServer::new(fake.clone()))
            .add_service(Contacts(fake.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (fake, address)
    }

    /// How many events were told so far: the position of who has taken in all of them.
    pub fn position(&self) -> String {
        self.log.borrow().len().to_string()
    }

    /// How many contacts were asked for, call by call.
    pub fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }

    /// Ends all streams; readers come again with their cursors.
    pub fn hang_up(&self) {
        self.line.send_replace(());
    }

    /// Tells events in one batch.
    pub fn tell(&self, events: Vec<Event>) {
        self.log.send_modify(|log| log.extend(events));
    }

    /// An event at `at`, not told yet.
    pub fn event<M: Message + Name>(
        &self,
        event_type: &str,
        subject: &str,
        at: Timestamp,
        facts: &M,
    ) -> Event {
        Event {
            id: EventId::at(at).to_string(),
            source: self.source.to_owned(),
            r#type: event_type.to_owned(),
            subject: subject.to_owned(),
            time: Some(time::to_wire(at)),
            record_time: Some(time::to_wire(at)),
            actor: "agents/wang.fang".to_owned(),
            data: Some(prost_types::Any::from_msg(facts).unwrap()),
            ..Event::default()
        }
    }

    /// Keeps contacts and tells in one batch that they were registered.
    pub fn register(&self, contacts: Vec<Contact>) -> Vec<ContactId> {
        let ids: Vec<_> = contacts.iter().map(|_| ContactId::at(START)).collect();
        self.tell(ids.iter().zip(contacts).map(|(id, contact)| self.keep(*id, contact)).collect());
        ids
    }

    /// The same of one contact whose id is known already.
    pub fn register_as(&self, id: ContactId, contact: Contact) {
        self.tell(vec![self.keep(id, contact)]);
    }

    fn keep(&self, id: ContactId, mut contact: Contact) -> Event {
        let at = time::timestamp(contact.contact_time.as_ref().unwrap()).unwrap();
        contact.name = id.name();
        let facts = ContactFacts {
            contact: id.name(),
            site: contact.site.clone(),
            contact_time: contact.contact_time,
            purpose: contact.purpose,
            case: contact.case.clone(),
            agent: contact.agent.clone(),
            channel: contact.channel,
            register_number: contact.register_number,
            ..ContactFacts::default()
        };
        self.contacts.lock().unwrap().insert(id.name(), contact);
        self.event("contact.registered", &id.name(), at, &facts)
    }

    /// Tells what happened with a case.
    pub fn tell_case(&self, event_type: &str, at: Timestamp, facts: &CaseFacts) {
        self.tell(vec![self.event(event_type, &facts.case, at, facts)]);
    }

    /// Tells what happened with the work order of a case.
    pub fn tell_work_order(&self, event_type: &str, at: Timestamp, case: &str) {
        let work_order = WorkOrderId::at(at).name();
        let facts = WorkOrderFacts {
            work_order: work_order.clone(),
            case: case.to_owned(),
            site: "sites/main".to_owned(),
            ..WorkOrderFacts::default()
        };
        self.tell(vec![self.event(event_type, &work_order, at, &facts)]);
    }

    fn contacts(
        &self,
        request: &BatchGetContactsRequest,
    ) -> Result<Response<BatchGetContactsResponse>, Status> {
        self.asked.lock().unwrap().push(request.names.len());
        if request.names.len() > 500 {
            return Err(Status::invalid_argument("at most 500 names"));
        }
        let known = self.contacts.lock().unwrap();
        let contacts = request.names.iter().filter_map(|name| known.get(name).cloned()).collect();
        Ok(Response::new(BatchGetContactsResponse { contacts }))
    }
}

#[tonic::async_trait]
impl EventFeedService for Fake {
    type StreamEventsStream = Pin<Box<dyn Stream<Item = Result<StreamEventsResponse, Status>> + Send>>;

    async fn stream_events(
        &self,
        request: Request<StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let mut position: usize = request.get_ref().position.parse().unwrap_or_default();
        let types = request.into_inner().types;
        let (mut log, mut line) = (self.log.subscribe(), self.line.subscribe());
        Ok(Response::new(Box::pin(async_stream::try_stream! {
            loop {
                let told = log.borrow_and_update().clone();
                yield StreamEventsResponse {
                    events: told[position..]
                        .iter()
                        .filter(|event| types.is_empty() || types.contains(&event.r#type))
                        .cloned()
                        .collect(),
                    position: told.len().to_string(),
                    caught_up: true,
                };
                position = told.len();
                tokio::select! {
                    _ = log.changed() => {}
                    _ = line.changed() => return,
                }
            }
        })))
    }
}

/// The one method of intake that customer records calls.
#[derive(Clone)]
struct Contacts(Fake);

impl NamedService for Contacts {
    const NAME: &'static str = "kexiang.intake.v1.IntakeService";
}

impl tower::Service<http::Request<Body>> for Contacts {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let fake = self.0.clone();
        let method = tower::service_fn(move |request: Request<BatchGetContactsRequest>| {
            std::future::ready(fake.contacts(request.get_ref()))
        });
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}
