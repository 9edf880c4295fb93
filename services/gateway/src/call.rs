//! Calls to the services with messages that stay bytes: the transcoder knows their types from the descriptors alone.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use prost::bytes::{Buf, BufMut, Bytes};
use tonic::{
    Request, Response, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::Channel,
};

use crate::{failure::Failure, routes::Route};

/// Answers may be larger than requests: a page of 1,000 long cases.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// W3C trace context of the caller; the gateway's own replaces it when traces are on.
const TRACE_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];

/// One call to one service on behalf of one HTTP request.
#[derive(Debug)]
pub struct Call {
    channel: Channel,
    metadata: HeaderMap,
    timeout: Option<Duration>,
}

impl Call {
    /// Takes what is forwarded from the caller's headers: the bearer token, the deadline, the trace.
    ///
    /// # Errors
    /// MESSAGE_MALFORMED for a `grpc-timeout` that cannot be read.
    pub fn new(channel: Channel, headers: &HeaderMap) -> Result<Self, Failure> {
        let mut metadata = HeaderMap::new();
        for name in [header::AUTHORIZATION].into_iter().chain(TRACE_HEADERS) {
            if let Some(value) = headers.get(&name) {
                metadata.insert(name, value.clone());
            }
        }
        kexiang_telemetry::inject(&mut metadata);
        let timeout = headers.get("grpc-timeout").map(parse_timeout).transpose()?;
        Ok(Self { channel, metadata, timeout })
    }

    /// Calls and waits for the one answer, at most `default_timeout` when the caller set no deadline.
    ///
    /// # Errors
    /// What the service answered, or that it cannot be reached in time.
    pub async fn unary(
        mut self,
        route: &Route,
        message: Bytes,
        default_timeout: Duration,
    ) -> Result<Response<Bytes>, Failure> {
        let timeout = self.timeout.unwrap_or(default_timeout);
        self.timeout = Some(timeout);
        let mut client = self.client();
        let call = async {
            client.ready().await?;
            Ok::<_, Failure>(client.unary(self.request(message), route.grpc_path.clone(), BytesCodec).await?)
        };
        tokio::time::timeout(timeout, call).await.map_err(|_| Failure::deadline_passed())?
    }

    /// Calls and gives the stream of answers. Dropping it cancels the call.
    ///
    /// # Errors
    /// What the service answered before the first message, or that it cannot be reached.
    pub async fn server_stream(
        self,
        route: &Route,
        message: Bytes,
    ) -> Result<Response<Streaming<Bytes>>, Failure> {
        let mut client = self.client();
        client.ready().await?;
        Ok(client.server_streaming(self.request(message), route.grpc_path.clone(), BytesCodec).await?)
    }

    fn client(&self) -> Grpc<Channel> {
        Grpc::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
    }

    fn request(self, message: Bytes) -> Request<Bytes> {
        let mut request = Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(self.metadata);
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        request
    }
}

/// `grpc-timeout`: up to eight digits and a unit.
fn parse_timeout(value: &HeaderValue) -> Result<Duration, Failure> {
    let parsed = || {
        let (digits, unit) = value.to_str().ok()?.split_at_checked(value.len().checked_sub(1)?)?;
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let count: u64 = digits.parse().ok()?;
        match unit {
            "H" => Some(Duration::from_secs(count * 3600)),
            "M" => Some(Duration::from_secs(count * 60)),
            "S" => Some(Duration::from_secs(count)),
            "m" => Some(Duration::from_millis(count)),
            "u" => Some(Duration::from_micros(count)),
            "n" => Some(Duration::from_nanos(count)),
            _ => None,
        }
    };
    parsed()
        .ok_or_else(|| Failure::malformed("grpc-timeout must be up to eight digits and one of H M S m u n"))
}

/// Messages as they are on the wire.
#[derive(Clone, Copy, Debug, Default)]
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
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_grpc_are_read() {
        let read = |text| parse_timeout(&HeaderValue::from_static(text)).ok();

        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for wrong in ["", "S", "2", "2s", "-2S", "2.5S", "123456789S"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
