//! A server that is asked over its API, with a key.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::Failure;
use super::output::plain;
use crate::config::{shown, web_url};
use crate::delivery::send::innermost;
use crate::duration;
use crate::secret_text::SecretText;
use crate::serve::read_ca;

/// How long an answer, or an event in one, may be: several times an event of 256 KiB with each of its characters escaped.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Which server, and who asks.
#[derive(Debug, Args)]
pub(super) struct Remote {
    /// The server
    #[arg(long, env = "ENCRATA_SERVER", hide_env_values = true, value_name = "URL", value_parser = web_url,
          default_value = "http://127.0.0.1:8080")]
    server: Url,
    /// An API key of the workspace
    #[arg(long, env = "ENCRATA_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<SecretText>,
    /// A PEM file of certificate authorities to trust beside the system's
    #[arg(long, env = "ENCRATA_EXTRA_CA", value_name = "FILE")]
    extra_ca: Option<PathBuf>,
    /// How long the server may take to answer
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::parse)]
    timeout: Duration,
}

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{server} answered {status}: {error}{hint}")]
pub(super) struct Refused {
    pub(super) status: u16,
    /// For how many seconds the server wants to be left alone.
    pub(super) retry_after_s: Option<u64>,
    server: String,
    error: String,
    hint: &'static str,
}

impl Remote {
    /// A client for the API.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        Ok(self.client_builder()?.build()?)
    }

    /// A client that trusts what is to be trusted.
    pub(super) fn client_builder(&self) -> Result<ClientBuilder, Failure> {
        let mut client = Client::builder()
            .connect_timeout(CONNECT)
            .user_agent(concat!("encrata-webhooks/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &self.extra_ca {
            client = client.tls_certs_merge(read_ca(path)?);
        }
        Ok(client)
    }

    /// Where the server is, for people.
    pub(super) fn name(&self) -> String {
        shown(&self.server)
    }

    /// A request to the API; `path` begins behind `/api`.
    pub(super) fn request(
        &self,
        client: &Client,
        method: Method,
        path: &str,
    ) -> Result<RequestBuilder, Failure> {
        let key = self.api_key.as_ref().map(|key| key.expose().trim()).filter(|key| !key.is_empty());
        let key = key.ok_or("there is no API key: set ENCRATA_API_KEY, or give one with --api-key")?;
        Ok(client
            .request(method, format!("{}/api{path}", self.server.as_str().trim_end_matches('/')))
            .bearer_auth(key))
    }

    /// Sends a request whose answer must be a success.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let unreachable =
            |error: reqwest::Error| format!("{} can't be reached: {}", self.name(), innermost(&error));
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let publishes = response.url().path().ends_with("/api/events");
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after_s = retry_after.and_then(|text| text.parse().ok());
        let body = self.read(response).await.unwrap_or_default();
        let said = serde_json::from_slice::<Value>(&body).ok();
        let said = said.as_ref().and_then(|body| body["error"].as_str());
        let error = plain(said.unwrap_or("no server of webhooks, as it seems: its answer is not ours"));
        let hint = match status.as_u16() {
            401 => " (is the key revoked, or of another server?)",
            403 if publishes => " (a publisher's key is needed: see `encrata-webhooks keys create --help`)",
            403 => " (an admin's or a member's key is needed: see `encrata-webhooks keys create --help`)",
            _ => "",
        };
        let server = self.name();
        Err(Refused { status: status.as_u16(), retry_after_s, server, error, hint }.into())
    }

    /// How long it may take to answer.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Reads an answer to its end.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            read.extend_from_slice(&chunk);
            if read.len() > LONGEST {
                return Err(format!("the answer of {} does not end", self.name()).into());
            }
        }
        Ok(read)
    }

    /// Sends a request, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = async { self.read(self.send(request).await?).await };
        let answer = tokio::time::timeout(self.timeout, answer).await;
        let late =
            || format!("{} did not answer in {:?}: --timeout makes it longer", self.name(), self.timeout);
        let answer = answer.map_err(|_| late())??;
        serde_json::from_slice(&answer)
            .map_err(|error| format!("the answer of {} can't be read: {error}", self.name()).into())
    }
}
