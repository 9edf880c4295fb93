//! Serving on a listener, and an end to it that comes.
//!
//! On shutdown no connection is taken any more, and calls under way get their time to finish. What goes on after that (a
//! stream that listens to no token, a caller who reads nothing) is cut off with its connection, so that a process always
//! ends in its order: calls, workers, writer, pool.

use std::{
    future::{Future, IntoFuture},
    io::{self, ErrorKind, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, serve::Listener};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A connection that is cut off is gone at once; nobody waits longer for it.
const CUT_OFF: Duration = Duration::from_secs(1);

/// Serves HTTP/1.1 and HTTP/2 without TLS until `shutdown`, then for at most `drain` what is under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    drain: Duration,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let cut = CancellationToken::new();
    let listener = Severable { inner: listener, cut: cut.clone() };
    let told = shutdown.clone().cancelled_owned();
    let mut serving = pin!(axum::serve(listener, router).with_graceful_shutdown(told).into_future());
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = &mut serving => return served,
        () = too_late => {}
    }
    tracing::warn!("calls under way were cut off at shutdown");
    cut.cancel();
    tokio::time::timeout(CUT_OFF, serving).await.unwrap_or(Ok(()))
}

/// What listens, or is connected, until it is cut.
struct Severable<I, C> {
    inner: I,
    cut: C,
}

type Connection = Severable<TcpStream, Pin<Box<WaitForCancellationFutureOwned>>>;

impl Listener for Severable<TcpListener, CancellationToken> {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (inner, address) = Listener::accept(&mut self.inner).await;
        // Messages are small and wanted at once.
        if let Err(error) = inner.set_nodelay(true) {
            tracing::debug!(%error, "a connection waits for full packets");
        }
        // A token of its own: connections do not queue at one lock.
        let cut = Box::pin(self.cut.child_token().cancelled_owned());
        (Severable { inner, cut }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl AsyncRead for Connection {
    /// Who serves a connection always waits to read, so it learns of the cut here.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
