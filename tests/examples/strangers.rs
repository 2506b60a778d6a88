//! What strangers send to a receiver on the internet. None of it may end the receiver, or be kept by it.

use std::collections::HashSet;
use std::fs;

use encrata_webhooks_tests::PATIENCE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::program::Program;

const MIB: usize = 1 << 20;
/// More than any receiver may take of one body, by far.
const ENDLESS: usize = 128 * MIB;
/// What a runtime may need for this and that, but no body of that size.
const GROWTH: usize = 64 * MIB;

/// All of it, to a receiver that has received before.
pub(crate) async fn send(program: &mut Program, port: u16) {
    let before = resident(program.id());
    // What is around a function waits for the whole of a body, ends what is larger, and is here the test's own.
    let reads = !program.is_function();
    if reads {
        breaks_off(port).await;
    }
    for value in GARBAGE {
        for name in ["webhook-signature", "x-encrata-signature"] {
            let now = crate::now();
            let more = format!("webhook-id: evt_forged\r\nwebhook-timestamp: {now}\r\n{name}: {value}\r\n");
            let answer = ask(port, &format!("{more}Content-Length: 2\r\n"), b"{}", 2).await;
            assert!(answer.is_some_and(|status| (400..500).contains(&status)), "{name}: {value}: {answer:?}");
        }
    }
    let piece = vec![b' '; 65_536];
    let chunk = [b"10000\r\n".as_slice(), &piece, b"\r\n"].concat();
    let length = |bytes| format!("Content-Length: {bytes}\r\n");
    refused("a body above the limit", ask(port, &length(2 * MIB), &piece, 2 * MIB).await);
    if reads {
        refused("a length that nobody has", ask(port, &length(1 << 40), &piece, ENDLESS).await);
        refused("a body without an end", ask(port, "Transfer-Encoding: chunked\r\n", &chunk, ENDLESS).await);
    }
    let grown = resident(program.id()).saturating_sub(before);
    assert!(grown < GROWTH, "it grew by {} MiB", grown / MIB);
    assert!(!program.has_ended(), "it ended: {:#?}", program.lines());
}

const GARBAGE: &[&str] = &[
    "",
    ",",
    "v1",
    "v1,",
    "v1,AAAA",
    "v1,a,b",
    "no signature at all",
    "v1,ééééééééééééééééééééééééééééééééééééééééééé=",
    "ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ",
    "v2,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
];

fn refused(what: &str, answer: Option<u16>) {
    assert!(answer.is_none_or(|status| (400..500).contains(&status)), "{what}: {answer:?}");
}

async fn open(port: u16, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = "POST /webhooks/encrata HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    stream.write_all(format!("{head}{more}\r\n").as_bytes()).await.unwrap();
    stream
}

/// An upload that its sender gives up.
async fn breaks_off(port: u16) {
    let mut stream = open(port, "Content-Length: 100\r\n").await;
    stream.write_all(b"abc").await.unwrap();
}

/// The status that comes of a request with so much body, sent until it is answered; none when it is hung up on.
async fn ask(port: u16, more: &str, piece: &[u8], bytes: usize) -> Option<u16> {
    let (mut read, mut write) = open(port, more).await.into_split();
    let feeding = async {
        for _ in 0..bytes.div_ceil(piece.len()) {
            if write.write_all(piece).await.is_err() {
                return; // It hung up.
            }
        }
        assert!(bytes < ENDLESS, "it took {bytes} bytes");
    };
    let answer = async {
        let mut line = [0; 12];
        read.read_exact(&mut line).await.ok()?;
        str::from_utf8(&line[9..]).unwrap().parse().ok()
    };
    let both = async {
        tokio::pin!(answer);
        tokio::select! {
            biased;
            status = &mut answer => status,
            () = feeding => answer.await,
        }
    };
    timeout(PATIENCE, both).await.unwrap_or_else(|_| panic!("no answer, and no end: {more}"))
}

/// The most memory that a process and all that it started have had, in bytes. 0 where that is not told.
fn resident(root: u32) -> usize {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let status = fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        let field = |name: &str| -> Option<usize> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        Some((field("Pid")?, field("PPid")?, field("VmHWM").unwrap_or(0) * 1024))
    });
    let processes: Vec<_> = processes.collect();
    let mut family = HashSet::from([root as usize]);
    while let Some((child, ..)) =
        processes.iter().find(|(id, parent, _)| family.contains(parent) && !family.contains(id))
    {
        family.insert(*child);
    }
    processes.iter().filter(|(id, ..)| family.contains(id)).map(|(.., bytes)| bytes).sum()
}
