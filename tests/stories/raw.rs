//! Calls with any bytes to any method, as no generated client would make them.

use futures::StreamExt;
use http::uri::PathAndQuery;
use prost::bytes::{Buf, BufMut, Bytes};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Endpoint,
};

#[derive(Default)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// Sends all messages as a client stream and gives all answers, the last of them the status when the call failed.
pub async fn stream(
    address: &str,
    path: &str,
    token: &str,
    messages: Vec<Vec<u8>>,
) -> Vec<Result<Bytes, Status>> {
    let channel = Endpoint::from_shared(address.to_owned()).unwrap().connect_lazy();
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let mut request = Request::new(futures::stream::iter(messages.into_iter().map(Bytes::from)));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let path: PathAndQuery = path.parse().unwrap();
    match grpc.streaming(request, path, BytesCodec).await {
        Ok(answers) => answers.into_inner().collect().await,
        Err(status) => vec![Err(status)],
    }
}

/// Sends one message and gives the first answer, or the status that the call ended with before any.
pub async fn call(address: &str, path: &str, token: Option<&str>, message: &[u8]) -> Result<Bytes, Status> {
    let channel = Endpoint::from_shared(address.to_owned()).unwrap().connect_lazy();
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let mut request = Request::new(Bytes::copy_from_slice(message));
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let path: PathAndQuery = path.parse().unwrap();
    let mut answers = grpc.server_streaming(request, path, BytesCodec).await?.into_inner();
    answers.next().await.unwrap_or_else(|| Ok(Bytes::new()))
}
