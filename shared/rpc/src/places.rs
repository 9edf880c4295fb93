//! Load: a process takes so many calls at once and refuses the rest at once, instead of letting all wait.
//!
//! A unary call holds its place until its answer begins, a server stream until its last byte is sent or its caller is gone.
//! Streams have places of their own: watchers who stay for days leave no call without one, and a rush of calls cuts no
//! watcher off. Health is asked without a place, for a busy process is alive; its watchers are bounded apart from all others,
//! as they need no token.

use std::{
    collections::HashSet,
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::Response;
use http_body::{Frame, SizeHint};
use kexiang_proto::DESCRIPTOR_SET;
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// Streams of health at once.
const HEALTH_WATCHERS: usize = 64;
const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.";

/// The places of one process. Clones share them.
#[derive(Debug, Clone)]
pub struct Places {
    domain: &'static str,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    health_watchers: Arc<Semaphore>,
}

/// The place of one call, free again when dropped.
#[derive(Debug)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
    is_stream: bool,
}

impl Places {
    /// So many places for calls and for server streams; refusals are of `domain`.
    #[must_use]
    pub fn new(domain: &'static str, calls: usize, streams: usize) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let health_watchers = places(HEALTH_WATCHERS);
        Self { domain, calls: places(calls), streams: places(streams), health_watchers }
    }

    /// A place for a call of the method with this path, such as `/kexiang.intake.v1.IntakeService/GetCase`.
    ///
    /// # Errors
    /// OVERLOADED when all are taken.
    pub fn take(&self, path: &str) -> Result<Place, Refusal> {
        let (places, is_stream) = match path.strip_prefix(HEALTH) {
            Some("Watch") => (&self.health_watchers, true),
            Some(_) => return Ok(Place { _permit: None, is_stream: false }),
            None if is_stream(path) => (&self.streams, true),
            None => (&self.calls, false),
        };
        let permit = Arc::clone(places).try_acquire_owned().map_err(|_| Refusal::overloaded(self.domain))?;
        Ok(Place { _permit: Some(permit), is_stream })
    }
}

impl Place {
    /// Gives the place back now; that of a stream when the body has ended.
    #[must_use]
    pub fn until_answered(self, response: Response<Body>) -> Response<Body> {
        if self.is_stream {
            response.map(|body| Body::new(Occupied { body, _place: self }))
        } else {
            response
        }
    }
}

/// Whether the method answers with a stream.
fn is_stream(path: &str) -> bool {
    static STREAMS: LazyLock<HashSet<String>> =
        LazyLock::new(|| match FileDescriptorSet::decode(DESCRIPTOR_SET) {
            Ok(contract) => server_streams(&contract),
            Err(error) => {
                tracing::error!(%error, "streams count as calls: the descriptor set is not usable");
                HashSet::new()
            }
        });
    path.starts_with(REFLECTION) || STREAMS.contains(path)
}

fn server_streams(contract: &FileDescriptorSet) -> HashSet<String> {
    let mut paths = HashSet::new();
    for file in &contract.file {
        for service in &file.service {
            for method in service.method.iter().filter(|method| method.server_streaming()) {
                paths.insert(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    paths
}

/// A body that holds a place.
struct Occupied {
    body: Body,
    _place: Place,
}

impl http_body::Body for Occupied {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "/kexiang.intake.v1.IntakeService/GetCase";
    const IMPORT: &str = "/kexiang.intake.v1.IntakeService/ImportCases";
    const WATCH: &str = "/kexiang.reporting.v1.ReportingService/WatchWallboard";

    #[test]
    fn calls_and_streams_take_no_place_from_each_other() {
        let places = Places::new("test.kexiang", 1, 1);
        let (_call, stream) = (places.take(GET).unwrap(), places.take(WATCH).unwrap());

        assert!(places.take(GET).is_err());
        assert!(places.take(IMPORT).is_err());
        assert!(places.take("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo").is_err());
        drop(stream);
        assert!(places.take(IMPORT).is_ok());
    }

    #[test]
    fn a_stream_holds_its_place_as_long_as_its_body_and_a_call_until_its_answer() {
        let places = Places::new("test.kexiang", 1, 1);

        let call = places.take(GET).unwrap().until_answered(Response::default());
        let stream = places.take(WATCH).unwrap().until_answered(Response::default());

        assert!(places.take(GET).is_ok(), "{call:?}");
        assert!(places.take(WATCH).is_err());
        drop(stream);
        assert!(places.take(WATCH).is_ok());
    }

    #[test]
    fn health_is_asked_without_a_place_and_watched_by_so_many_at_once() {
        let places = Places::new("test.kexiang", 0, 0);
        let watch = || places.take("/grpc.health.v1.Health/Watch");
        let watchers: Vec<_> = (0..HEALTH_WATCHERS).map(|_| watch().unwrap()).collect();

        assert!(places.take("/grpc.health.v1.Health/Check").is_ok());
        assert!(watch().is_err());
        drop(watchers);
        assert!(watch().is_ok());
    }
}
