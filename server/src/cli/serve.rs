//! `encrata-webhooks serve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;
use tokio::net::TcpListener;
use url::Url;

use super::log::Log;
use super::output::show;
use super::{Database, Failure, MasterKeyArg, key_source, stop_signal};
use crate::config::{
    Config, NotifyTo, Retention, TrustedProxy, collector_url, network, public_url, retention, trusted_proxy,
};
use crate::delivery::egress::EgressProxy;
use crate::delivery::retry::RetrySchedule;
use crate::duration;
use crate::model::webhook::HttpsUrl;
use crate::serve::Server;
use crate::trace;

/// The environment variable that holds the old master key itself.
const OLD_MASTER_KEY: &str = "ENCRATA_OLD_MASTER_KEY";

async fn listen(address: &str) -> Result<TcpListener, Failure> {
    let failed = |error| format!("cannot listen on {address}: {error}").into();
    TcpListener::bind(address).await.map_err(failed)
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen
    #[arg(long, env = "ENCRATA_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    master_key: MasterKeyArg,
    /// The file with the master key that the other one replaces: for servers that run while `encrata-webhooks rekey`
    /// does, or before it has run to its end. ENCRATA_OLD_MASTER_KEY may hold the key itself instead
    #[arg(long, env = "ENCRATA_OLD_MASTER_KEY_FILE", value_name = "PATH")]
    old_master_key_file: Option<PathBuf>,
    /// Networks that deliveries may go to although they are private, like 10.0.0.0/8 (comma-separated in the
    /// environment)
    #[arg(long, env = "ENCRATA_ALLOW_NETWORK", value_name = "CIDR", value_parser = network,
          num_args = 1.., value_delimiter = ',')]
    allow_network: Vec<IpNet>,
    /// A PEM file of certificate authorities to trust beside the system's
    #[arg(long, env = "ENCRATA_EXTRA_CA", value_name = "FILE")]
    extra_ca: Option<PathBuf>,
    /// A proxy that deliveries go through, like http://proxy.internal:3128 (HTTP CONNECT; http or https, with user and
    /// password if it wants them). It then looks names up, so it must keep deliveries out of private networks: only
    /// addresses that stand in a URL are still checked here. Proxies of the environment are ignored
    #[arg(long, env = "ENCRATA_EGRESS_PROXY", hide_env_values = true, value_name = "URL")]
    egress_proxy: Option<EgressProxy>,
    /// Networks of proxies in front of the server, whose X-Forwarded-For and X-Forwarded-Proto count (comma-separated in
    /// the environment); none for no proxy at all
    #[arg(long, env = "ENCRATA_TRUSTED_PROXY", value_name = "CIDR", value_parser = trusted_proxy,
          num_args = 1.., value_delimiter = ',', default_value = "127.0.0.0/8,::1/128")]
    trusted_proxy: Vec<TrustedProxy>,
    /// Where browsers find the server, like https://hooks.example.com. With https the page's cookie is kept from
    /// connections without TLS
    #[arg(long, env = "ENCRATA_PUBLIC_URL", hide_env_values = true, value_name = "URL", value_parser = public_url)]
    public_url: Option<Url>,
    /// Requests per API key and minute on /api/webhooks; 0 means no limit
    #[arg(long, env = "ENCRATA_WEBHOOK_RATE_LIMIT", value_name = "N", default_value_t = 30)]
    webhook_rate_limit: u32,
    /// The delays between attempts
    #[arg(
        long,
        env = "ENCRATA_RETRY_SCHEDULE",
        value_name = "DELAYS",
        default_value = "5s,30s,2m,10m,1h,3h,8h,24h,36h"
    )]
    retry_schedule: RetrySchedule,
    /// How many webhooks a workspace may have
    #[arg(long, env = "ENCRATA_WEBHOOKS_PER_WORKSPACE", value_name = "N", default_value_t = 50)]
    webhooks_per_workspace: u32,
    /// For how long a webhook may fail, without one success, before it is switched off
    #[arg(long, env = "ENCRATA_DISABLE_AFTER", value_name = "DURATION", default_value = "5d", value_parser = duration::parse)]
    disable_after: Duration,
    /// For how long events and deliveries are kept after they were accepted: 7d or more, or forever
    #[arg(long, env = "ENCRATA_RETENTION", value_name = "DURATION", default_value = "30d", value_parser = retention)]
    retention: Retention,
    /// Where to send notices, like https://ops.example.com/encrata: a webhook was switched off, or works again. It goes
    /// as deliveries go, so a private address has to be allowed
    #[arg(long, env = "ENCRATA_NOTIFY_URL", hide_env_values = true, value_name = "URL", value_parser = HttpsUrl::parse)]
    notify_url: Option<HttpsUrl>,
    /// A file with the signing secret of notices: whsec_ and 64 hex digits. Without it they are not signed
    #[arg(long, env = "ENCRATA_NOTIFY_SECRET_FILE", value_name = "PATH", requires = "notify_url")]
    notify_secret_file: Option<PathBuf>,
    /// Where to serve /metrics for Prometheus; beside the API, to this machine only, when not given
    #[arg(long, env = "ENCRATA_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// Where to send OpenTelemetry traces: an OTLP collector that speaks HTTP, like http://127.0.0.1:4318
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_name = "URL", value_parser = collector_url)]
    otlp_endpoint: Option<Url>,
    #[command(flatten)]
    log: Log,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.log.start("info")?;
        let listener = listen(&self.listen).await?;
        let metrics = match &self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        if let Some(proxy) = &self.egress_proxy {
            let says = "deliveries go through a proxy, which looks names up and must keep them out of private networks";
            tracing::warn!(%proxy, "{says}");
            show!("{says}: {proxy}");
        }
        let traces = self.otlp_endpoint.as_ref().map(trace::start).transpose()?;
        let mut server = Server::open(self.config()?).await?;
        let address = listener.local_addr()?;
        show!("encrata-webhooks {} listening on http://{address}", env!("CARGO_PKG_VERSION"));
        if let Some(metrics) = metrics {
            show!("metrics on http://{}/metrics", metrics.local_addr()?);
            server = server.with_metrics_on(metrics);
        }
        let ended = server.run(listener, stop_signal()).await;
        if let Some(traces) = traces {
            traces.stop().await;
        }
        Ok(ended?)
    }

    fn config(self) -> Result<Config, Failure> {
        let secret = self.notify_secret_file.as_deref();
        let notify = self.notify_url.map(|url| NotifyTo::new(url, secret)).transpose()?;
        Ok(Config {
            database: self.database.database,
            master_key: self.master_key.source()?,
            old_master_key: key_source(self.old_master_key_file, OLD_MASTER_KEY)?,
            allow_network: self.allow_network,
            extra_ca: self.extra_ca,
            egress_proxy: self.egress_proxy,
            trusted_proxies: self.trusted_proxy.iter().filter_map(|proxy| proxy.0).collect(),
            public_url: self.public_url,
            webhook_rate_limit: self.webhook_rate_limit,
            retry_schedule: self.retry_schedule,
            disable_after: self.disable_after,
            retention: self.retention.0,
            webhooks_per_workspace: self.webhooks_per_workspace,
            notify,
        })
    }
}
