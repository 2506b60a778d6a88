//! A port that leads to another, and later to yet another: what a virtual address is to a pair of databases, and, with
//! TLS, what stands before a receiver.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Listens on 127.0.0.1 and passes connections on.
#[derive(Debug)]
pub struct Forward {
    port: u16,
    target: Arc<AtomicU16>,
    cut: Arc<Notify>,
    passing: JoinHandle<()>,
}

impl Forward {
    /// Leads to this port of 127.0.0.1.
    pub async fn to(target: u16) -> Self {
        Self::start(target, None).await
    }

    /// Leads to this port of 127.0.0.1, and ends TLS.
    pub async fn behind_tls(target: u16, tls: Arc<ServerConfig>) -> Self {
        Self::start(target, Some(tls.into())).await
    }

    async fn start(target: u16, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Arc::new(AtomicU16::new(target));
        let cut = Arc::<Notify>::default();
        let passing = tokio::spawn(pass(listener, tls, Arc::clone(&target), Arc::clone(&cut)));
        Self { port, target, cut, passing }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks all connections; new ones can be made.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// New connections lead to another port from now on.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass(listener: TcpListener, tls: Option<TlsAcceptor>, target: Arc<AtomicU16>, cut: Arc<Notify>) {
    // Connections end with the listener.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (target, cut, tls) = (target.load(Ordering::SeqCst), Arc::clone(&cut), tls.clone());
        connections.spawn(async move {
            match tls {
                None => join(client, target, &cut).await,
                Some(tls) => {
                    if let Ok(client) = tls.accept(client).await {
                        join(client, target, &cut).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Passes on what comes, both ways, until either side ends or it is cut.
async fn join(mut client: impl AsyncRead + AsyncWrite + Unpin, target: u16, cut: &Notify) {
    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
            () = cut.notified() => {}
        }
    }
}
