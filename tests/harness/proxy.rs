//! A proxy that deliveries go through: HTTP CONNECT, in plain or over TLS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Flaw};

/// A proxy that listens; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    authority: Option<Authority>,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The heads of requests that came.
    asked: Mutex<Vec<String>>,
    /// What names lead to, as the proxy sees it.
    names: Mutex<HashMap<String, String>>,
    /// What is answered instead of connecting.
    refusal: Mutex<Option<u16>>,
}

impl Proxy {
    /// A proxy that is spoken to in plain.
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// A proxy that is spoken to over TLS.
    pub async fn start_over_tls() -> Self {
        Self::with(Some(Authority::new())).await
    }

    async fn with(authority: Option<Authority>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = authority.as_ref().map(|authority| TlsAcceptor::from(authority.serving(Flaw::None, &[])));
        let state = Arc::<State>::default();
        let accepting = tokio::spawn(accept(listener, tls, Arc::clone(&state)));
        Self { port, authority, state, accepting }
    }

    /// Its URL, with `user:password@` if given.
    pub fn url(&self, credentials: &str) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{credentials}127.0.0.1:{}", self.port)
    }

    /// The authority that its certificate comes from, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.as_ref().map_or("", Authority::pem)
    }

    /// Says where a name leads, which this proxy alone knows: to an address.
    pub fn knows(&self, name: &str, address: &str) {
        self.state.names.lock().unwrap().insert(name.to_owned(), address.to_owned());
    }

    /// Answers this status from now on, and connects to nothing.
    pub fn refuses(&self, status: u16) {
        *self.state.refusal.lock().unwrap() = Some(status);
    }

    /// The heads of the requests that came so far.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // Connections end with the proxy.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        connections.spawn(async move {
            // A peer may hang up at any time.
            let _ = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => pass(stream, &state).await,
                    Err(error) => Err(error),
                },
                None => pass(stream, &state).await,
            };
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn pass(mut client: impl AsyncRead + AsyncWrite + Unpin, state: &State) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
        if head[0] != b'C' {
            return Err(std::io::Error::other("it is no CONNECT"));
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    state.asked.lock().unwrap().push(head);
    let refusal = *state.refusal.lock().unwrap();
    let target = target.filter(|_| refusal.is_none());
    let address = target.map(|target| {
        let (name, port) = target.rsplit_once(':').unwrap_or((&target, "443"));
        let address = state.names.lock().unwrap().get(name).cloned();
        format!("{}:{port}", address.unwrap_or_else(|| name.to_owned()))
    });
    match address {
        Some(address) => {
            let mut server = TcpStream::connect(address).await?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            client.flush().await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await.map(|_| ())
        }
        None => {
            let answer = format!("HTTP/1.1 {} No\r\ncontent-length: 0\r\n\r\n", refusal.unwrap_or(400));
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await
        }
    }
}
