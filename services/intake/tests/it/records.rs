//! What customer records answer when intake asks whose phone it is: an answer, none for ever, or a refusal.

use std::{
    convert::Infallible,
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use kexiang_proto::customers_v1::{CallerFrequency, RecogniseCallerRequest, Recognition};
use tonic::{Request, Response, Status, body::Body, server::NamedService};
use tower::Service;

/// How customer records are.
#[derive(Debug, Clone)]
pub enum Mood {
    /// They answer this.
    Answering(Box<Recognition>),
    /// They answer this of one phone in E.164, and know nobody else.
    Knowing(String, Box<Recognition>),
    /// They never answer.
    Hanging,
    /// They refuse.
    Down,
}

/// The one method of customer records that intake calls. Clones are the same. At first it knows nobody.
#[derive(Clone)]
pub struct Records {
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicU32>,
}

impl Default for Records {
    fn default() -> Self {
        Self { mood: Arc::new(Mutex::new(Mood::Answering(Box::new(nobody())))), asked: Arc::default() }
    }
}

fn nobody() -> Recognition {
    Recognition { frequency: CallerFrequency::Unknown.into(), ..Recognition::default() }
}

impl Records {
    /// From now on they are so.
    pub fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// From now on they answer this.
    pub fn answer(&self, recognition: Recognition) {
        self.be(Mood::Answering(Box::new(recognition)));
    }

    /// How often they were asked.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    async fn recognise_caller(
        &self,
        request: RecogniseCallerRequest,
    ) -> Result<Response<Recognition>, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = self.mood.lock().unwrap().clone();
        match mood {
            Mood::Answering(recognition) => Ok(Response::new(*recognition)),
            Mood::Knowing(phone, known) if phone == request.phone => Ok(Response::new(*known)),
            Mood::Knowing(..) => Ok(Response::new(nobody())),
            Mood::Hanging => future::pending().await,
            Mood::Down => Err(Status::unavailable("down")),
        }
    }
}

impl NamedService for Records {
    const NAME: &'static str = "kexiang.customers.v1.CustomerRecordsService";
}

impl Service<http::Request<Body>> for Records {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let records = self.clone();
        Box::pin(async move {
            let method = tower::service_fn(move |request: Request<RecogniseCallerRequest>| {
                let records = records.clone();
                async move { records.recognise_caller(request.into_inner()).await }
            });
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}
