//! A name server that changes its mind, on port 53 of an address of this machine, and the server that asks nobody else.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::server::Setup;

/// The addresses of a name, at the nth look-up of it; the first is 1.
type Script = Arc<dyn Fn(usize) -> Vec<IpAddr> + Send + Sync>;

/// A name server; it ends when it is dropped.
pub struct Resolver {
    address: IpAddr,
    names: Arc<Mutex<Names>>,
    answering: JoinHandle<()>,
}

#[derive(Default)]
struct Names {
    scripts: HashMap<String, Script>,
    /// Names and all below them that get no answer.
    silent: Vec<String>,
    /// How often each name was asked for, by type.
    asked: HashMap<(String, u16), usize>,
}

const A: u16 = 1;
const AAAA: u16 = 28;
const HEADER_BYTES: usize = 12;

/// Runs a program with other files in place of those that say how names are looked up.
const WITH_NAMES: &str = "mount --bind \"$1\" /etc/resolv.conf || exit
if [ -e /etc/nsswitch.conf ]; then mount --bind \"$2\" /etc/nsswitch.conf || exit; fi
shift 2 && exec \"$@\"";

/// What gives a process mounts of its own, if anything does: as root, or where users may have namespaces.
fn unshare() -> Option<&'static [&'static str]> {
    let works = |command: &&'static [&'static str]| {
        let mut probe = std::process::Command::new(command[0]);
        probe.args(&command[1..]).args(["mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"]);
        probe.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
    };
    [&["unshare", "-m"][..], &["unshare", "-rm"]].into_iter().find(works)
}

impl Resolver {
    /// A name server that knows no name yet; none, and said loudly, where a server can't be made to ask it.
    pub async fn start(untested: &str) -> Option<Self> {
        let missing = match (unshare(), Self::bind().await) {
            (None, _) => "no mounts of a process's own",
            (_, None) => "port 53 of this machine",
            (Some(_), Some((address, socket))) => {
                let names = Arc::<Mutex<Names>>::default();
                let answering = tokio::spawn(answer(socket, Arc::clone(&names)));
                return Some(Self { address, names, answering });
            }
        };
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "there are no {missing}: in CI they are needed"
        );
        println!("SKIPPED: {untested} ({missing}: root has them)");
        None
    }

    /// Port 53 of an address of its own.
    async fn bind() -> Option<(IpAddr, UdpSocket)> {
        for last in 1..=250 {
            let [.., high, low] = std::process::id().to_be_bytes();
            let address = Ipv4Addr::new(127, high | 1, low, last);
            match UdpSocket::bind((address, 53)).await {
                Ok(socket) => return Some((address.into(), socket)),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// Says which addresses a name has from now on.
    pub fn script(&self, name: &str, addresses: impl Fn(usize) -> Vec<IpAddr> + Send + Sync + 'static) {
        self.names.lock().unwrap().scripts.insert(name.to_owned(), Arc::new(addresses));
    }

    /// Never answers what is asked about a name, or about one below it.
    pub fn ignore(&self, name: &str) {
        self.names.lock().unwrap().silent.push(name.to_owned());
    }

    /// How often a name was looked up.
    pub fn asked(&self, name: &str) -> usize {
        self.names.lock().unwrap().asked.get(&(name.to_owned(), A)).copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resolver({})", self.address)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl Setup {
    /// Looks names up at this resolver alone.
    #[must_use]
    pub fn resolved_by(self, resolver: &Resolver) -> Self {
        let (resolv, nsswitch) = (self.path("resolv.conf"), self.path("nsswitch.conf"));
        std::fs::write(&resolv, format!("nameserver {}\n", resolver.address)).unwrap();
        std::fs::write(&nsswitch, "hosts: dns\n").unwrap();
        let files = [resolv.to_str().unwrap(), nsswitch.to_str().unwrap()];
        let shell = ["sh", "-c", WITH_NAMES, "sh"];
        let command = [unshare().unwrap_or_default(), &shell, &files].concat();
        self.traced_by(&command)
    }
}

async fn answer(socket: UdpSocket, names: Arc<Mutex<Names>>) {
    let mut query = [0; 512];
    while let Ok((length, peer)) = socket.recv_from(&mut query).await {
        if let Some(answer) = names.lock().unwrap().answer(&query[..length]) {
            // Whoever asked may be gone.
            let _ = socket.try_send_to(&answer, peer);
        }
    }
}

impl Names {
    /// The answer to a query of one question (RFC 1035 section 4), which nobody may keep: its time to live is 0.
    fn answer(&mut self, query: &[u8]) -> Option<Vec<u8>> {
        let (mut labels, mut at) = (Vec::new(), HEADER_BYTES);
        while let length @ 1.. = usize::from(*query.get(at)?) {
            labels.push(std::str::from_utf8(query.get(at + 1..at + 1 + length)?).ok()?.to_ascii_lowercase());
            at += 1 + length;
        }
        let (name, question_ends) = (labels.join("."), at + 5);
        let kind = u16::from_be_bytes(query.get(at + 1..at + 3)?.try_into().ok()?);
        let nth = self.asked.entry((name.clone(), kind)).or_default();
        *nth += 1;
        if self.silent.iter().any(|silent| {
            name.strip_suffix(&**silent).is_some_and(|left| left.is_empty() || left.ends_with('.'))
        }) {
            return None;
        }
        let found = self.scripts.get(&name).map(|script| script(*nth));
        let is_known = found.is_some();
        let records: Vec<Vec<u8>> = found
            .unwrap_or_default()
            .into_iter()
            .filter_map(|address| match address {
                IpAddr::V4(v4) if kind == A => Some(v4.octets().to_vec()),
                IpAddr::V6(v6) if kind == AAAA => Some(v6.octets().to_vec()),
                _ => None,
            })
            .collect();

        // Answered, recursion and all; without error, or with the one that says there is no such name.
        let mut answer = [query.get(..2)?, &[0x81, if is_known { 0x80 } else { 0x83 }, 0, 1]].concat();
        answer.extend(u16::try_from(records.len()).ok()?.to_be_bytes());
        answer.extend([0; 4]);
        answer.extend(query.get(HEADER_BYTES..question_ends)?);
        for record in records {
            // The name of the question, the type, the Internet, for how long.
            answer.extend([0xc0, HEADER_BYTES as u8]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 0]);
            answer.extend(u16::try_from(record.len()).ok()?.to_be_bytes());
            answer.extend(record);
        }
        Some(answer)
    }
}
