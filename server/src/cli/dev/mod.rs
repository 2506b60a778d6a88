//! `encrata-webhooks dev`: a server, a receiver that verifies, and events, in one terminal.

mod certificate;
mod publisher;
mod receiver;
mod view;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::publisher::Publisher;
use self::receiver::Receiver;
use self::view::View;
use super::log::Log;
use super::output::note;
use super::{Failure, stop_signal};
use crate::api::created_event;
use crate::clock::now_ms;
use crate::config::{Config, MasterKeySource};
use crate::model::api_key::{NewKey, Role};
use crate::model::ids::KeyId;
use crate::secret_text::SecretText;
use crate::serve::Server;
use crate::store::{DatabaseUrl, NewApiKey, Store};

/// The workspace in which everything happens.
const WORKSPACE: &str = "dev";
/// Short, so that a retry can be watched.
const RETRY_SCHEDULE: &str = "1s,2s,5s,10s,30s";
/// How long the sample events may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct Dev {
    /// Where the server listens; another port when this one is taken
    #[arg(long, env = "ENCRATA_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// End once the sample events have arrived: exit code 0 when all were verified
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    log: Log,
}

impl Dev {
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.log.start("warn")?;
        // Everything lives in a folder that goes when the command ends.
        let folder = tempfile::tempdir()?;
        let certificate = certificate::make()?;
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, &certificate.ca_pem)?;
        let config = config(folder.path(), ca)?;
        let keys = keys(&config.database).await?;

        let view = View::default();
        let receiver = Receiver::start(&certificate, view.clone()).await?;
        let server = Server::open(config).await?;
        let listener = listen(self.listen).await?;
        let server_url = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.run(listener, stop.clone().cancelled_owned()));

        let publisher = Publisher::new(&server_url, &keys);
        let webhook = publisher.create_webhook(receiver.url()).await?;
        receiver.knows(webhook.secret.expose())?;
        view.welcome(&server_url, receiver.url(), &keys, &webhook);
        let shown = tokio::select! {
            verified = show(&publisher, &receiver, &view) => Some(verified),
            () = stop_signal() => None,
        };
        if matches!(shown, Some(Ok(()))) && !self.once {
            view.next_steps(&server_url, &keys, &webhook);
            stop_signal().await;
        }
        stop.cancel();
        serving.await??;
        shown.unwrap_or(Ok(()))
    }
}

/// Publishes the samples and waits until the receiver has verified each.
async fn show(publisher: &Publisher, receiver: &Receiver, view: &View) -> Result<(), Failure> {
    let events = publisher.publish_samples(view).await?;
    let arrived = tokio::time::timeout(PATIENCE, receiver.has_accepted(&events)).await;
    view.turn().await.summary(&receiver.counts());
    match arrived {
        Ok(()) if receiver.counts().refused == 0 => Ok(()),
        Ok(()) => Err("a delivery did not verify".into()),
        Err(_) => Err(format!("not every event arrived within {} s", PATIENCE.as_secs()).into()),
    }
}

/// The keys that a person needs to go on.
#[derive(Debug)]
struct Keys {
    admin: SecretText,
    publisher: SecretText,
}

fn config(folder: &Path, extra_ca: std::path::PathBuf) -> Result<Config, Failure> {
    let database: DatabaseUrl = format!("sqlite:{}", folder.join("dev.db").display()).parse()?;
    let master_key = MasterKeySource::Value(crate::vault::MasterKey::generate_hex()?);
    Ok(Config {
        allow_network: vec![ipnet::IpNet::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST))],
        extra_ca: Some(extra_ca),
        retry_schedule: RETRY_SCHEDULE.parse()?,
        ..Config::new(database, master_key)
    })
}

async fn keys(database: &DatabaseUrl) -> Result<Keys, Failure> {
    let store = Store::open(database).await?;
    let mut made = Vec::new();
    for (name, role) in [("dev admin", Role::Admin), ("dev publisher", Role::Publisher)] {
        let now_ms = now_ms();
        let key = NewKey::generate()?;
        let new = NewApiKey { id: KeyId::new(now_ms), name, role, hash: key.hash(), preview: key.preview() };
        let announce = |workspace_id| created_event(workspace_id, &new, now_ms);
        store.create_key_in(WORKSPACE, &new, now_ms, announce).await?;
        made.push(SecretText::from(key.expose()));
    }
    store.close().await;
    let [admin, publisher] = made.try_into().map_err(|_| "two keys were made")?;
    Ok(Keys { admin, publisher })
}

async fn listen(wanted: SocketAddr) -> Result<TcpListener, Failure> {
    match TcpListener::bind(wanted).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            note!("{wanted} is taken: listening on another port");
            Ok(TcpListener::bind((wanted.ip(), 0)).await?)
        }
        other => other.map_err(|error| format!("cannot listen on {wanted}: {error}").into()),
    }
}
