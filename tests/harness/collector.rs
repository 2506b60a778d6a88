//! Where the server sends its traces: an OTLP collector over HTTP that keeps what it gets.

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
pub use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::PATIENCE;
use crate::reply::Reply;
use crate::wire;

/// A collector that listens.
#[derive(Debug)]
pub struct Collector {
    url: String,
    got: watch::Sender<Got>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Got {
    spans: Vec<Span>,
    services: Vec<String>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Collector {
    /// A collector that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = watch::Sender::new(Got::default());
        let accepting = tokio::spawn({
            let got = got.clone();
            async move {
                // Connections end with the collector.
                let mut connections = tokio::task::JoinSet::new();
                loop {
                    let Ok((stream, _)) = listener.accept().await else { return };
                    connections.spawn(converse(stream, got.clone()));
                }
            }
        });
        Self { url, got, accepting }
    }

    /// What an operator would name.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.got.borrow().spans.clone()
    }

    /// The names of the services that sent them.
    pub fn services(&self) -> Vec<String> {
        self.got.borrow().services.clone()
    }

    /// Waits until there are `n` spans of this name, and gives them in the order of their beginning.
    pub async fn named(&self, name: &str, n: usize) -> Vec<Span> {
        let of_name =
            |got: &Got| got.spans.iter().filter(|span| span.name == name).cloned().collect::<Vec<_>>();
        let mut got = self.got.subscribe();
        let waited = tokio::time::timeout(PATIENCE, got.wait_for(|got| of_name(got).len() >= n)).await;
        let mut spans = waited.ok().map_or_else(Vec::new, |got| of_name(&got.unwrap()));
        assert_eq!(spans.len(), n, "spans of the name {name}: {:#?}", self.spans());
        spans.sort_by_key(|span| span.start_time_unix_nano);
        spans
    }
}

async fn converse(mut stream: TcpStream, got: watch::Sender<Got>) -> std::io::Result<()> {
    while let Some(request) = wire::read_request(&mut stream).await? {
        assert_eq!((&*request.method, &*request.path), ("POST", "/v1/traces"));
        let sent = ExportTraceServiceRequest::decode(&*request.body).unwrap();
        got.send_modify(|got| {
            for part in sent.resource_spans {
                for attribute in part.resource.into_iter().flat_map(|resource| resource.attributes) {
                    if let ("service.name", Some(Value::StringValue(name))) =
                        (&*attribute.key, attribute.value.and_then(|value| value.value))
                    {
                        got.services.push(name);
                    }
                }
                got.spans.extend(part.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        });
        let reply = Reply::ok()
            .header("content-type", "application/x-protobuf")
            .body(ExportTraceServiceResponse::default().encode_to_vec());
        if !wire::write_reply(&mut stream, &reply).await? {
            break;
        }
    }
    Ok(())
}
