//! One connection to a server: requests one after another. Hyper itself, because what the load costs is missing
//! from the server's processors.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kept connection, and the key that requests carry.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    authorization: String,
}

impl Connection {
    /// Connects to `address`, which is `HOST:PORT`.
    pub(crate) async fn open(address: &str, key: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors reach whoever waits for an answer.
        tokio::spawn(connection);
        Ok(Self { sender, address: address.to_owned(), authorization: format!("Bearer {key}") })
    }

    /// One request; the answer's status and body.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let exchange = async {
            self.sender.ready().await?;
            let response = self.sender.send_request(request).await?;
            Ok((response.status(), response.into_body().collect().await?.to_bytes()))
        };
        let late = |_| format!("{path} was not answered within {} s", PATIENCE.as_secs());
        tokio::time::timeout(PATIENCE, exchange).await.map_err(late)?
    }

    /// `POST`, which must be answered with `status`.
    pub(crate) async fn post(&mut self, path: &str, body: String, status: u16) -> Result<Bytes, Failure> {
        let (answered, body) = self.send(Method::POST, path, body).await?;
        expect("POST", path, answered, status, &body)?;
        Ok(body)
    }

    /// `GET` of JSON.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value, Failure> {
        let (answered, body) = self.send(Method::GET, path, String::new()).await?;
        expect("GET", path, answered, 200, &body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}

fn expect(method: &str, path: &str, answered: StatusCode, status: u16, body: &[u8]) -> Result<(), Failure> {
    if answered.as_u16() == status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(body);
    Err(format!("{method} {path} was answered {answered} instead of {status}: {body}").into())
}
