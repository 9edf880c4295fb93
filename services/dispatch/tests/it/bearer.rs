//! Callers with a token.

use kexiang_proto::dispatch_v1::dispatch_service_client::DispatchServiceClient;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

/// Somebody with a token.
pub type Client = DispatchServiceClient<InterceptedService<Channel, Bearer>>;

/// Shows a token.
#[derive(Clone)]
pub struct Bearer(pub String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let bearer = MetadataValue::try_from(format!("Bearer {}", self.0)).unwrap();
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }
}
