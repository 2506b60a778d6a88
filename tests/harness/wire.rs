//! HTTP as it came over the wire: HTTP/1.1 by hand, so that every byte is seen and any answer can be given, HTTP/2
//! through its own crate.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::reply::{How, Reply};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) protocol: &'static str,
    /// In their order and, over HTTP/1.1, in their spelling.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Reads one request; none when the peer closed the connection before one began.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Option<Raw>> {
    let mut buffer = Vec::new();
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = buffer.split_off(end + 4);
    let head = String::from_utf8(buffer).map_err(std::io::Error::other)?;
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let (method, path) = (method.to_owned(), path.to_owned());
    Ok(Some(Raw { method, path, protocol: "HTTP/1.1", headers, body }))
}

/// Answers; says whether the connection can be used again.
pub(crate) async fn write_reply<S>(stream: &mut S, reply: &Reply) -> std::io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match reply.how {
        How::Close | How::Reset => return Ok(false),
        How::Raw => {
            stream.write_all(&reply.body).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        How::Never | How::HalfClose => {
            if reply.how == How::HalfClose {
                stream.shutdown().await?;
            }
            // Ends when the peer hangs up.
            let mut ignored = [0; 1];
            return stream.read(&mut ignored).await.map(|_| false);
        }
        How::Whole | How::Drip | How::Endless => {}
    }
    let endless = reply.how != How::Whole;
    let length = if endless { usize::MAX >> 8 } else { reply.body.len() };
    let mut head = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), &reply.body].concat()).await?;
    stream.flush().await?;
    match reply.how {
        // The write fails once the peer has hung up.
        How::Drip => loop {
            stream.write_all(b"x").await?;
            stream.flush().await?;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        },
        How::Endless => loop {
            stream.write_all(&[b'x'; 16 * 1024]).await?;
        },
        _ => Ok(true),
    }
}

/// Reads the request of an HTTP/2 stream.
pub(crate) async fn read_stream(request: http::Request<h2::RecvStream>) -> Result<Raw, h2::Error> {
    let (parts, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = incoming.data().await {
        let piece = piece?;
        body.extend_from_slice(&piece);
        incoming.flow_control().release_capacity(piece.len())?;
    }
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Ok(Raw {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        protocol: "HTTP/2",
        headers: headers.collect(),
        body,
    })
}

/// Answers over HTTP/2: whole answers only.
pub(crate) fn write_stream(
    respond: &mut h2::server::SendResponse<Bytes>,
    reply: &Reply,
) -> Result<(), h2::Error> {
    assert!(reply.how == How::Whole, "over HTTP/2 the receiver gives whole answers only");
    let mut response = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let mut stream = respond.send_response(response.body(()).unwrap(), false)?;
    stream.send_data(Bytes::from(reply.body.clone()), true)
}
